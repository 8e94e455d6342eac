"""Bench of two engines in one design: each gets what a host once sent, and must answer the same."""

import cocotb
from cocotb.triggers import Combine
from support.streams import Sink, Source, parameters, start

from boldhw.spec.protocol import REPLY, Command, decode


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def both_answer_like_the_golden_model(dut):
    pipes = {
        side: (Source(dut, f"{side}_rx"), Sink(dut, f"{side}_tx"))
        for side in parameters()["exchanges"]
    }
    await start(dut)
    await Combine(*(cocotb.start_soon(replay(side, *pipes[side])) for side in pipes))


async def replay(side, source, sink):
    """Send one request after the other; compare the replies, but for the cycles in STAT's."""
    for index, (request, wanted) in enumerate(parameters()["exchanges"][side]):
        await source.put_all(bytes.fromhex(request))
        reply = bytearray()
        while not reply.endswith(b"\0"):
            reply.append(await sink.get())
        kind, seq, status, payload = decode(bytes(reply).rstrip(b"\0"))
        expected = decode(bytes.fromhex(wanted).rstrip(b"\0"))
        if kind == Command.STAT | REPLY:
            payload, expected = len(payload), (*expected[:3], len(expected[3]))
        assert (kind, seq, status, payload) == expected, f"reply {index} of {side}"
