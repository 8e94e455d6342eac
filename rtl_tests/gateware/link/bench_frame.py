"""Bench of Link: the bench is the host on one side and the command unit on the other."""

import zlib

import cocotb
from cobs import cobs
from support.frame_host import Host
from support.streams import as_int, cycle, generator, now, settled, start

from boldhw.spec.protocol import FRAME_WINDOW, HEADER, MAX_PAYLOAD, REPLY, Command, Status, encode

INPUTS = ("advance", "write", "byte", "restart", "crc_clear", "crc_valid", "crc_shift", "done")

GARBAGE = b"bytes that a restart takes back"


class Owner:
    """Takes each frame from the link and replies ``reply(payload)``, at once or with pauses."""

    def __init__(self, dut, reply, max_pause=0):
        self.dut, self.reply, self.max_pause = dut, reply, max_pause
        self.random = generator("owner")
        self.frames = []
        cocotb.start_soon(self.serve())

    async def serve(self):
        while True:
            await settled(self.dut)
            started = as_int(self.dut.frame__start)
            await cycle(self.dut)
            if started:
                self.dut.held.value = 1
                await self.pulse("restart")
                frame = await self.read()
                self.frames.append(frame)
                kind, seq, _ = HEADER.unpack_from(frame)
                await self.write(GARBAGE)
                await self.pulse("restart", "crc_clear")
                await self.write(HEADER.pack(kind | REPLY, seq, Status.OK))
                await self.write(self.reply(frame[HEADER.size :]))
                await self.write(bytes(4), crc_shift=1)
                self.dut.held.value = 0
                await self.pulse("done")

    async def read(self):
        content = bytearray()
        while True:
            await cycle(self.dut, self.random.randint(0, self.max_pause))
            await settled(self.dut)
            if as_int(self.dut.frame__at_end):
                await cycle(self.dut)
                return bytes(content)
            content.append(as_int(self.dut.frame__data))
            await cycle(self.dut)
            await self.pulse("advance")

    async def write(self, content, crc_shift=0):
        """Append bytes to the reply; with ``crc_shift``, those that the CRC unit gives."""
        for byte in content:
            await cycle(self.dut, self.random.randint(0, self.max_pause))
            if crc_shift:
                await settled(self.dut)
                byte = as_int(self.dut.frame__crc)
                await cycle(self.dut)
            self.dut.frame__byte.value = byte
            self.dut.frame__crc_shift.value = crc_shift
            self.dut.frame__write.value = 1
            await cycle(self.dut, 2)
            self.dut.frame__write.value = self.dut.frame__crc_shift.value = 0

    async def pulse(self, *names):
        for name in names:
            getattr(self.dut, f"frame__{name}").value = 1
        await cycle(self.dut)
        for name in names:
            getattr(self.dut, f"frame__{name}").value = 0


def echo(payload):
    return payload[::-1]


