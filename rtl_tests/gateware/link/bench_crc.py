"""Bench of Crc32 against zlib."""

import zlib

import cocotb
from support.streams import as_int, cycle, generator, settled, start

IDLE = {"clear": 0, "valid": 0, "shift": 0, "data": 0}


async def step(dut, name, byte):
    """Hold ``valid`` or ``shift`` for the two cycles of a byte; return what came out."""
    signal, found, same = getattr(dut, name), [], []
    signal.value, dut.data.value = 1, byte
    for second in range(2):
        await settled(dut)
        assert as_int(dut.second) == second
        found.append(as_int(dut.byte))
        same.append(as_int(dut.same))
        await cycle(dut)
    signal.value = 0
    return found[0], same


async def feed(dut, content, rng=None):
    """Clear the unit and feed it, with random gaps if a generator is given."""
    dut.clear.value = 1
    await cycle(dut)
    dut.clear.value, dut.valid.value = 0, 0
    for byte in content:
        while rng and rng.random() < 0.3:
            dut.data.value = rng.randrange(256)
            await cycle(dut)
        await step(dut, "valid", byte)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def any_bytes_match_zlib(dut):
    """Runs of 0..255 bytes, with and without gaps; a byte that comes with clear is ignored."""
    rng = generator("bytes")
    await start(dut, **IDLE)
    for length in [0, 1, 2, 3, 4, 255, *rng.choices(range(256), k=120)]:
        content = rng.randbytes(length)
        dut.valid.value = rng.randrange(2)
        await feed(dut, content, rng if length % 2 else None)
        found = [(await step(dut, "shift", rng.randrange(256)))[0] for _ in range(4)]
        assert int.from_bytes(found, "little") == zlib.crc32(content)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def same_tells_each_half_byte_of_the_crc(dut):
    """The CRC compared with itself and with random bytes, half by half."""
    rng = generator("frames")
    await start(dut, **IDLE)
    for _ in range(50):
        content = rng.randbytes(rng.randint(0, 60))
        await feed(dut, content)
        for byte in zlib.crc32(content).to_bytes(4, "little"):
            other = byte ^ rng.choice([0, 1 << rng.randrange(8), rng.randrange(256)])
            _, same = await step(dut, "shift", other)
            assert same == [byte & 15 == other & 15, byte >> 4 == other >> 4]
