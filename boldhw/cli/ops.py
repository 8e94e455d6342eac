"""Op lists of a network and the options of an array, for ``boldhw networks`` and ``estimate``."""

import functools
from dataclasses import replace

import click

from boldhw.cli.options import clock, stacked
from boldhw.cli.output import table
from boldhw.flow.op_lists import ACTIVE, lists_of, mean, program_of
from boldhw.spec.ops.array import MOST_ROWS, PLANES, ArraySize
from boldhw.spec.ops.heads import is_trained
from boldhw.spec.ops.program import FORWARD, LISTS
from boldhw.spec.ops.ram import MEMORIES

DEFAULTS = {"elements": 8, "lanes": None, "planes": 1, "dual_port": False, "dsp_sums": False,
            "serial": False, "plain": False, "inference": False, "uncounted": False,
            "transposers": 1, "batch": 32, "accumulator_bits": 8,
            "sum_bits": 16, "side_bits": 16, "window_kernels": ""}  # fmt: skip
HELP = {
    "elements": "P of the array.",
    "lanes": "S of the array, four times P by default.",
    "planes": f"D of the array: {', '.join(map(str, PLANES))}.",
    "dual_port": "Its data memory reads and writes at once.",
    "dsp_sums": "Its sums are in multipliers.",
    "serial": "VOTE and FLIP change one accumulator at a time, with little logic.",
    "plain": "It has no logic for strides, dilation, decay and means of inputs; with --serial.",
    "inference": "It infers only.",
    "uncounted": "It counts no T's and gates, which governors need.",
    "transposers": "Blocks transposed together: 1 or S / P.",
    "batch": "Active samples of an update.",
    "accumulator_bits": "A of the array.",
    "sum_bits": "Bits of a signed sum, 8 to 16.",
    "side_bits": "Bits of rows, columns, groups, outputs and pitches of ops, 5 to 16.",
    "window_kernels": "Kernels of the window unit, such as 5x1/1: side, planes of the image, "
    "largest stride that it computes together; all by default.",
}


def _option(name, default, shown):
    """Return the option of a parameter; ``shown``: whether its help says the default."""
    flag = f"--{name.replace('_', '-')}"
    if isinstance(DEFAULTS[name], bool):
        flag = flag if shown else f"{flag}/--no-{flag[2:]}"
        return click.option(flag, is_flag=True, default=default, help=HELP[name])
    kind = type(DEFAULTS[name]) if name != "lanes" else int
    return click.option(flag, type=kind, default=default, show_default=shown, help=HELP[name])


def _active(default, **shown):
    return click.option("--active", type=click.FloatRange(0, 100), default=default,
                        help="Percentage of active samples, for the mean.", **shown)  # fmt: skip


OPTIONS = stacked(
    click.option("--ops", is_flag=True, help="Print memory map, op lists and their cycles."),
    *(_option(name, default, True) for name, default in DEFAULTS.items()),
    _active(ACTIVE, show_default=True),
    clock,
)
ARRAY = [_option(name, None, False) for name in DEFAULTS]
GIVEN = stacked(*ARRAY, _active(None), clock)


def options(function):
    """Add the options of an array; the function gets ``ops(network)``, :func:`ops_of`, or None."""

    @OPTIONS
    @functools.wraps(function)
    def run(ops, active, clock_hz, **others):
        array = {name: others.pop(name) for name in DEFAULTS}
        array["lanes"] = array["lanes"] or 4 * array["elements"]
        return function(
            **others, ops=functools.partial(ops_of, array, active, clock_hz) if ops else None
        )

    return run


def of_board(function):
    """Add the options of an array that has what they leave out from a board.

    The function gets those given as ``given``, a dict, ``active`` and ``clock_hz`` among them.
    """

    @GIVEN
    @functools.wraps(function)
    def run(**others):
        names = (*DEFAULTS, "active", "clock_hz")
        found = {name: others.pop(name) for name in names}
        given = {name: value for name, value in found.items() if value is not None}
        return function(**others, given=given)

    return run


