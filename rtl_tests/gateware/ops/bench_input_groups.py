"""Bench of InputGroups against the granules that a kernel uses."""

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly
from support.op_bench import op_bits
from support.op_segments import random_segment
from support.streams import as_int, generator, parameters, start

from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.reads import kernel_words

SIZE = ArraySize(**parameters())
FLAGS = ("of_tap", "of_word", "of_pixel", "of_line", "of_all", "of_first_tap", "of_first_word")


def groups_of(part):
    """Return granule and flags of each input group."""
    words = kernel_words(part, SIZE)
    used, found = words.used, []
    for index, each in enumerate(used):
        after = used[index + 1] if index + 1 < len(used) else None
        deep = each.group // SIZE.granules
        same_line = after is not None and after.ky == each.ky
        same_pixel = same_line and after.group // SIZE.granules == deep
        found.append(
            (each.granule, {
                "of_tap": not (same_pixel and after.kx == each.kx),
                "of_word": after is None or after.word != each.word,
                "of_pixel": not same_pixel,
                "of_line": not same_line,
                "of_all": after is None,
                "of_first_tap": each.kx == 0,
                "of_first_word": deep == 0,
            })
        )  # fmt: skip
    return found


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_kernels(dut):
    """Kernels of any size, with pauses."""
    rng = generator("kernels")
    await start(dut, start=0, next=0)
    for _ in range(130):
        part = random_segment(rng, SIZE, (1, 1))
        dut.part.value = op_bits(part)
        await FallingEdge(dut.clk)  # what follows from a descriptor takes a register
        dut.start.value = 1
        await FallingEdge(dut.clk)
        dut.start.value = 0
        for granule, flags in groups_of(part):
            for _ in range(rng.choice((0, 0, 1))):
                await FallingEdge(dut.clk)
            dut.next.value = 1
            await ReadOnly()
            assert as_int(dut.granule) == granule, part
            assert {name: bool(getattr(dut, name).value) for name in FLAGS} == flags, part
            await FallingEdge(dut.clk)
            dut.next.value = 0
