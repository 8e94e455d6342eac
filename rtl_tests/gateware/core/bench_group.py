"""Bench of Group: the bits of an operand word that backward and update pass take."""

import cocotb
from support.every_cycle import compare
from support.streams import generator, parameters

P, PARTS = parameters()["elements"], parameters()["subwords"]
BITS, DUAL = parameters()["bits"], parameters()["dual_port"]


async def check(dut, inputs):
    """Compare cycles; without two ports every slot counts as filled."""
    gate, columns, filled = [], [], 0
    for now in inputs:
        part = now["move__column_part" if now["move__column_shift"] else "gate_word"]
        gate.append(now["word"] >> part * P & (1 << P) - 1)
        columns.append(gate[-1] if filled or not DUAL else 0)
        filled = now["filled"]
    by_name = {name: [now[name] for now in inputs] for name in BITS}
    await compare(dut, by_name, {"gate": gate, "columns": columns})


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_words(dut):
    """Any word, group and slot in any cycle."""
    rng = generator("words")
    await check(
        dut,
        [{name: rng.getrandbits(bits) for name, bits in BITS.items()} for _ in range(20_000)],
    )


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def each_bit_of_each_group(dut):
    """A single one in the word, in each group of each pass, in slots that are filled or not."""
    none = dict.fromkeys(BITS, 0)
    cases = [
        none | {"word": 1 << bit, name: part, "move__column_shift": shift, "filled": filled}
        for bit in range(P * PARTS)
        for part in range(PARTS)
        for name, shift in (("gate_word", 0), ("move__column_part", 1))
        for filled in (0, 1)
    ]
    await check(dut, cases)
