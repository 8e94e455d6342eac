"""``boldhw dev``: measurements and guards for those who change boldhw itself."""

import json
from pathlib import Path

import click

from boldhw import data
from boldhw.cli import options
from boldhw.cli.output import say, table, verb
from boldhw.data.files import replace_file
from boldhw.errors import ConfigError

FAMILY = click.Choice(["ice40", "ecp5", "gowin"])


@click.group()
def dev():
    """Measure and guard boldhw itself."""


def _digest_lines(result):
    """Return the table of digests, shortened, as a terminal shows them."""
    rows = [
        {"design": name, **{key: str(value)[:16] for key, value in row.items()}}
        for name, row in result["designs"].items()
    ]
    return table(rows, list(rows[0])) if rows else "no design has such a name"


def _digests_exit(result):
    return int(any(row.get("compared") == "changed" for row in result["designs"].values()))


@verb(text=_digest_lines, exit_code=_digests_exit)
@click.argument("names", nargs=-1, metavar="[DESIGN]...")
@click.option("--against", type=click.Path(exists=True, dir_okay=False), help="Earlier --json.")
def digests(names, against):
    """Print digests of the generated hardware, of all guarded designs or of those named.

    `rtlil` changes with every name, `netlist` with the hardware only. With --against each design is
    the same, renamed or changed; exit code 1 if one is changed or has no digest there.
    """
    from boldhw.flow.digests import rows

    earlier = _earlier(against) if against else None
    found = {}
    for row in rows(names):
        say(row["design"])
        found[row.pop("design")] = row
    if earlier is not None:
        for name, row in found.items():
            row["compared"] = _compared(row, earlier.get(name))
    return {"designs": found}


