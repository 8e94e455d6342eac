"""A network as an SVG file: a box a layer, an arrow for what it reads, shapes beside the arrows."""

from html import escape

from boldhw.report.placing import placed
from boldhw.spec.layer import INPUT

BOX, HIGH = 190, 74  # pixels of a box
GAP, LANE, BETWEEN = 28, 76, 74  # between boxes; of an arrow that passes a level; between levels
MARGIN = 16
SPREAD = 46  # pixels between arrows at a box, at most
LINE, CHARACTER = 13, 8  # pixels of a line of text, and of a character of it
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1e293b; text-anchor: middle }
.name { font-weight: 600; font-size: 13px } .small { font-size: 11px; fill: #475569 }
.box { fill: #f1f5f9; stroke: #64748b } .input { fill: #e0f2fe } .output { fill: #dcfce7 }
.fixed { stroke-dasharray: 5 4 } .tap { fill: none; stroke: #64748b; stroke-width: 1.5 }
.shape { font-size: 11px; fill: #0f172a; paint-order: stroke; stroke: #ffffff; stroke-width: 4px }
.head { fill: #64748b }
@media (prefers-color-scheme: dark) {
text { fill: #e2e8f0 } .small { fill: #94a3b8 } .shape { fill: #e2e8f0; stroke: #0d1117 }
.box { fill: #1e293b } .input { fill: #0c4a6e } .output { fill: #14532d } }
"""
HEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto"><path class="head" d="M0,0 L8,4 L0,8 z"/></marker></defs>'
)


def draw(network):
    """Return the SVG text of a network (boldhw.spec.network.Network).

    Layers are in levels, each below all that it reads; branches are side by side. An arrow has the
    shape of what is read, and offsets of taps other than 0. Layers that do not learn are dashed.
    """
    nodes = {INPUT: ()} | {layer.name: layer.sources for layer in network.layers}
    placing = placed(nodes, BOX, GAP, LANE)
    level = {place: n for n, row in enumerate(placing.levels) for place in row}
    x = {place: value + MARGIN for place, value in placing.x.items()}
    y = {place: MARGIN + n * (HIGH + BETWEEN) for place, n in level.items()}
    paths = [placing.path(source, node) for node, sources in nodes.items() for source in sources]
    arrows = [_arrow(network, path, x, y, _ports(path, paths, x)) for path in paths]
    width = placing.width + 2 * MARGIN
    height = len(placing.levels) * (HIGH + BETWEEN) - BETWEEN + 2 * MARGIN
    body = [line for line, _ in arrows]
    body += [_box(x[name], y[name], *_words(network, name)) for name in nodes]
    body += [text for _, text in arrows]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" role="img" aria-label="{escape(str(network)[:200])}">'
        f"<style>{STYLE}</style>{HEAD}{''.join(body)}</svg>\n"
    )


def _words(network, name):
    """Return (style, lines of text) of the box of a layer, or of the sample."""
    if name == INPUT:
        return "input", [INPUT, f"{network.sample}", f"{network.inputs:,} bits"]
    layer = network.layer(name)
    kind = f"{layer.kind} {layer.kernel}" if layer.kernel else layer.kind
    style = " ".join(["output"] * layer.place.is_output + ["fixed"] * (not layer.learns))
    makes = f"{layer.outputs} scores" if layer.place.is_output else f"makes {layer.makes}"
    fixed = "" if layer.learns else ", fixed"
    return style, [name, f"{kind}, {makes}", f"{layer.weights:,} weights{fixed}"]


def _box(x, y, style, lines):
    left = x - BOX / 2
    parts = [
        f'<rect class="box {style}" x="{left:.1f}" y="{y}" width="{BOX}" height="{HIGH}" rx="8"/>'
    ]
    for number, line in enumerate(lines):
        kind, words = ("name", "", "small")[number], escape(line) if number else _short(line)
        parts.append(f'<text class="{kind}" x="{x:.1f}" y="{y + 22 + 20 * number}">{words}</text>')
    return "".join(parts)


def _short(text):
    """Return a name that fits into a box."""
    most = BOX // CHARACTER
    return escape(text if len(text) <= most else f"{text[: most - 1]}…")


def _ports(path, paths, x):
    """Return offsets of an arrow from the middle of its source and its target, and its rank there.

    Arrows leave and reach a box beside each other, in the order of where they come from or go to.
    """
    leaving = sorted((other for other in paths if other[0] == path[0]), key=lambda p: x[p[1]])
    reaching = sorted((other for other in paths if other[-1] == path[-1]), key=lambda p: x[p[-2]])
    rank = reaching.index(path)
    return _spread(leaving.index(path), len(leaving)), _spread(rank, len(reaching)), rank


def _spread(rank, count):
    return (rank - (count - 1) / 2) * min(SPREAD, (BOX - 30) / max(count - 1, 1))


def _arrow(network, path, x, y, ports):
    """Return the SVG of an arrow along ``path``, a list of places, and of the text beside it."""
    leaves, reaches, rank = ports
    source, *between, target = path
    at, foot = x[source] + leaves, y[source] + HIGH
    parts = [f"M{at:.1f},{foot}"]
    for place in between:
        parts.append(_bend((at, foot), (x[place], y[place])) + f" V{y[place] + HIGH}")
        at, foot = x[place], y[place] + HIGH
    end = x[target] + reaches, y[target] - 1
    parts.append(_bend((at, foot), end))
    line = f'<path class="tap" d="{" ".join(parts)}" marker-end="url(#head)"/>'
    height = (foot + end[1]) / 2 + LINE * (rank % 2) - 2
    text = f'<text class="shape" x="{(at + end[0]) / 2:.1f}" y="{height:.1f}">'
    return line, f"{text}{_read(network, path)}</text>"


def _bend(start, end):
    """Return a curve that leaves downwards and arrives downwards."""
    middle = (start[1] + end[1]) / 2
    return f"C{start[0]:.1f},{middle} {end[0]:.1f},{middle} {end[0]:.1f},{end[1]}"


def _read(network, path):
    """Return what an arrow carries: a shape, and offsets of taps unless they are 0."""
    source, target = path[0], path[-1]
    shape = network.sample if source == INPUT else network.layer(source).makes
    taps = [tap for tap in network.layer(target).taps if tap.source == source]
    offsets = [f"({tap.dy},{tap.dx})" for tap in taps]
    return str(shape) if offsets == ["(0,0)"] else f"{shape} at {' '.join(offsets)}"
