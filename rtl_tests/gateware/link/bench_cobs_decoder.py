"""Bench of CobsDecoder against the PyPI package; the bench is the memory."""

import cocotb
from cobs import cobs
from support.cobs_frames import EDGES, random_frames
from support.streams import as_int, cycle, generator, settled, start


async def decoded(dut, encoded, rng=None):
    """Present encoded bytes, with gaps if a generator is given; return the memory's frames."""
    memory, found = bytearray(256), []
    for byte in encoded:
        while rng and rng.random() < 0.3:
            dut.encoded.value = rng.randrange(256)
            await cycle(dut)
        dut.valid.value, dut.encoded.value = 1, byte
        await settled(dut)
        addr = as_int(dut.addr)
        if as_int(dut.end):
            whole = as_int(dut.whole)
            found.append(bytes(memory[: addr if addr < 255 else 0]) if whole else None)
        else:
            memory[addr] = as_int(dut.data)
        await cycle(dut)
        dut.valid.value = 0
    return found


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(gaps=[False, True])
async def frames_match_the_package(dut, gaps):
    """Edge cases and random frames come out as they went in, a byte a cycle or slower."""
    rng = generator("gaps") if gaps else None
    await start(dut, valid=0, encoded=0)
    for frame in EDGES + random_frames(30 if gaps else 80):
        assert await decoded(dut, cobs.encode(frame) + b"\0", rng) == [frame]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def nothing_between_two_ends_is_no_frame(dut):
    """The size of no frame is 255, that of a frame of no bytes 0."""
    await start(dut, valid=0, encoded=0)
    for content, size in [(b"\0", 255), (b"\0", 255), (b"\x01\0", 0), (b"\0", 255)]:
        for byte in content:
            dut.valid.value, dut.encoded.value = 1, byte
            await settled(dut)
            found = as_int(dut.addr)
            await cycle(dut)
        assert found == size


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_block_cut_short_is_no_whole_frame(dut):
    """A frame that ends inside a block is marked, and the next one is not."""
    await start(dut, valid=0, encoded=0)
    assert await decoded(dut, b"\x05abc\0\xff\0\x03hi\0") == [None, None, b"hi"]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def any_bytes_leave_the_next_frame_whole(dut):
    """Blocks cut short, frames that are too long, noise: behind the next 0x00 all is well."""
    rng = generator("noise")
    await start(dut, valid=0, encoded=0)
    for frame in random_frames(40):
        await decoded(dut, rng.randbytes(rng.choice([1, 5, 300])) + b"\0")
        assert await decoded(dut, cobs.encode(frame) + b"\0") == [frame]