def array_of(config, size, given):
    """Return the ArraySize that is estimated: a board's, or that of a file; changed by those given.

    config: EngineConfig of a file, whose parameters an array then has, or None.  size: of the
    board, or of the file.
    """
    found = dict(given)
    if config is not None:
        own = {
            name: getattr(config, name, default)
            for name, default in DEFAULTS.items()
            if name != "sum_bits"  # of its layers, which are dense
        }
        own |= {"lanes": config.elements * config.subwords,
                "popcount_registers": config.popcount_registers}  # fmt: skip
        found = own | found
    if "elements" in given and "lanes" not in given:
        found["lanes"] = given["elements"] * (config.subwords if config else size.granules)
    return replace(size, **found)


def ops_of(array, active, clock_hz, spec):
    """Return memory map, op lists and cycles of a network on an array, JSON-able.

    A network or an array that is only inferred has no mean cycles of a training sample.

    array: of ArraySize.  active: percentage.  clock_hz: or None.  spec: a Network.
    Raises ConfigError and DataError for what no list can be made for.
    """
    size = ArraySize(**array)
    program = program_of(spec, size)
    lists = lists_of(program, size)
    trains = is_trained(spec) and not size.inference
    return {
        "array": vars(size),
        "memory": [vars(region) for region in program.memory.regions],
        "rows": {name: program.memory.used(name) for name in MEMORIES},
        "lists": lists,
        **(mean(lists, size.batch, active / 100, clock_hz) if trains else {}),
    }


ROOMY = {f"{memory}_rows": MOST_ROWS for memory in MEMORIES}
BASIS = (
    "op lists: cycles of the model; the generated engine takes as many, and is made without "
    "dsp_sums"
)


def estimated(board, network, given, config=None, store=False):
    """Return what ``boldhw estimate`` says of a network by its op lists, JSON-able.

    board: a Board.  network: a Network.  given: of :func:`of_board`.  config: EngineConfig or
    LinkedArray of a file, or None.  store: whether the engine has a store.  A network that the
    memories do not hold gets figures too; one that is only inferred has None for those of training.
    Raises like :func:`ops_of`, and ConfigError for a board without a memory for a store.
    """
    active, parameters = given.get("active", ACTIVE), {n: given[n] for n in DEFAULTS if n in given}
    if config is not None and config.runs_ops:
        size = array_of(None, config.size, parameters)
    else:
        size = array_of(config, board.size_of(parameters.get("inference", False)), parameters)
    board = board.with_ops(size)
    board = board.with_store() if store else board
    clock_hz = given.get("clock_hz", board.clock_hz)
    ops = ops_of(vars(replace(size, **ROOMY)), active, clock_hz, network)
    own = {name: ops["lists"][name]["cycles"] - ops["lists"][name]["counting"] for name in LISTS}
    counting = {name: ops["lists"][name]["counting"] for name in LISTS}
    return {
        "board": board.name,
        "network": str(network),
        "basis": BASIS,
        "array": {name: ops["array"][name] for name in (*DEFAULTS, "popcount_registers")},
        "rows": ops["rows"],
        **_cost(size, ops["rows"], board),
        "cycles": own,
        "counting_cycles": counting,
        "active_percent": active,
        "clock_mhz": clock_hz / 1e6,
        "cycles_inference": own[FORWARD],
        "cycles_training": _rounded(ops, "cycles_a_sample", 1),
        "counted_cycles_training": _rounded(ops, "counted_cycles_a_sample", 1),
        "inference_per_second": round(clock_hz / own[FORWARD]),
        "training_per_second": _rounded(ops, "samples_per_second"),
        "counted_training_per_second": _rounded(ops, "counted_samples_per_second"),
    }


def _rounded(ops, name, digits=None):
    """Return a figure, None if there is none."""
    return round(ops[name], digits) if name in ops else None


def _cost(size, rows, board):
    from boldhw.flow.op_estimate import cost

    return cost(size, rows, board)


def text(found):
    """Return the words for people."""
    lines = [table(found["memory"], ["memory", "row", "rows", "name"]), ""]
    for name in LISTS:
        own = found["lists"][name]
        lines.append(f"{name}: {own['cycles']} cycles, {own['counting']} of them to count")
        lines += [f"{each['cycles']:7}  {each['op']}" for each in own["ops"]] + [""]
    lines.append(", ".join(f"{name}_rows={rows}" for name, rows in found["rows"].items()))
    for name, value in found.items():
        if name.endswith(("a_sample", "per_second")):
            lines.append(f"{name.replace('_', ' ')}  {value:.0f}")
    return "\n".join(lines)