async def begin(dut, max_pause=0, reply=echo):
    owner, host = Owner(dut, reply, max_pause // 4), Host(dut, max_pause)
    await start(dut, held=0, **{f"frame__{name}": 0 for name in INPUTS})
    return owner, host


def damaged(rng, frame):
    """Return bytes without a 0x00 but the last, which are no good frame, and if they are long."""
    body = bytearray(frame[:-1])
    choice = rng.randrange(5)
    if choice == 0:  # a bit flips
        at = rng.randrange(1, len(body))
        body[at] = body[at] ^ 1 << rng.randrange(8) or 77
    elif choice == 1:  # a byte is lost
        del body[rng.randrange(1, len(body))]
    elif choice == 2:  # too long, with a CRC that fits
        content = rng.randbytes(rng.randint(252, 400))
        body = cobs.encode(content + zlib.crc32(content).to_bytes(4, "little"))
    elif choice == 3:  # too short, with a CRC that fits
        content = rng.randbytes(rng.randint(0, 3))
        body = cobs.encode(content + zlib.crc32(content).to_bytes(4, "little"))
    else:  # noise
        body = bytes(rng.choices(range(1, 256), k=rng.randint(1, 30)))
    return bytes(body) + b"\0"


def received_size(encoded):
    """Return how many bytes the decoder finds in a frame, 255 for none."""
    addr = code_at = 255
    for byte in encoded[:-1]:
        code_at = (addr + byte) % 256 if addr == code_at else code_at
        addr = (addr + 1) % 256
    return addr


async def greet(host, seq, stored, executed):
    """Send a HELLO whose reply replaces one that the last test has left; return its number."""
    stored[seq % FRAME_WINDOW] = encode(Command.HELLO | REPLY, seq, Status.OK)[:-1]
    executed.append(HEADER.pack(Command.HELLO, seq, 7))
    assert await host.exchange(Command.HELLO, seq) == (Status.OK, b"")
    return seq


@cocotb.test(timeout_time=20, timeout_unit="ms")
@cocotb.parametrize(max_pause=[0, 3, 40])
async def each_frame_is_executed_once(dut, max_pause):
    """New, repeated, misnumbered and damaged frames in random order, against the protocol."""
    rng = generator("host")
    owner, host = await begin(dut, max_pause)
    seq, stored, executed = None, [b""] * FRAME_WINDOW, []
    for _ in range({0: 60, 3: 12, 40: 8}[max_pause]):
        payload = rng.randbytes(rng.choice([0, 1, 2, 20, MAX_PAYLOAD]))
        choice = rng.choice(["next", "next", "again", "wrong", "damaged", "hello", "idle"])
        kind = rng.randint(2, 127)
        number = rng.randrange(256) if seq is None else (seq + rng.randint(2, 255)) % 256
        if choice == "hello":
            kind, payload = Command.HELLO, b""
            seq = await greet(host, rng.randrange(256), stored, executed)
            number = (seq + 1) % 256
        elif choice == "next" and seq is not None:
            number = (seq + 1) % 256
        elif choice == "again" and seq is not None:
            number = (seq - rng.randrange(FRAME_WINDOW)) % 256
        elif choice in ("damaged", "idle"):
            frame = damaged(rng, encode(2, 0, 0, payload)) if choice == "damaged" else b"\0"
            await host.source.put_all(frame)
            if 8 <= received_size(frame) < 255:
                assert await host.response() == b""
            continue
        if kind == Command.HELLO or (seq is not None and number == (seq + 1) % 256):
            seq = number
            executed.append(HEADER.pack(kind, seq, 7) + payload)
            stored[seq % FRAME_WINDOW] = encode(kind | REPLY, seq, Status.OK, echo(payload))[:-1]
        await host.source.put_all(encode(kind, number, 7, payload))
        assert await host.response() == stored[number % FRAME_WINDOW]
    await cycle(dut, 5)
    assert owner.frames == executed


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def nothing_but_hello_is_executed_at_first(dut):
    """After reset every sequence number gets an empty frame until a HELLO sets it."""
    owner, host = await begin(dut)
    for seq in (0, 1, 255):
        await host.source.put_all(encode(Command.FLUSH, seq, 0))
        assert await host.response() == b""
    assert not owner.frames
    assert await host.exchange(Command.HELLO, 9) == (Status.OK, b"")
    assert await host.exchange(Command.FLUSH, 10) == (Status.OK, b"")
    assert len(owner.frames) == 2


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def the_last_replies_are_kept(dut):
    """Whatever is refused in between, the last two frames are answered as before."""
    owner, host = await begin(dut)
    await host.exchange(Command.HELLO, 200)
    assert await host.exchange(Command.TRAIN, 201, b"abc") == (Status.OK, b"cba")
    assert await host.exchange(Command.TRAIN, 202, b"de") == (Status.OK, b"ed")
    for _ in range(3):
        await host.source.put_all(b"\x05noise of a bad line\0")
        assert await host.response() == b""
        assert await host.exchange(Command.TRAIN, 201, b"abc") == (Status.OK, b"cba")
        assert await host.exchange(Command.TRAIN, 202, b"de") == (Status.OK, b"ed")
    assert await host.exchange(Command.TRAIN, 203, b"fg") == (Status.OK, b"gf")
    assert len(owner.frames) == 4


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_full_window_needs_no_pause(dut):
    """Both frames of a window are taken before the first is answered, the third one after that."""
    gate = []
    owner, host = await begin(dut)
    owner.write = lambda *args, **kwargs: hold(dut, gate, Owner.write, owner, *args, **kwargs)
    await host.source.put_all(encode(Command.HELLO, 1, 0))
    await host.source.put_all(encode(Command.TRAIN, 2, 7, b"next"))
    feeder = cocotb.start_soon(host.source.put_all(encode(Command.TRAIN, 3, 7, b"last")))
    await cycle(dut, 1000)
    assert not feeder.done()
    gate.append(True)
    assert await host.reply(Command.HELLO, 1) == (Status.OK, b"")
    assert await host.reply(Command.TRAIN, 2) == (Status.OK, b"txen")
    assert await host.reply(Command.TRAIN, 3) == (Status.OK, b"tsal")


async def hold(dut, gate, write, *args, **kwargs):
    """Write once the gate is open."""
    while not gate:
        await cycle(dut)
    await write(*args, **kwargs)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def the_longest_reply_fills_it(dut):
    """``full`` rises with byte 250, and its encoded form and CRC still fit."""
    owner, host = await begin(dut)
    await host.exchange(Command.HELLO, 0)
    assert not as_int(dut.frame__full)
    content = bytes(range(1, 247))
    full = []

    async def write(content, crc_shift=0):
        await Owner.write(owner, content, crc_shift)
        await settled(dut)
        full.append((as_int(dut.frame__written), as_int(dut.frame__full)))
        await cycle(dut)

    owner.write = write
    assert await host.exchange(Command.TRAIN, 1, content) == (Status.OK, content[::-1])
    assert full == [(len(GARBAGE), 0), (4, 0), (250, 1), (254, 0)]
    await host.source.put_all(b"\x05more noise\0")
    assert await host.response() == b""


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def cycles_are_as_documented(dut):
    """A byte a cycle in, 2 n + 4 to check n bytes, 2 to close the reply, a byte a cycle out."""
    owner, host = await begin(dut)
    frame = encode(Command.HELLO, 1, 0, b"x" * 100)
    begun = now()
    await host.source.put_all(frame)
    assert now() - begun == len(frame)
    assert await waited(dut, "start") == 2 * (len(frame) - 2) + 4 - 1
    await waited(dut, "done")
    begun = now()
    await host.reply(Command.HELLO, 1)
    assert now() - begun == 2 + len(frame)


async def waited(dut, name):
    """Return the cycles until a signal of the frame port is 1; return in the cycle after it."""
    begun, signal = now(), getattr(dut, f"frame__{name}")
    await settled(dut)
    while not as_int(signal):
        await cycle(dut)
        await settled(dut)
    passed = now() - begun
    await cycle(dut)
    return passed
