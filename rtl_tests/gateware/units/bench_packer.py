"""Bench of Packer against lists of groups."""

import cocotb
from support.every_cycle import compare, pack
from support.streams import generator, parameters
from support.unit_config import CONFIG

P, GROUPS = CONFIG.elements, CONFIG.subwords
PASSES = ("forward", "backward") if parameters()["training"] else ("forward",)
GROUPS_OF = ("fired", "deltas")[: len(PASSES)]


def awake(inputs):
    """Return push, restart and the pair of groups, of the pass that pushes."""
    push, restart = (
        any(inputs.get(f"{name}__{flag}", 0) for name in PASSES) for flag in ("push", "restart")
    )
    group = "deltas" if inputs.get("backward__push", 0) else "fired"
    return push, restart, [inputs[f"{group}__first"], inputs[f"{group}__second"]]


def outputs(inputs):
    """Return the columns of the outputs: groups in order, zeros behind them."""
    rows, groups, place = [], [], 0
    for row in zip(*inputs.values(), strict=True):
        push, restart, pair = awake(dict(zip(inputs, row, strict=True)))
        first, second = ([group[word] for group in groups] for word in (0, 1))
        rows.append((first, second, place == GROUPS - 1, place == GROUPS))
        if push:
            groups = [*(groups if 0 < place < GROUPS else []), pair]
            place = len(groups)
        if restart:
            groups, place = groups if parameters()["dual_port"] else [], 0
    first, second, filling, full = zip(*rows, strict=True)
    result = {"words__first": pack(first, P), "words__second": pack(second, P)}
    for name in PASSES:
        result |= {f"{name}__filling": filling, f"{name}__full": full}
    return result


def columns(rng, flags):
    """Return the columns of the inputs: (push, restart) of each cycle, with random groups.

    The passes take turns at random; there are groups at their ports in every cycle.
    """
    turns = [rng.choice(PASSES) for _ in flags]
    inputs = {
        f"{name}__{flag}": [
            given[index] and turn == name for given, turn in zip(flags, turns, strict=True)
        ]
        for name in PASSES
        for index, flag in enumerate(("push", "restart"))
    }
    for name in GROUPS_OF:
        inputs |= {f"{name}__{word}": random_groups_of(rng, flags) for word in ("first", "second")}
    return inputs


def random_groups_of(rng, cycles):
    return [rng.getrandbits(P) for _ in cycles]


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(busy=[0.3, 0.9], restarts=[0.02, 0.3])
async def random_groups(dut, busy, restarts):
    """Groups come with pauses; words end early, also in the cycle of a group."""
    rng = generator(f"{busy} {restarts}")
    flags = [(rng.random() < busy, rng.random() < restarts) for _ in range(5000)]
    inputs = columns(rng, flags)
    await compare(dut, inputs, outputs(inputs))


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def words_of_each_length(dut):
    """Words of 1 group up to two words in a row, restarted between, then held."""
    lengths = range(1, 2 * GROUPS + 1)
    flags = [f for n in lengths for f in [(1, 0)] * n + [(0, 0)] * 3 + [(0, 1), (0, 0)]]
    inputs = columns(generator("lengths"), flags)
    await compare(dut, inputs, outputs(inputs))


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def full_words_without_pause(dut):
    """The first group of each word clears the one before, all ones among them."""
    inputs = columns(generator("ones"), [(1, 0)] * 400)
    for name in GROUPS_OF:
        inputs[f"{name}__first"] = [(1 << P) - 1 if i // GROUPS % 2 else 0 for i in range(400)]
    await compare(dut, inputs, outputs(inputs))
