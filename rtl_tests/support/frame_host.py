"""A host at the stream of bytes of the link unit."""

from support.streams import Sink, Source

from boldhw.spec.protocol import REPLY, decode, encode


class Host:
    """Sends frames and reads responses."""

    def __init__(self, dut, max_pause=0):
        self.source, self.sink = Source(dut, "rx", max_pause), Sink(dut, "tx", max_pause)

    async def exchange(self, kind, seq, payload=b"", addr=7):
        """Send a frame; return status and payload of the reply to it."""
        await self.source.put_all(encode(kind, seq, addr, payload))
        return await self.reply(kind, seq)

    async def reply(self, kind, seq):
        got_kind, got_seq, status, body = decode(await self.response())
        assert (got_kind, got_seq) == (kind | REPLY, seq)
        return status, body

    async def response(self):
        """Return what comes up to the next 0x00."""
        found = bytearray()
        while byte := await self.sink.get():
            found.append(byte)
        return bytes(found)
