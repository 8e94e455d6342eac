"""Which unit of a design lies where on the chip, from what Yosys and nextpnr write.

Synthesis marks every cell with the unit it comes from, see :func:`boldhw.flow.synthesis.marks`.
Registers, adders and instances keep the mark, memories their name. LUT4 are made anew, so one
counts to the nearest unit that its output leads to, or else that its inputs come from.
"""

import re
from collections import Counter, defaultdict
from html import escape

from boldhw.flow.synthesis import MARK

COLOURS = (
    "#0072b2 #d55e00 #009e73 #cc79a7 #e69f00 #56b4e9 #7a5cc4 #a8c256 "
    "#8c564b #f28e8c #1b6b5a #b8860b #9ecae1 #c9a0dc #d4d45a #5b5b8c"
).split()
OTHERS, EMPTY = "#9a9a94", "#80808022"
WIDTH, HEIGHT = 700, 560  # pixels of the chip, at most
FILLED = 0.9  # of a tile's side: the rest is the gap to the next one
LEGEND, LINE = 170, 17  # pixels: its width, the height of a line
PLACE = re.compile(r"X(\d+)/?Y(\d+)/")
WRAPPERS = {"engine", "core"}  # parts of a path that hold units and are none


def place(netlist, placed):
    """Return [(x, y, cell type, unit)] of every cell that nextpnr has placed.

    netlist: what Yosys wrote.  placed: what nextpnr wrote with ``--write``.  Both as dicts.
    """
    nets = _units_of_nets(_module(netlist))
    module = _module(placed)
    names = {bit: name for name, bit in _bits(module)}
    cells = []
    for name, cell in module["cells"].items():
        match = PLACE.match(cell["attributes"].get("NEXTPNR_BEL", ""))
        if match:
            driven = [nets.get(names.get(bit)) for bit in _ends(cell, "output")]
            unit = next(filter(None, driven), None) or _own_unit(name, cell) or "other"
            cells.append((int(match[1]), int(match[2]), cell["type"], unit))
    return cells


def count(cells, kinds):
    """Return {unit: cells of ``kinds``}, most first."""
    return dict(Counter(unit for _, _, kind, unit in cells if kind in kinds).most_common())


def draw(cells):
    """Return the picture as SVG, a square a tile, filled by what share of it is taken.

    Colours are those of the units with most cells; all others are grey.
    """
    totals = Counter(unit for *_, unit in cells)
    order = [unit for unit, _ in totals.most_common()]
    columns, rows = (1 + max(cell[axis] for cell in cells) for axis in (0, 1))
    side = min(WIDTH / columns, HEIGHT / rows)
    width, height = columns * side, rows * side
    body = [f'<path fill="{EMPTY}" d="M0,0h{width:.1f}v{height:.1f}h-{width:.1f}z"/>']
    for colour, squares in _squares(cells, order, side).items():
        body.append(f'<path fill="{colour}" d="{"".join(squares)}"/>')
    entries = [(unit, totals[unit]) for unit in order[: len(COLOURS)]]
    if order[len(COLOURS) :]:
        entries.append(("all others", sum(totals[unit] for unit in order[len(COLOURS) :])))
    body += [_legend(index, width, *entry) for index, entry in enumerate(entries)]
    total = max(height, LINE * (len(entries) + 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + LEGEND:.0f} {total:.0f}" '
        f'role="img" aria-label="floorplan by unit">{"".join(body)}</svg>'
    )


