"""Random and mutated bytes for the simulated board, in the middle of a training."""

from dataclasses import replace
from functools import partial

import numpy as np
from boldhost.device import Device
from boldhost.link import Link
from boldhost.stored import StoredDevice
from support import fuzz
from support.small_engine import SMALL, make_network, make_samples

from boldhw.cosim.transport import SimTransport
from boldhw.spec.order import Order
from boldhw.spec.protocol import (
    COUNTERS,
    READABLE,
    REPLY,
    Bank,
    Command,
    Register,
    Status,
    decode,
    encode,
    registers_of,
)
from boldhw.spec.store import PAGE_BITS

ENGINES = {"plain": SMALL, "store": replace(SMALL, store="sdram", store_bytes=1 << 18)}
WIDTHS = (37, 21, 5)
WIDTH_WORDS = 3  # operand words of 37 inputs
SAMPLES = 60
RANDOM_BYTES = 40_000  # of each page of the store
CHECK_EVERY = 50  # bursts, or refused commands, between two looks at the whole state
REPLY_CYCLES = 1_000_000  # no command takes longer
SHORT_CYCLES = 2_000  # in which all that arrived is answered, unless it runs the core


class Trained:
    """A simulated board with a network that has been trained, and samples that wait.

    ``seq`` is the sequence number of the frame executed last, while no driver talks to the board.
    """

    def __init__(self, config):
        self.board = SimTransport(config)
        self.link = Link(self.board, timeout=0.2)
        self.device = StoredDevice(self.link)
        self.network, self.samples = make_network(config, WIDTHS), make_samples(WIDTHS, 5, SAMPLES)
        self.order = Order(SAMPLES, 1)
        self.device.load(self.network)
        if config.has_store:
            self.device.fill_store(*self.samples)
            self.device.start_order(self.order)
            self.device.write_register(Register.STORE_PAGE, 0)
        self.train(SAMPLES // 2)
        assert self.device.gathered
        self.seq = 0
        self.state = self.read_state()

    def train(self, count):
        """Train on the next samples; assert that it does what the golden model does."""
        bits, labels = self.samples
        taken = self.order.take(count)
        wanted = self.network.train(bits[taken], labels[taken])
        if self.device.config.has_store:
            assert self.device.train_store(count) == wanted
        else:
            train = partial(Device.train, self.device)
            assert train(bits[taken], labels[taken]) == wanted
        assert self.device.state_crc() == self.network.state_crc()
        assert self.device.gathered == self.network.gathered

    def next_seq(self):
        """Take the next sequence number."""
        self.seq = (self.seq + 1) & 0xFF
        return self.seq

    def read_state(self):
        """Return checksums of all memory, all registers and all counters.

        Of a store, those of the records.
        """
        device, config = self.device, self.device.config
        self.link.hello()
        banks = {Bank.DATA: config.data_rows, Bank.WEIGHTS: config.weight_blocks}
        if config.has_store:
            banks[Bank.STORE] = device.stored_bytes(SAMPLES) // device.item_bytes(Bank.STORE)
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

    def go_on(self):
        """Train on; that shows the state that cannot be read, such as that of the store's order."""
        self.link.hello()
        self.train(SAMPLES // 2 + 9)
        self.state = self.read_state()


def babble(trained, size, seed):
    """Send ``size`` bytes that are no frame to execute, in bursts; return the bursts.

    Behind each burst a command is answered at its second copy at the latest, and now and then the
    whole state is read: it stays what it was.
    """
    generator, frames = np.random.default_rng(seed), fuzz.frames()
    sent = bursts = 0
    while sent < size:
        seq = trained.seq + 1 & 0xFF
        write = encode(Command.REG_WRITE, seq, Register.MARGIN, b"\x55\x55")
        seeds = [*frames, write, encode(Command.TRAIN_STORE, seq, 1)]
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
        if obeyed(trained.device.config, kind, addr, payload):
            continue
        refusals[_exchange(trained, kind, addr, payload)] += 1
        if index % CHECK_EVERY == 0:
            trained.check_state()
    trained.check_state()
    return refusals


def obeyed(config, kind, addr, payload):
    """True for a frame that is right and changes the state."""
    if kind in (Command.RESET, Command.FLUSH):
        return not payload
    if kind == Command.REG_WRITE:
        return addr in registers_of(config) and len(payload) == 2
    if kind == Command.MEM_WRITE and payload:
        sizes = {
            Bank.DATA: config.data_bytes,
            Bank.WEIGHTS: config.block_bytes,
            Bank.STORE: config.store_width // 8,
        }
        item = sizes.get(payload[0], 0)
        return item and len(payload) > 1 and (len(payload) - 1) % item == 0
    if kind == Command.TRAIN_STORE:
        return config.has_store and addr and not payload
    sample = WIDTH_WORDS * config.word_bytes
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


def settings(trained, count, seed):
    """Train on random words, ``count`` times with random registers of the store.

    Only the length of a record is right. Each command is answered, whatever labels it meets.
    """
    generator, device = np.random.default_rng(seed), trained.device
    trained.link.hello()
    for page in range(device.config.store_bytes // device.item_bytes(Bank.STORE) >> PAGE_BITS):
        device.write_register(Register.STORE_PAGE, page)
        device.write_memory(Bank.STORE, 0, generator.bytes(RANDOM_BYTES))
    for _ in range(count):
        stride, samples, taps, state = generator.integers((16, *3 * [1 << 16])).tolist()
        registers = {
            Register.RECORD: stride << 8 | WIDTH_WORDS,
            Register.ORDER_SAMPLES: samples >> int(generator.integers(17)),
            Register.ORDER_TAPS: taps,
            Register.ORDER_STATE: state * int(generator.integers(2)),
        }
        for register, value in registers.items():
            device.write_register(register, value)
        trained.link.call(Command.TRAIN_STORE, 3)
