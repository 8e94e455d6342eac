"""Bench of CobsDecoder against the PyPI package."""

import cocotb
from cobs import cobs
from streams import Sink, Source, cycle, generator, now, settled, start

EDGES = [
    b"", b"\0", b"\0\0", b"a", b"a\0", b"\0a", bytes(254), b"x" * 253, b"x" * 254,
    b"x" * 253 + b"\0", b"\0" + b"x" * 253, b"ab\0cd", b"\xff" * 254, b"\x01" * 10,
]  # fmt: skip


def random_frames(count):
    """Frames of 0..254 bytes, many of them zeros or 0xFF."""
    rng = generator("frames")
    choices = [0, 1, 0xFF, *range(256)]
    return [bytes(rng.choices(choices, k=rng.randint(0, 254))) for _ in range(count)]


async def decoded(sink):
    """Return the next frame and whether it was whole."""
    frame = bytearray()
    while not (event := await sink.get()) >> 8 & 1:
        frame.append(event & 0xFF)
    return bytes(frame), not event >> 9


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(max_pause=[0, 3, 40])
async def frames_match_the_package(dut, max_pause):
    """Edge cases and random frames come out as they went in, however either side pauses."""
    frames = EDGES + random_frames(60)
    if max_pause:
        frames = [frame for frame in frames if len(frame) < 600 / max_pause]
    source, sink = Source(dut, "i", max_pause), Sink(dut, "o", max_pause)
    await start(dut)
    encoded = b"".join(cobs.encode(frame) + b"\0" for frame in frames)
    cocotb.start_soon(source.put_all(encoded))
    for frame in frames:
        assert await decoded(sink) == (frame, True)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_block_cut_short_is_damaged(dut):
    """A frame that ends inside a block is marked, and the next one is decoded again."""
    source, sink = Source(dut, "i"), Sink(dut, "o")
    await start(dut)
    cocotb.start_soon(source.put_all(b"\x05abc\0" + b"\xff\0" + b"\x03hi\0" + b"\0"))
    found = [await decoded(sink) for _ in range(4)]
    assert found == [(b"abc", False), (b"", False), (b"hi", True), (b"", True)]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def one_byte_is_taken_each_cycle(dut):
    """The last byte of n is taken in the n-th cycle, and so is its event."""
    source, sink = Source(dut, "i"), Sink(dut, "o")
    await start(dut)
    encoded = cobs.encode(b"x" * 100 + b"\0" + b"y" * 100) + b"\0"
    reader, begin = cocotb.start_soon(decoded(sink)), now()
    await source.put_all(encoded)
    assert now() - begin == len(encoded)
    await reader
    assert now() - begin == len(encoded)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_blocked_decoder_holds_nothing(dut):
    """With nobody reading, code bytes that give no event are taken and no data byte is."""
    source = Source(dut, "i")
    Sink(dut, "o")
    await start(dut)
    feeder = cocotb.start_soon(source.put_all(b"\x03ab"))
    await cycle(dut, 20)
    await settled(dut)
    assert not feeder.done()
    assert int(dut.i__payload.value) == ord("a")
    assert not int(dut.i__ready.value)
