"""Bench of Link: the bench is the host on one side and the command unit on the other."""

import zlib

import cocotb
from cobs import cobs
from streams import Sink, Source, cycle, generator, now, settled, start

from boldhw.protocol import HEADER, MAX_PAYLOAD, REPLY, Command, Status, decode, encode

INPUTS = ("addr", "rewind", "write", "write_data", "done",
          "crc_clear", "crc_valid", "crc_data", "crc_shift")  # fmt: skip
REFUSED = (Status.OUT_OF_SEQUENCE, b"")


class Owner:
    """Takes each frame from the link and replies ``reply(payload)``, one byte a cycle or slower."""

    def __init__(self, dut, reply, max_pause=0):
        self.dut, self.reply, self.max_pause = dut, reply, max_pause
        self.random = generator("owner")
        self.frames = []
        self.dropped = 0
        cocotb.start_soon(self.count())
        cocotb.start_soon(self.serve())

    async def count(self):
        while True:
            await settled(self.dut)
            self.dropped += int(self.dut.dropped.value)
            await cycle(self.dut)

    async def serve(self):
        while True:
            await settled(self.dut)
            started, end = int(self.dut.frame__start.value), int(self.dut.frame__end.value)
            await cycle(self.dut)
            if started:
                frame = await self.read(end)
                self.frames.append(frame)
                kind, seq, _ = HEADER.unpack_from(frame)
                body = self.reply(frame[HEADER.size :])
                await self.write(b"garbage that a rewind takes back")
                await self.pulse("rewind")
                await self.write(HEADER.pack(kind | REPLY, seq, Status.OK) + body)
                await self.pulse("done")

    async def read(self, end):
        content = bytearray()
        for addr in range(end):
            self.dut.frame__addr.value = addr
            await cycle(self.dut)
            await settled(self.dut)
            content.append(int(self.dut.frame__data.value))
            await cycle(self.dut)
        return bytes(content)

    async def write(self, content):
        for byte in content:
            await cycle(self.dut, self.random.randint(0, self.max_pause))
            self.dut.frame__write_data.value = byte
            await self.pulse("write")

    async def pulse(self, name):
        signal = getattr(self.dut, f"frame__{name}")
        signal.value = 1
        await cycle(self.dut)
        signal.value = 0


class Host:
    """Sends frames and reads replies."""

    def __init__(self, dut, max_pause=0):
        self.source, self.sink = Source(dut, "rx", max_pause), Sink(dut, "tx", max_pause)

    async def exchange(self, kind, seq, payload=b"", addr=7):
        """Send a frame; return status and payload of the reply to it."""
        await self.source.put_all(encode(kind, seq, addr, payload))
        return await self.reply(kind, seq)

    async def reply(self, kind, seq):
        found = bytearray()
        while byte := await self.sink.get():
            found.append(byte)
        got_kind, got_seq, status, body = decode(bytes(found))
        assert (got_kind, got_seq) == (kind | REPLY, seq)
        return status, body


def echo(payload):
    return payload[::-1]


