"""Op lists of a network on an array that is not built: its program, cycles, and their mean."""

from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.start import start
from boldhw.golden.graph.widths import check_widths
from boldhw.spec.layer import CONV
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.heads import KINDS
from boldhw.spec.ops.kinds import Count
from boldhw.spec.ops.program import BACKWARD, FORWARD, LISTS, UPDATE, compiled, listed

HALF = 128  # T's in 256 bits of a sample; thresholds depend on it, and no cycle does
ACTIVE = 12.0  # percentage of active samples, unless another is given


def program_of(spec, size):
    """Return the Program of a network on an array, with settings as they are at the start.

    Raises ConfigError for what there is no program for.
    """
    spec.check_bits_only("op lists", KINDS)
    check_widths(spec)
    coded = [not index or layer.kind == CONV for index, layer in enumerate(spec.layers)]
    constants = Constants(batch=size.batch)
    settings = start(spec, constants, HALF, zero_true=coded, bits=size.accumulator_bits)
    return compiled(spec, size, settings)


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
