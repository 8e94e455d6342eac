"""Op lists of a network on an array that is not built: its program, cycles, and their mean."""

from dataclasses import replace

from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.start import start
from boldhw.golden.graph.widths import check_widths
from boldhw.spec.ops.array import MOST_ROWS, MOST_SEGMENTS
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.fixed import fixed_of
from boldhw.spec.ops.heads import KINDS
from boldhw.spec.ops.kinds import Count, Segment, Window
from boldhw.spec.ops.program import BACKWARD, FORWARD, LISTS, UPDATE, compiled, listed
from boldhw.spec.ops.ram import MEMORIES

HALF = 128  # T's in 256 bits of a sample; thresholds depend on it, and no cycle does
ACTIVE = 12.0  # percentage of active samples, unless another is given


def program_of(spec, size):
    """Return the Program of a network on an array, with settings as they are at the start.

    Raises ConfigError for what there is no program for.
    """
    return compiled(spec, size, settings_of(spec, size))


def settings_of(spec, size):
    """Return the settings of an untrained network on an array. Raises ConfigError."""
    spec.check_bits_only("op lists", KINDS)
    check_widths(spec)
    return start(spec, Constants(batch=size.batch), HALF, bits=size.accumulator_bits)


def made_for(spec, size):
    """Return an array of this size that is made for one network alone.

    Its memories have the rows that the network needs, its ops the segments; what all of its ops
    have in common is constant. Raises like :func:`program_of`.
    """
    most = {f"{memory}_rows": MOST_ROWS for memory in MEMORIES} | {"segments": MOST_SEGMENTS}
    program = program_of(spec, replace(size, fixed="", **most))
    rows = {f"{name}_rows": max(1, program.memory.used(name)) for name in MEMORIES}
    parts, longest = 0, 1
    for op in (op for ops in program.lists.values() for op in ops):
        parts = parts + 1 if isinstance(op, Segment | Window) else 0
        longest = max(longest, parts)
    size = replace(size, fixed="", segments=longest, **rows)
    return replace(size, fixed=fixed_of(program_of(spec, size).lists.values()))


def list_of(ops, size):
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


def lists_of(program, size):
    """Return :func:`list_of` of each list of a Program on an array, by name."""
    return {name: list_of(program.lists[name], size) for name in LISTS}


def mean(lists, batch, active, clock_hz):
    """Return mean cycles of a training sample, with counters for governors and without.

    lists: of :func:`lists_of`.  batch: active samples of an update.  active:
    share of them.  clock_hz: for samples per second too, or None.
    """
    found = {}
    for name, less in (("cycles_a_sample", "counting"), ("counted_cycles_a_sample", None)):
        own = {each: lists[each]["cycles"] - lists[each].get(less, 0) for each in LISTS}
        found[name] = own[FORWARD] + active * (own[BACKWARD] + own[UPDATE] / batch)
        if clock_hz:
            found[name.replace("cycles_a_sample", "samples_per_second")] = clock_hz / found[name]
    return found
