"""The op lists of a network, for ``boldhw networks --ops``."""

import functools

import click

from boldhw.cli.options import clock, stacked
from boldhw.cli.output import table
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.start import start
from boldhw.spec.layer import CONV
from boldhw.spec.ops.array import PLANES, ArraySize
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.kinds import Count
from boldhw.spec.ops.program import BACKWARD, FORWARD, LISTS, UPDATE, compiled, listed

MEMORIES = ("data", "weight", "delta", "unit", "counter")
HALF = 128  # T's in 256 bits of a sample; thresholds depend on it, and no cycle does
ARRAY = ("elements", "lanes", "planes", "dual_port", "dsp_sums", "transposers", "batch",
         "accumulator_bits")  # fmt: skip
OPTIONS = stacked(
    click.option("--ops", is_flag=True, help="Print memory map, op lists and their cycles."),
    click.option("--elements", type=int, default=8, show_default=True, help="P of the array."),
    click.option("--lanes", type=int, help="S of the array, four times P by default."),
    click.option("--planes", type=int, default=1, show_default=True,
                 help=f"D of the array: {', '.join(map(str, PLANES))}."),
    click.option("--dual-port", is_flag=True, help="Its data memory reads and writes at once."),
    click.option("--dsp-sums", is_flag=True, help="Its sums are in multipliers."),
    click.option("--transposers", type=int, default=1, show_default=True,
                 help="Blocks transposed together: 1 or S / P."),
    click.option("--batch", type=int, default=32, show_default=True,
                 help="Active samples of an update."),
    click.option("--accumulator-bits", type=int, default=8, show_default=True,
                 help="A of the array."),
    click.option("--active", type=click.FloatRange(0, 100), default=12, show_default=True,
                 help="Percentage of active samples, for the mean."),
    clock,
)  # fmt: skip


def options(function):
    """Add the options of an array; the function gets ``ops(network)``, :func:`ops_of`, or None."""

    @OPTIONS
    @functools.wraps(function)
    def run(ops, active, clock_hz, **others):
        array = {name: others.pop(name) for name in ARRAY}
        array["lanes"] = array["lanes"] or 4 * array["elements"]
        return function(
            **others, ops=functools.partial(ops_of, array, active, clock_hz) if ops else None
        )

    return run


def ops_of(array, active, clock_hz, spec):
    """Return memory map, op lists and cycles of a network on an array, JSON-able.

    array: of ArraySize.  active: percentage.  clock_hz: or None.  spec: a Network.
    """
    size = ArraySize(**array)
    coded = [not index or layer.kind == CONV for index, layer in enumerate(spec.layers)]
    constants = Constants(batch=size.batch)
    settings = start(spec, constants, HALF, zero_true=coded, bits=size.accumulator_bits)
    program = compiled(spec, size, settings)
    lists = {name: _list(program.lists[name], size) for name in LISTS}
    return {
        "array": vars(size),
        "memory": [vars(region) for region in program.memory.regions],
        "rows": {name: program.memory.used(name) for name in MEMORIES},
        "lists": lists,
        **_mean(lists, size.batch, active / 100, clock_hz),
    }


def _list(ops, size):
    """Return the ops of a list, and their cycles with and without those that count."""
    found = cycles(ops, size)
    counts = sum(each for op, each in zip(ops, found, strict=True) if isinstance(op, Count))
    return {
        "ops": [
            {"op": text, "cycles": each} for text, each in zip(listed(ops), found, strict=True)
        ],
        "cycles": sum(found),
        "counting": counts,
    }


def _mean(lists, batch, active, clock_hz):
    """Return mean cycles of a training sample, with counters for governors and without."""
    found = {}
    for name, less in (("cycles_a_sample", "counting"), ("counted_cycles_a_sample", None)):
        own = {each: lists[each]["cycles"] - lists[each].get(less, 0) for each in LISTS}
        mean = own[FORWARD] + active * (own[BACKWARD] + own[UPDATE] / batch)
        found[name] = mean
        if clock_hz:
            found[name.replace("cycles_a_sample", "samples_per_second")] = clock_hz / mean
    return found


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
