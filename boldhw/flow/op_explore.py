"""Search the engines of op lists that a board can hold for those that train a network fastest.

Every engine is estimated, none is built. :mod:`boldhw.flow.explore` has the front and the builds.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

from boldhw.errors import ConfigError, DataError
from boldhw.flow.op_estimate import cost, predict_logic
from boldhw.flow.op_lists import ACTIVE, lists_of, mean, program_of
from boldhw.spec.network import Network
from boldhw.spec.ops.array import MOST_ROWS, PLANES, ArraySize
from boldhw.spec.ops.ram import MEMORIES

GRANULES = (2, 4, 8)
ELEMENTS = range(2, 41)
LEAST_ROWS = 32  # of the memories of an engine, where it is asked whether its logic may fit


@dataclass(frozen=True)
class OpPoint:
    """One engine of op lists on a board, with what it is estimated to cost and to do."""

    elements: int
    lanes: int
    planes: int
    transposers: int
    accumulator_bits: int
    data_rows: int
    weight_rows: int
    delta_rows: int
    unit_rows: int
    counter_rows: int
    score_rows: int
    batch: int
    dual_port: bool
    serial: bool
    plain: bool
    uncounted: bool
    sum_bits: int
    side_bits: int
    window_kernels: str
    lut4: int
    ram_blocks: int
    training_per_second: float

    def size(self, board: Any) -> ArraySize:
        """Return the ArraySize of the point."""
        names = set(ArraySize.__dataclass_fields__) & set(asdict(self))
        return replace(board.array, **{name: getattr(self, name) for name in names})

    def on(self, board: Any) -> Any:
        """Return the board with this engine."""
        return board.with_ops(self.size(board))

    def cycles(self, network: Any, board: Any) -> float:
        """Return the mean cycles of a training sample, 12 % of them active."""
        return _cycles(Network.of(network), self.size(board))


def search(
    board: Any, network: Any, least_bits: int, given: dict[str, Any] | None = None
) -> list[OpPoint]:
    """Return the OpPoints of all engines that hold a network and fit a board, at its clock.

    given: parameters of ArraySize that all engines have, such as ``sum_bits``; others, but for
    elements, lanes, planes, transposers and rows, are those of the board's engine of op lists.
    Accumulators have ``least_bits``: more cost memory, and no cycles. Raises ConfigError when there
    is none, and for a family whose engines were not measured.
    """
    board = replace(board, array=replace(board.array, **given or {}))
    network = Network.of(network)
    if predict_logic(board.array, board.family) is None:
        raise ConfigError(
            f"too few engines of op lists of the family {board.family} were measured to say what "
            f"others cost; boldhw dev calibrate {board.family} --ops --accept measures them"
        )
    found = [point for size in sizes(board, least_bits) if (point := _point(size, network, board))]
    if not found:
        raise ConfigError(
            f"no engine of op lists for {network} fits {board.name}; try --sum-bits, --side-bits "
            f"and --window-kernels, a smaller network or a larger board, see boldhw boards"
        )
    return found


def sizes(board: Any, least_bits: int) -> Iterator[ArraySize]:
    """Yield the arrays whose logic fits a board, with the largest memories that there are."""
    roomy: dict[str, Any] = {f"{name}_rows": MOST_ROWS for name in MEMORIES}
    for size in _arrays(replace(board.array, accumulator_bits=least_bits, **roomy)):
        # Larger memories take more: those that fit are asked again with their own.
        rows: dict[str, Any] = dict.fromkeys(roomy, LEAST_ROWS)
        least = replace(size, **rows)
        logic = predict_logic(least, board.family)
        if logic and logic[0] <= board.logic_cells:
            yield size


def _arrays(own: ArraySize) -> Iterator[ArraySize]:
    """Yield all arrays that differ from one in elements, lanes, planes and transposers."""
    choices = product(ELEMENTS, GRANULES, PLANES, (False, True))
    for elements, granules, planes, many in choices:
        several = planes > 1 or many
        if elements % planes or own.serial and several:
            continue
        with suppress(ConfigError):  # so few lanes may not hold the window kernels
            yield replace(
                own, elements=elements, lanes=elements * granules, planes=planes,
                transposers=granules if many else 1,
            )  # fmt: skip


def _point(size: ArraySize, network: Network, board: Any) -> OpPoint | None:
    """Return the engine with memories as large as the network needs, None if it does not fit."""
    try:
        program = program_of(network, size)
    except (ConfigError, DataError):
        return None
    rows = {name: max(1, program.memory.used(name)) for name in MEMORIES}
    own = replace(size, **{f"{name}_rows": count for name, count in rows.items()})
    found = cost(own, rows, board)
    if not found["fits"]:
        return None
    return OpPoint(
        own.elements, own.lanes, own.planes, own.transposers, own.accumulator_bits,
        own.data_rows, own.weight_rows, own.delta_rows, own.unit_rows, own.counter_rows,
        own.score_rows, own.batch, own.dual_port, own.serial, own.plain, own.uncounted,
        own.sum_bits, own.side_bits, own.window_kernels, found["lut4"], found["ram_blocks"],
        round(board.with_ops(own).clock_hz / _cycles(network, own)),
    )  # fmt: skip


def _cycles(network: Network, size: ArraySize) -> float:
    lists = lists_of(program_of(network, size), size)
    return float(mean(lists, size.batch, ACTIVE / 100, None)["cycles_a_sample"])