def _squares(cells, order, side):
    """Return {colour: [paths]}. In a tile the units lie on each other, in their order."""
    tiles, paths = defaultdict(list), defaultdict(list)
    room: Counter[str] = Counter()
    for x, y, kind, unit in cells:
        tiles[x, y].append((kind, unit))
    kinds = {tile: Counter(kind for kind, _ in inside).most_common(1)[0][0]
             for tile, inside in tiles.items()}  # fmt: skip
    for tile, inside in tiles.items():  # a tile is full when it has as many as any of its kind
        room[kinds[tile]] = max(room[kinds[tile]], len(inside))
    for (x, y), inside in sorted(tiles.items()):
        step, bottom = FILLED * side / room[kinds[x, y]], side * (y + FILLED)
        taken = Counter(order.index(unit) for _, unit in inside)
        for rank, count in sorted(taken.items()):
            bottom -= step * count
            paths[_colour(rank)].append(
                f"M{side * x:.1f},{bottom:.1f}h{FILLED * side:.1f}v{step * count:.1f}"
                f"h-{FILLED * side:.1f}z"
            )
    return paths


def _colour(rank):
    return COLOURS[rank] if rank < len(COLOURS) else OTHERS


def _legend(index, width, unit, count):
    x, y = width + LINE, LINE * (index + 1)
    return (
        f'<rect x="{x:.0f}" y="{y - 9}" width="10" height="10" fill="{_colour(index)}"/>'
        f'<text x="{x + 16:.0f}" y="{y}" font-size="11" font-family="system-ui, sans-serif" '
        f'fill="currentColor">{escape(unit.replace("_", " "))} {count:,}</text>'
    )


def _module(design):
    """Return the one module of a flat design; Yosys adds those of the device's cells."""
    modules = design["modules"].values()
    return next(module for module in modules if "blackbox" not in module["attributes"])


def _bits(module):
    """Yield (name, bit) of every net; the bits of a vector are named as nextpnr does."""
    for name, net in module["netnames"].items():
        first = net.get("offset", 0)
        for index, bit in enumerate(net["bits"], first):
            yield (name if len(net["bits"]) == 1 else f"{name}[{index}]"), bit


def _ends(cell, direction):
    """Return the bits at the outputs or the inputs of a cell, constants left out."""
    ports = (p for p, way in cell["port_directions"].items() if way in (direction, "inout"))
    return [bit for port in ports for bit in cell["connections"][port] if isinstance(bit, int)]


def _units_of_nets(module):
    """Return {net: unit of the cell that drives it}."""
    cells = {name: cell for name, cell in module["cells"].items() if cell["type"][0] != "$"}
    units = {name: unit for name, cell in cells.items() if (unit := _own_unit(name, cell))}
    drivers = {bit: name for name, cell in cells.items() for bit in _ends(cell, "output")}
    above, below = defaultdict(list), defaultdict(list)
    for name, cell in cells.items():
        for bit in _ends(cell, "input"):
            if bit in drivers:
                above[name].append(drivers[bit])
                below[drivers[bit]].append(name)
    for neighbours in (below, above):
        _spread(units, neighbours)
    return {name: units.get(drivers.get(bit)) for name, bit in _bits(module)}


def _spread(units, neighbours):
    """Give cells the unit that most of their neighbours have, nearest neighbours first."""
    found: dict[str, str] | None = None
    while found is None or found:
        found = {}
        for name, near in neighbours.items():
            known = [units[other] for other in near if other in units]
            if name not in units and known:
                found[name] = Counter(known).most_common()[0][0]
        units |= found


def _own_unit(name, cell):
    """Return the unit that a cell is marked with, or named after if it is no logic; else None."""
    sources = cell["attributes"].get("src", "").split("|")
    marked = [source for source in sources if source.startswith(MARK)]
    if marked:
        return unit_name(marked[0].removeprefix(MARK))
    return unit_name(name) if _is_memory(cell) else None


def _is_memory(cell):
    return "RAM" in cell["type"] or cell["type"].startswith(("DP", "PDP", "SDP", "SP"))


def unit_name(path):
    """Return what a picture calls the unit at a path: its first part that is no wrapper."""
    parts = [part.partition("$")[0] for part in path.split(".")]
    inner = [part for part in parts if part not in WRAPPERS]
    return inner[0] if inner else parts[-1]