def _earlier(path):
    """Return the designs in what ``--json`` printed. Raises ConfigError for any other file."""
    try:
        return dict(json.loads(Path(path).read_text())["designs"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ConfigError(
            f"{path} holds no digests: {error}; write them with boldhw dev digests --json"
        ) from error


def _compared(row, earlier):
    if earlier is None or row["netlist"] != earlier["netlist"]:
        return "changed"
    return "same" if row["rtlil"] == earlier["rtlil"] else "renamed"


@verb(text=lambda result: table(result["rows"], list(result["rows"][0])))
@click.argument("board", type=options.BoardType())
def lanes(board):
    """Print LUT4 per lane of several popcounts, and of the whole array of a board's engine."""
    from boldhw.flow.lanes import array, elements

    say(f"Synthesising elements of {board.config.lanes} lanes for {board.device} ...")
    return {"rows": [*elements(board), array(board)]}


@verb(text=lambda result: table(result["rows"], list(result["rows"][0])))
@click.argument("board", type=options.BoardType())
@click.option("--elements", type=int, default=7, show_default=True, help="P of the array.")
@click.option("--segments", type=int, default=1, show_default=True, help="Segments of an op.")
@click.option("--dual-port", is_flag=True, help="Its data memory reads and writes at once.")
@click.option("--serial", is_flag=True, help="VOTE and FLIP change one accumulator at a time.")
@click.option("--plain", is_flag=True, help="Ops have the values of a plain array only.")
@click.option("--inference", is_flag=True, help="The engine infers only.")
@click.option("--sum-bits", type=int, default=16, show_default=True, help="Bits of a signed sum.")
@click.option("--side-bits", type=int, default=16, show_default=True, help="Bits of a side.")
@click.option("--window-kernels", default="", help="Kernels of the window unit; all by default.")
@click.option("--whole", is_flag=True, help="The whole engine too, which takes minutes.")
def ops(board, whole, **given):
    """Print the cells of each unit of an engine of op lists on a board's device, synthesised alone.

    The array has four times as many lanes as elements, 8 bits of accumulators and small memories.
    """
    from boldhw.flow.op_area import ROWS, cells
    from boldhw.spec.ops.array import ArraySize

    size = ArraySize(lanes=4 * given["elements"], **given, **ROWS)
    found = []
    for row in cells(board, size, whole):
        say(" ".join(map(str, row.values())))
        found.append(row)
    return {"rows": found}


def _worse(result):
    return int(any(figures["worse"] for figures in result.values()))


def _qor_table(result):
    rows = [
        {"build": name} | figures | {"worse": ", ".join(figures["worse"])}
        for name, figures in result.items()
    ]
    return table(rows, list(rows[0]))


@verb(text=_qor_table, exit_code=_worse)
@click.argument("names", nargs=-1, metavar="[BUILD]...")
@click.option("--accept", is_flag=True, help="Make what came out the new baseline.")
def qor(names, accept):
    """Build boards from one seed and compare them with the stored baseline.

    Three boards with their engines for chains, and the same with engines of op lists, such as
    ulx3s-ops; or those named. Exit code 1 when a figure of one is worse than the baseline by more
    than 5 %, or has none, or when a device does not hold its engine.
    """
    from boldhw.flow.qor import BUILDS, compare

    for name in names:
        if name not in BUILDS:
            raise ConfigError(f"{name} is no build of these: {', '.join(BUILDS)}")
    return compare(
        accept=accept,
        on_build=lambda name: say(f"Building {name}, some minutes ..."),
        names=names or tuple(BUILDS),
    )


def _samples_text(result):
    """Return a table of the samples that the model is fitted to, and one of the others."""
    return "\n\n".join(f"{title}\n{table(rows, list(rows[0]))}" for title, rows in result.items())


@verb(text=_samples_text)
@click.argument("family", type=FAMILY)
@click.option("--ops", is_flag=True, help="Engines of op lists.")
@click.option("--accept", is_flag=True, help="Fit the estimate to what came out.")
@click.option("--stored", is_flag=True, help="With --ops: engines that are stored, at once.")
def calibrate(family, ops, accept, stored):
    """Synthesise the engines that the estimate is fitted to, and those it is checked with.

    With --ops each engine that the estimate is fitted to has, beside it, what is predicted from all
    others.
    """
    if stored and (accept or not ops):
        raise ConfigError("--stored shows what --ops has measured; leave --accept out, add --ops")
    if ops:
        return _calibrate_ops(family, accept, stored)
    from boldhw.flow import measured
    from boldhw.flow.calibrate import engines_of, measure, tools

    found: dict[str, list[measured.Sample]] = {}
    for title, engines in zip(("fitted", "others"), engines_of(family), strict=True):
        found[title] = []
        for config in engines:
            found[title].append(measure(config, family))
            say(f"{title}: {len(found[title])} of {len(engines)}")
    if accept:
        measured.accept(found["fitted"], tools(), measured.FILE)
    return {title: [sample._asdict() for sample in samples] for title, samples in found.items()}


def _calibrate_ops(family, accept, stored):
    from boldhw.flow import op_estimate, op_model
    from boldhw.flow.calibrate import tools
    from boldhw.flow.op_calibrate import measure, op_engines_of

    known = op_estimate.read(op_estimate.FILE)
    found = [each for each in known if each.family == family]
    if not stored:
        found, sizes = [], op_engines_of(family)
        for size in sizes:
            found.append(measure(size, family))
            say(f"{len(found)} of {len(sizes)}")
    if accept:
        op_estimate.accept(found, tools(), op_estimate.FILE)
    samples = [*(each for each in known if each.family != family), *found]
    return {"fitted": [_row(*each) for each in op_model.left_out(samples, [family])]}


def _row(sample, predicted):
    """Return what a table says of an engine that was measured, and predicted from others."""
    from boldhw.flow.op_calibrate import options_of

    size = sample.size
    return {
        **{name: getattr(size, name) for name in ("elements", "lanes", "planes", "transposers")},
        "options": options_of(size),
        "lut4": sample.lut4, "predicted": predicted.lut4,
        "error_percent": round(100 * (predicted.lut4 / sample.lut4 - 1), 1),
        "ff": sample.ff, "predicted_ff": predicted.ff,
        "ram_blocks": sample.ram_blocks,
    }  # fmt: skip


@verb(text=lambda result: table(result["epochs"], list(result["epochs"][0])))
@click.argument("board", type=options.BoardType())
@click.option("--data", "data_name", default="mnist5k", show_default=True, metavar="NAME|PATH")
@click.option("--samples", type=click.IntRange(1), default=2000, show_default=True)
@click.option("--epochs", type=click.IntRange(1), default=2, show_default=True)
@click.option("--network", type=options.NETWORK, help="That the board's engine of op lists trains.")
def storebench(board, data_name, samples, epochs, network):
    """Measure how busy a simulated board's engine is that trains on its own store."""
    from boldhw.bench.store import measure, measure_graph

    bits, labels = data.load(data_name, samples, 1).samples()[:2]
    rows = []
    if network is None:
        found = measure(board, bits, labels, epochs)
    else:
        found = measure_graph(board, network, bits, labels, epochs)
    for row in found:
        say(f"epoch {row['epoch']} of {epochs}")
        rows.append(row)
    return {"epochs": rows}


@verb(text=lambda result: "\n".join(result["changed"]) or "all pages are as the code is")
@click.option(
    "--docs", type=options.DIRECTORY, default="docs", show_default=True, help="Folder of pages."
)
def pages(docs):
    """Write the tables and pictures of documentation pages that are made from the code."""
    from boldhw.report.pages import stale

    found = stale(Path(docs))
    for path, text in found.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text)
    return {"changed": [str(path) for path in found]}


for command in (digests, lanes, ops, qor, calibrate, storebench, pages):
    dev.add_command(command)
