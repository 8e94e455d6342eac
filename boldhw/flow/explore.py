"""Search the engines that a board can hold for those that train a network fastest.

Every engine is estimated, none is built; :func:`verify` then builds the best.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from boldhw.errors import BoldhwError, ConfigError, naming
from boldhw.flow.estimate import estimate
from boldhw.report.figures import plot
from boldhw.spec.engine import TABLE_ROWS, EngineConfig
from boldhw.spec.layout import Layout
from boldhw.spec.network import Network
from boldhw.spec.numbers import ceil_div
from boldhw.spread import spread

BATCHES = (8, 16, 24, 32, 48, 64)
ACCUMULATOR_BITS = (4, 5, 6, 8)
SUBWORDS = (2, 4, 8)
REGISTERS = range(3)
JOURNAL = "builds.jsonl"


@dataclass(frozen=True)
class Point:
    """One engine on a board, with what it is estimated to cost and to do."""

    elements: int
    lanes: int
    batch: int
    accumulator_bits: int
    popcount_registers: int
    dsp_sums: bool
    data_rows: int
    weight_rows: int
    signal_rows: int
    lut4: int
    ram_blocks: int
    training_per_second: float

    def config(self, board):
        """Return the EngineConfig of the point."""
        names = set(EngineConfig.__dataclass_fields__) & set(asdict(self))
        return replace(board.config, **{name: getattr(self, name) for name in names})

    def on(self, board):
        """Return the board with this engine."""
        return replace(board, config=self.config(board))

    def cycles(self, network, board):
        """Return the mean cycles of a training sample, a tenth of them active."""
        return estimate(self.config(board), network, board).cycles_training


def search(board, network, least_bits=ACCUMULATOR_BITS[0]):
    """Return the Points of all engines that hold a network and fit a board, at the board's clock.

    ``network`` is one, its text or its widths.

    least_bits: fewest bits of an accumulator. Fewer are always cheaper, but cost accuracy.
    Raises ConfigError when there is none.
    """
    network = Network.of(network)
    if not network.is_chain:
        raise ConfigError(
            f"{network} is no chain of dense layers, and engines for chains run no other; "
            f"boldhw.flow.op_explore has those of op lists"
        )
    estimates = (_point(config, network, board) for config in engines(board, network, least_bits))
    points = [point for point in estimates if point]
    if not points:
        raise ConfigError(
            f"no engine for {network} fits {board.name}; try a narrower "
            f"network or a larger board, see boldhw boards"
        )
    return points


def engines(board, network, least_bits):
    """Yield engines with memories as large as the network needs."""
    for elements in range(2, 41):
        for subwords in SUBWORDS:
            for batch in BATCHES:
                for bits in (bits for bits in ACCUMULATOR_BITS if bits >= least_bits):
                    config = _sized(board, network, elements, subwords, batch, bits)
                    if config:
                        yield from (replace(config, popcount_registers=r) for r in REGISTERS)


def _sized(board, network, elements, subwords, batch, bits):
    """Return an engine whose memories hold the network, None if there can be none."""
    lanes = elements * subwords
    layers = max(board.config.max_layers, len(network.layers))
    widest = max(network.inputs, *(layer.outputs for layer in network.layers))
    try:
        roomy = replace(
            board.config, elements=elements, lanes=lanes, batch=batch, accumulator_bits=bits,
            dsp_sums=board.config.dsp_sums and elements <= board.dsp,
            weight_rows=1 << 14, data_rows=1 << 16, signal_rows=1 << 14, max_layers=layers,
            max_fan_in=max(1023, ceil_div(widest, lanes) * lanes),
        )  # fmt: skip
        layout = Layout(roomy, network)
        return replace(
            roomy, weight_rows=layout.transposed_end + 1,
            data_rows=max(layout.data_end, TABLE_ROWS * layers + 1),
            signal_rows=max(layout.column_end, elements),
        )  # fmt: skip
    except ConfigError:
        return None


def _point(config, network, board):
    found = estimate(config, network, board)
    if not found.fits:
        return None
    return Point(
        config.elements, config.lanes, config.batch, config.accumulator_bits,
        config.popcount_registers, config.dsp_sums, config.data_rows, config.weight_rows,
        config.signal_rows, found.lut4, found.ram_blocks, found.training_per_second,
    )  # fmt: skip


def pareto(points):
    """Return the points than which none is both smaller and faster, smallest first."""
    front, best = [], 0
    for point in sorted(points, key=lambda each: (each.lut4, -each.training_per_second)):
        if point.training_per_second > best:
            front.append(point)
            best = point.training_per_second
    return front


def picture(front, built=()):
    """Return an SVG of the Pareto front, and of builds beside it."""
    series = {"estimated": [(each.lut4, each.training_per_second) for each in front]}
    if built:
        series["built"] = [(each["lut4"], each["training_per_second"]) for each in built]
    return plot(series, "LUT4", "training samples per second, simulated cycles x clock")


def verify(points, board, network, directory, scheduler=None):
    """Build points for real, as tasks; return one dict each, with ``error`` where a build failed.

    Finished builds are kept in the directory and not done again. ``scheduler``: of
    :func:`boldhw.spread.spread`; without one, builds run on this machine, one after the other.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    done = _journal(directory / JOURNAL)
    left = [point for point in points if _key(point, board) not in done]
    calls = [(point, board.name, board.config.has_store, network) for point in left]
    with spread(scheduler) as run:
        for _, result in run(build_point, calls):
            done[result["key"]] = result
            _append(directory / JOURNAL, result)
    return [done[_key(point, board)] for point in points]


def build_point(point, board_name, store, network):
    """Build one point on the worker; return its figures or its error."""
    import tempfile

    from boldboards import find_board

    from boldhw.flow.build import build

    board = find_board(board_name)
    board = board.with_store() if store else board
    result = {"key": _key(point, board), **asdict(point)}
    try:
        with tempfile.TemporaryDirectory() as work:
            built = build(point.on(board), work, seeds=(1,))
    except BoldhwError as error:
        return result | {"error": str(error)}
    cycles = point.cycles(network, board)
    return result | {
        "estimated_lut4": point.lut4,
        "lut4": built.lut4,
        "ram_blocks": built.ram_blocks,
        "fmax_mhz": built.fmax_mhz,
        "training_per_second": round(built.fmax_mhz * 1e6 / cycles),
    }


def _key(point, board):
    return f"{board.name} {point.on(board).config.digest().hex()}"


def _journal(path):
    """Return the finished builds by key; a line torn by the end of a process is passed over."""
    done = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            record = json.loads(line)
            done[record["key"]] = record
        except (ValueError, KeyError):
            continue
    return {key: record for key, record in done.items() if "error" not in record}


def _append(path, record):
    """Add a line to the journal, behind the end of a torn one."""
    torn = path.exists() and not path.read_bytes().endswith(b"\n")
    with naming(path), path.open("a") as file:
        file.write("\n" * torn + json.dumps(record) + "\n")