async def begin(dut, max_pause=0, reply=echo):
    owner, host = Owner(dut, reply, max_pause // 4), Host(dut, max_pause)
    await start(dut, **{f"frame__{name}": 0 for name in INPUTS})
    return owner, host


def damaged(rng, frame):
    """Return bytes that end in 0x00 and are no good frame."""
    body = bytearray(frame[:-1])
    choice = rng.randrange(5)
    if choice == 0:  # a bit flips
        body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    elif choice == 1:  # a byte is lost
        del body[rng.randrange(len(body))]
    elif choice == 2:  # too long, with a CRC that fits
        content = rng.randbytes(rng.randint(251, 400))
        body = cobs.encode(content + zlib.crc32(content).to_bytes(4, "little"))
    elif choice == 3:  # too short, with a CRC that fits
        content = rng.randbytes(rng.randint(0, 3))
        body = cobs.encode(content + zlib.crc32(content).to_bytes(4, "little"))
    else:  # noise
        body = bytes(rng.choices(range(1, 256), k=rng.randint(1, 30)))
    return bytes(body) + b"\0"


@cocotb.test(timeout_time=20, timeout_unit="ms")
@cocotb.parametrize(max_pause=[0, 3, 40])
async def each_frame_is_executed_once(dut, max_pause):
    """New, repeated, misnumbered and damaged frames in random order, against the protocol."""
    rng = generator("host")
    owner, host = await begin(dut, max_pause)
    seq, stored, executed, dropped = None, None, [], 0
    for _ in range({0: 50, 3: 12, 40: 8}[max_pause]):
        payload = rng.randbytes(rng.choice([0, 1, 2, 20, MAX_PAYLOAD]))
        choice = rng.choice(["next", "next", "again", "wrong", "damaged", "hello", "idle"])
        if choice == "hello" or seq is None and choice in ("next", "again"):
            kind, seq, payload = Command.HELLO, rng.randrange(256), b""
        elif choice == "next":
            kind, seq = rng.randint(2, 255), (seq + 1) % 256
        elif choice == "again" and kind == Command.HELLO:
            pass  # executed again: it changes nothing
        elif choice == "again":
            assert await host.exchange(kind, seq, payload) == (Status.OK, stored)
            continue
        elif choice == "wrong":
            other = rng.randrange(256) if seq is None else (seq + rng.randint(2, 255)) % 256
            assert await host.exchange(Command.TRAIN, other, payload) == REFUSED
            continue
        else:
            frame = damaged(rng, encode(2, 0, 0, payload))
            await host.source.put_all(frame if choice == "damaged" else b"\0")
            dropped += choice == "damaged" and frame != b"\0"
            continue
        stored = echo(payload)
        assert await host.exchange(kind, seq, payload) == (Status.OK, stored)
        executed.append(HEADER.pack(kind, seq, 7) + payload)
    await cycle(dut, 5)
    assert owner.frames == executed
    assert owner.dropped == dropped


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def nothing_but_hello_is_executed_at_first(dut):
    """After reset every sequence number is refused until a HELLO sets it."""
    owner, host = await begin(dut)
    for seq in (0, 1, 255):
        assert await host.exchange(Command.FLUSH, seq) == REFUSED
    assert not owner.frames
    assert await host.exchange(Command.HELLO, 9) == (Status.OK, b"")
    assert await host.exchange(Command.FLUSH, 10) == (Status.OK, b"")
    assert len(owner.frames) == 2


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_refusal_keeps_the_stored_reply(dut):
    """The frame executed last is answered as before, however many others are refused."""
    owner, host = await begin(dut)
    await host.exchange(Command.HELLO, 200)
    assert await host.exchange(Command.TRAIN, 201, b"abc") == (Status.OK, b"cba")
    for seq in (200, 203, 73):
        assert await host.exchange(Command.TRAIN, seq, b"x" * 246) == REFUSED
        assert await host.exchange(Command.TRAIN, 201, b"abc") == (Status.OK, b"cba")
    assert await host.exchange(Command.TRAIN, 202, b"de") == (Status.OK, b"ed")
    assert len(owner.frames) == 3


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_reply_that_is_too_long_is_cut(dut):
    """``full`` rises with the 250th byte and no further byte is taken."""
    owner, host = await begin(dut, reply=lambda payload: payload + b"more")
    await host.exchange(Command.HELLO, 0)
    assert not int(dut.frame__full.value)
    content = bytes(range(246))
    assert await host.exchange(Command.TRAIN, 1, content) == (Status.OK, content)
    assert int(dut.frame__full.value)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def cycles_are_as_documented(dut):
    """A byte a cycle in, 2 cycles to start; then n + 7 to encode the reply of n, a byte a cycle."""
    owner, host = await begin(dut)
    frame = encode(Command.HELLO, 1, 0, b"x" * 100)
    begun = now()
    await host.source.put_all(frame)
    assert now() - begun == len(frame)
    await cycle(dut)
    await settled(dut)
    assert int(dut.frame__start.value)
    await cycle(dut)
    await settled(dut)
    while not int(dut.frame__done.value):
        await cycle(dut)
        await settled(dut)
    body = HEADER.pack(Command.HELLO | REPLY, 1, 0) + b"x" * 100
    await cycle(dut)
    begun = now()
    await host.reply(Command.HELLO, 1)
    assert now() - begun == len(body) + 7 + len(encode(*HEADER.unpack_from(body), b"x" * 100))


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def nothing_is_lost_while_a_frame_is_executed(dut):
    """While the owner keeps a frame no data byte is taken; what waited is received afterwards."""
    gate = []
    owner, host = await begin(dut)
    dut.frame__done.value = 0
    owner.write = lambda content: hold(dut, gate, Owner.write, owner, content)
    await host.source.put_all(encode(Command.HELLO, 1, 0))
    feeder = cocotb.start_soon(host.source.put_all(encode(Command.TRAIN, 2, 7, b"next")))
    await cycle(dut, 1000)
    await settled(dut)
    assert not int(dut.rx__ready.value)
    assert int(dut.rx__payload.value) == Command.TRAIN
    assert not feeder.done()
    await cycle(dut)
    gate.append(True)
    assert await host.reply(Command.HELLO, 1) == (Status.OK, b"")
    assert await host.reply(Command.TRAIN, 2) == (Status.OK, b"txen")


async def hold(dut, gate, write, owner, content):
    """Write once the gate is open."""
    while not gate:
        await cycle(dut)
    await write(owner, content)
