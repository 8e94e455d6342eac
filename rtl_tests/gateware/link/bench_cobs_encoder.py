"""Bench of CobsEncoder against the PyPI package; the bench is the memory."""

import cocotb
from cobs import cobs
from support.cobs_frames import EDGES, random_frames
from support.streams import as_int, cycle, generator, settled, start


async def present(dut, memory, byte, position, end=0):
    """Present one byte and carry out the write that the unit asks for."""
    dut.valid.value, dut.data.value, dut.position.value, dut.end.value = 1, byte, position, end
    dut.zero.value = byte == 0
    await settled(dut)
    memory[as_int(dut.addr)] = as_int(dut.write_data)
    await cycle(dut)
    dut.valid.value = 0


async def encoded(dut, frame, rng, pause):
    """Encode a frame in a memory full of other bytes; return what is read from it."""
    memory = bytearray(rng.choices(range(1, 256), k=256))
    memory[: len(frame)] = frame
    dut.restart.value = 1
    await cycle(dut)
    dut.restart.value = 0
    for position, byte in enumerate(frame):
        if pause:
            dut.data.value, dut.zero.value = 0, 1
            await cycle(dut, rng.randint(0, pause))
        await present(dut, memory, byte, position)
    for _ in range(2):
        await present(dut, memory, rng.randrange(256), len(frame), end=1)
    whole = memory[255:] + memory[:255]
    return bytes(whole[: whole.index(0) + 1])


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(pause=[0, 5])
async def frames_match_the_package(dut, pause):
    """Edge cases and random frames, with and without pauses, in which a stray zero is ignored."""
    rng = generator("memory")
    await start(dut, restart=0, valid=0, data=0, position=0, end=0, zero=0)
    for frame in EDGES + random_frames(80 if pause == 0 else 20):
        assert await encoded(dut, frame, rng, pause) == cobs.encode(frame) + b"\0"
