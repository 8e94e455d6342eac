"""Random and mutated bytes for the simulated board, in the middle of a training."""

import fuzz
import numpy as np
from boldhost.device import Device
from boldhost.link import Link
from test_system import SMALL, make_network, make_samples

from boldhw.cosim.board import SimTransport
from boldhw.protocol import (
    COUNTERS,
    READABLE,
    REPLY,
    Bank,
    Command,
    Register,
    Status,
    decode,
    encode,
)

WIDTHS = (37, 21, 5)
CHECK_EVERY = 50  # bursts, or refused commands, between two looks at the whole state
REPLY_CYCLES = 1_000_000  # no command takes longer
SHORT_CYCLES = 2_000  # in which all that arrived is answered, unless it runs the core


class Trained:
    """A simulated board with a network that has been trained, and samples that wait.

    ``seq`` is the sequence number of the frame executed last, while no driver talks to the board.
    """

    def __init__(self):
        self.board = SimTransport(SMALL)
        self.link = Link(self.board, timeout=0.2)
        self.device = Device(self.link)
        network, (bits, labels) = make_network(SMALL, WIDTHS), make_samples(WIDTHS, 5, 60)
        self.device.load(network)
        self.device.train(bits, labels)
        assert self.device.gathered
        self.seq = 0
        self.state = self.read_state()

    def next_seq(self):
        """Take the next sequence number."""
        self.seq = (self.seq + 1) & 0xFF
        return self.seq

    def read_state(self):
        """Return checksums of all memory, all registers and all counters."""
        device, engine = self.device, self.device.engine
        self.link.hello()
        banks = {Bank.DATA: engine.data_rows, Bank.WEIGHTS: engine.weight_blocks}
        crc = [
            self.link.call(Command.STATE_CRC, 0, bytes((bank,)) + rows.to_bytes(2, "little"))
            for bank, rows in banks.items()
        ]
        state = crc, [device.read_register(register) for register in READABLE], device.stat()
        for _ in range(2):  # Replies to the driver may still be on their way at the first one.
            self.board.write(b"\0" + encode(Command.HELLO, self.next_seq(), 0))
            self.board.run(SHORT_CYCLES)
        return state

    def check_state(self):
        """Assert that nothing has changed."""
        assert self.read_state() == self.state
        assert self.state[2].keys() >= set(COUNTERS)


def babble(trained, size, seed):
    """Send ``size`` bytes that are no frame to execute, in bursts; return the bursts.

    Behind each burst a command is answered at its second copy at the latest, and now and then the
    whole state is read: it stays what it was.
    """
    generator, seeds = np.random.default_rng(seed), fuzz.frames()
    sent = bursts = 0
    while sent < size:
        seeds[-1] = encode(Command.REG_WRITE, trained.seq + 1 & 0xFF, 2, b"\x55\x55")
        content = fuzz.mutate(generator, seeds) if bursts % 2 else fuzz.noise(generator)
        if any(_executed(part) for part in content.split(b"\0")):
            continue
        _ask_behind(trained, content)
        sent, bursts = sent + len(content), bursts + 1
        if bursts % CHECK_EVERY == 0:
            trained.check_state()
    trained.check_state()
    return bursts


def _ask_behind(trained, content):
    """Send ``content`` and a command behind it, twice; assert that it gets the right reply."""
    seq, margin = trained.next_seq(), trained.state[1][Register.MARGIN]
    question = encode(Command.REG_READ, seq, Register.MARGIN)
    trained.board.write(content + 2 * question)
    output = trained.board.run(2 * len(content) + SHORT_CYCLES)
    answer = encode(Command.REG_READ | REPLY, seq, 0, margin.to_bytes(2, "little"))
    assert answer[:-1] in output.split(b"\0"), content.hex()


def _executed(part):
    """True for a whole frame: it is answered, and may be executed."""
    return decode(part) is not None


def command(trained, count, seed):
    """Send ``count`` well-formed frames that must be refused; return how often, by Status.

    Types, addresses and payloads are random. Each frame gets one reply, and no refusal changes
    anything. What a device rightly obeys and would change it is not sent.
    """
    generator, refusals = np.random.default_rng(seed), dict.fromkeys(Status, 0)
    for index in range(count):
        kind = int(generator.choice([*Command] * 4 + [0, 12, 127, 255]))
        addr = int(generator.choice([0, 1, 3, 9, 10, 511, 512, 2047, 2048, 65535]))
        payload = generator.bytes(generator.choice([0, 1, 2, 3, 4, 9, 25, 49, 246]))
        payload = bytes((int(generator.integers(3)),)) * bool(payload) + payload[1:]
        if obeyed(kind, addr, payload):
            continue
        refusals[_exchange(trained, kind, addr, payload)] += 1
        if index % CHECK_EVERY == 0:
            trained.check_state()
    trained.check_state()
    return refusals


def obeyed(kind, addr, payload):
    """True for a frame that is right and changes the state."""
    engine = SMALL
    if kind in (Command.RESET, Command.FLUSH):
        return not payload
    if kind == Command.REG_WRITE:
        return addr in set(Register) and len(payload) == 2
    if kind == Command.MEM_WRITE and payload:
        item = {Bank.DATA: engine.data_bytes, Bank.WEIGHTS: engine.block_bytes}.get(payload[0], 0)
        return item and len(payload) > 1 and (len(payload) - 1) % item == 0
    sample = 3 * engine.word_bytes
    if kind == Command.INFER:  # the slot that the sample goes to is no state, but is compared
        return addr and len(payload) >= addr * sample
    return kind == Command.TRAIN and addr and len(payload) >= addr * (sample + 1)


def _exchange(trained, kind, addr, payload):
    """Send one frame and return the status of its one reply."""
    seq = trained.next_seq()
    trained.board.write(b"\0" + encode(kind, seq, addr, payload))
    reply = trained.board.run(REPLY_CYCLES, stop_at_frame=True)
    assert reply.count(0) == 1, "no reply"
    found = decode(reply[:-1])
    assert found[:2] == (kind | REPLY, seq)
    return found[2]
