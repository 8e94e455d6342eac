"""Bench of UartEngine, core and all, at the level of its two pins."""

import struct
import zlib

import cocotb
from support.serial_line import drive, levels
from support.streams import as_int, cycle, generator, parameters, settled, start

from boldhw.spec.engine import EngineConfig
from boldhw.spec.protocol import REPLY, Bank, Command, Status, decode, encode, identity_bytes

CONFIG = EngineConfig(**parameters()["config"])
DIVIDER = round(parameters()["clock_hz"] / parameters()["baud"])


async def receive(dut):
    """Return the next frame that the engine sends, without its 0x00."""
    frame = bytearray()
    while True:
        await settled(dut)
        while as_int(dut.tx):
            await cycle(dut)
            await settled(dut)
        await cycle(dut, DIVIDER + DIVIDER // 2)
        byte = 0
        for i in range(8):
            await settled(dut)
            byte |= as_int(dut.tx) << i
            await cycle(dut, DIVIDER)
        if byte == 0:
            return bytes(frame)
        frame.append(byte)


async def exchange(dut, kind, seq, addr=0, payload=b""):
    """Send a command; return status and payload of the reply."""
    receiver = cocotb.start_soon(receive(dut))
    await drive(dut.rx, levels(encode(kind, seq, addr, payload)), DIVIDER)
    found_kind, found_seq, status, body = decode(await receiver)
    assert (found_kind, found_seq) == (kind | REPLY, seq)
    return status, body


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def memories_are_reached_over_the_line(dut):
    """HELLO, then both memories of the core filled, read back and summed up."""
    rng = generator("host")
    await start(dut, rx=1)
    identity = identity_bytes(CONFIG, parameters()["clock_hz"])
    assert await exchange(dut, Command.HELLO, 77) == (Status.OK, identity)
    sizes = {Bank.DATA: (4, CONFIG.data_bytes, 256), Bank.WEIGHTS: (24, CONFIG.block_bytes, 4)}
    seq = 78
    for bank, (count, size, limit) in sizes.items():
        content = bytes(rng.randrange(limit) for _ in range(count * size))
        request = bytes([bank]) + content
        assert await exchange(dut, Command.MEM_WRITE, seq, 5, request) == (Status.OK, b"")
        request = bytes([bank, count])
        assert await exchange(dut, Command.MEM_READ, seq + 1, 5, request) == (Status.OK, content)
        request = struct.pack("<BH", bank, count)
        wanted = zlib.crc32(content).to_bytes(4, "little")
        assert await exchange(dut, Command.STATE_CRC, seq + 2, 5, request) == (Status.OK, wanted)
        seq += 3
