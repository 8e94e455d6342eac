"""Bench of Crc32 against zlib."""

import zlib

import cocotb
from streams import cycle, generator, settled, start


async def feed(dut, content, rng=None):
    """Clear the unit and feed it, with random gaps if a generator is given."""
    dut.clear.value = 1
    await cycle(dut)
    dut.clear.value, dut.valid.value = 0, 0
    for byte in content:
        while rng and rng.random() < 0.3:
            dut.data.value = rng.randrange(256)
            await cycle(dut)
        dut.valid.value, dut.data.value = 1, byte
        await cycle(dut)
        dut.valid.value = 0


async def result(dut):
    """Read the CRC byte by byte; four cycles."""
    found = bytearray()
    dut.shift.value = 1
    for _ in range(4):
        await settled(dut)
        found.append(int(dut.byte.value))
        await cycle(dut)
    dut.shift.value = 0
    return int.from_bytes(found, "little")


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def any_bytes_match_zlib(dut):
    """Runs of 0..255 bytes, with and without gaps; a byte that comes with clear is ignored."""
    rng = generator("bytes")
    await start(dut, clear=0, valid=0, data=0, shift=0)
    for length in [0, 1, 2, 3, 4, 255, *rng.choices(range(256), k=160)]:
        content = rng.randbytes(length)
        dut.valid.value = rng.randrange(2)
        await feed(dut, content, rng if length % 2 else None)
        assert await result(dut) == zlib.crc32(content)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def match_tells_whole_frames_from_damaged_ones(dut):
    """Content with its CRC matches in the next cycle; one flipped bit does not."""
    rng = generator("frames")
    await start(dut, clear=0, valid=0, data=0, shift=0)
    for _ in range(50):
        content = rng.randbytes(rng.randint(0, 60))
        frame = bytearray(content + zlib.crc32(content).to_bytes(4, "little"))
        await feed(dut, frame)
        await settled(dut)
        assert int(dut.match.value)
        await cycle(dut)
        frame[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)
        await feed(dut, frame)
        await settled(dut)
        assert not int(dut.match.value)
        await cycle(dut)
