"""Bench of CobsEncoder against the PyPI package; the bench is the memory."""

import cocotb
from bench_cobs_decoder import EDGES, random_frames
from cobs import cobs
from streams import Sink, cycle, now, settled, start


class Memory:
    """Bytes that the unit reads one cycle after it gives their address."""

    def __init__(self, dut):
        self.dut, self.content = dut, b""
        dut.data.value = 0
        cocotb.start_soon(self.serve())

    async def serve(self):
        while True:
            await settled(self.dut)
            addr = int(self.dut.addr.value)
            await cycle(self.dut)
            # Behind the end stands what would be noticed if it were sent.
            self.dut.data.value = self.content[addr] if addr < len(self.content) else 0xEE


async def send(dut, memory, frame):
    """Start the unit on a frame."""
    memory.content, dut.length.value, dut.start.value = frame, len(frame), 1
    await cycle(dut)
    dut.start.value = 0


async def received(sink):
    """Return the encoded bytes up to and with the next 0x00."""
    found = bytearray()
    while not found or found[-1]:
        found.append(await sink.get())
    return bytes(found)


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(max_pause=[0, 3, 40])
async def frames_match_the_package(dut, max_pause):
    """Edge cases and random frames are encoded as the package does, however the sink pauses."""
    memory, sink = Memory(dut), Sink(dut, "o", max_pause)
    await start(dut, start=0, length=0)
    for frame in EDGES + random_frames({0: 60, 3: 10, 40: 2}[max_pause]):
        await send(dut, memory, frame)
        assert await received(sink) == cobs.encode(frame) + b"\0"
        await settled(dut)
        assert not int(dut.busy.value)
        await cycle(dut)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_block_of_n_bytes_takes_2n_plus_3_cycles(dut):
    """From the cycle after start to the 0x00, which adds one cycle."""
    memory, sink = Memory(dut), Sink(dut, "o")
    await start(dut, start=0, length=0)
    for frame in EDGES:
        await send(dut, memory, frame)
        begin = now()
        await received(sink)
        blocks = frame.split(b"\0")
        assert now() - begin == sum(2 * len(block) + 3 for block in blocks) + 1


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_blocked_encoder_waits_with_the_first_code(dut):
    """With nobody reading, nothing but the first code byte is offered, and busy stays high."""
    memory = Memory(dut)
    Sink(dut, "o")
    await start(dut, start=0, length=0)
    await send(dut, memory, b"abc")
    await cycle(dut, 300)
    await settled(dut)
    assert (int(dut.busy.value), int(dut.o__valid.value), int(dut.o__payload.value)) == (1, 1, 4)
