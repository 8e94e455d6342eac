"""Bench of MergedIssue: the requests of the pass that is awake come out."""

import cocotb
from support.every_cycle import compare
from support.streams import generator, parameters

PASSES, WIDTHS = parameters()["passes"], parameters()["widths"]


async def check(dut, awake, requests):
    """Compare cycles: the pass that is awake or None, and the values of its members."""
    inputs = {
        f"{which}__{name}": [
            values[name] * (each == which) for each, values in zip(awake, requests, strict=True)
        ]
        for which in PASSES
        for name in WIDTHS
    }
    outputs = {
        f"merged__{name}": [
            values[name] if each else 0 for each, values in zip(awake, requests, strict=True)
        ]
        for name in WIDTHS
    }
    await compare(dut, inputs, outputs)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def one_pass_at_a_time(dut):
    """Any pass, or none, with any request, from cycle to cycle."""
    rng, count = generator("requests"), 20_000
    awake = [rng.choice([*PASSES, None]) for _ in range(count)]
    requests = [{name: rng.getrandbits(w) for name, w in WIDTHS.items()} for _ in range(count)]
    await check(dut, awake, requests)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def each_bit_alone(dut):
    """A single one in each member of each pass, and all ones."""
    none = dict.fromkeys(WIDTHS, 0)
    alone = [none | {name: 1 << bit} for name, w in WIDTHS.items() for bit in range(w)]
    requests = [*alone, {name: (1 << w) - 1 for name, w in WIDTHS.items()}, none]
    awake = [which for which in PASSES for _ in requests]
    await check(dut, awake, requests * len(PASSES))
