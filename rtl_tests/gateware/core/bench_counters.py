"""Bench of Counters against a list of integers."""

import struct

import cocotb
from support.lockstep import compare
from support.streams import as_int, cycle, generator, parameters, start
from support.unit_config import CONFIG

from boldhw.spec.counters import address_bits
from boldhw.spec.protocol import COUNTERS, identity_bytes

COUNT = len(COUNTERS) + CONFIG.max_layers
IDLE = {
    "add__post": 0,
    "add__amount": 0,
    "add__post_flips": 0,
    "add__layer": 0,
    "clear": 0,
    "addr": 0,
}
EVERY = (1 << len(COUNTERS)) - 1


class Reference:
    """Integers of 32 bits; ``left`` cycles stay busy, 3 for a sum and one a word to clear."""

    def __init__(self):
        self.values, self.left, self.word = [0] * COUNT, 2 * COUNT, None

    def __call__(self, clear, addr, **add):
        post, amount, post_flips, layer = (
            add[f"add__{name}"] for name in ("post", "amount", "post_flips", "layer")
        )
        expected = {"add__busy": int(self.left > 0)} | (
            {} if self.word is None else {"word": self.word}
        )
        self.word = None if self.left else self.values[addr // 2] >> addr % 2 * 16 & 0xFFFF
        self.left = max(self.left - 1, 0)
        if clear:
            self.values, self.left = [0] * COUNT, 2 * COUNT
        for index, name in enumerate(COUNTERS):
            if post >> index & 1:
                self.add(index, amount if name.startswith("cycles") else 1)
        if post_flips:
            self.add(len(COUNTERS) + layer, amount)
        return expected

    def add(self, index, amount):
        self.values[index] = (self.values[index] + amount) % (1 << 32)
        self.left += 3


def random_inputs(rng, reference, cycles):
    """Reads of all words, between them posts and seldom a clear, these only while not busy."""
    amounts = [0, 1, 0xFFFF, 0x10000, 0xFFFFFF]
    for _ in range(cycles):
        inputs = IDLE | {
            "addr": rng.randrange(2 * COUNT),
            "add__amount": rng.choice([*amounts, rng.getrandbits(24)]),
            "add__layer": rng.randrange(CONFIG.max_layers),
        }
        if not reference.left and rng.random() < 0.3:
            post = rng.choice([0, 1 << rng.randrange(len(COUNTERS)), rng.randint(0, EVERY), EVERY])
            inputs |= {"add__post": post, "add__post_flips": rng.getrandbits(1)}
            inputs["clear"] = int(rng.random() < 0.01)
        yield inputs


async def add(dut, reference, times=1, **post):
    """Post ``times`` over, as soon as the unit is ready again."""
    for _ in range(times):
        await compare(dut, reference, [IDLE | post])
        await idle(dut, reference)


async def idle(dut, reference):
    """Wait until the unit should not be busy."""
    await compare(dut, reference, [IDLE] * reference.left)


async def read_all(dut, reference):
    """Read every word."""
    await compare(dut, reference, [IDLE | {"addr": addr} for addr in [*range(2 * COUNT), 0]])


async def begin(dut):
    """Reset the unit, which clears the counters, and return a reference in the same state."""
    await start(dut, **IDLE)
    reference = Reference()
    await idle(dut, reference)
    return reference


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def sums_match_integers(dut):
    """Random posts of any counters at once, with all words read between them."""
    reference = await begin(dut)
    rng = generator("posts")
    await compare(dut, reference, random_inputs(rng, reference, 18_000))
    await idle(dut, reference)
    await read_all(dut, reference)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def carries_cross_the_words(dut):
    """Amounts carry into the high word, and sums past 32 bits wrap around."""
    reference = await begin(dut)
    last = {"add__post_flips": 1, "add__layer": CONFIG.max_layers - 1}
    for amount in (0xFFFF, 1, 0x1FFFF, 0xFFFFFF):
        await add(dut, reference, add__post=0b111, add__amount=amount, **last)
        await read_all(dut, reference)
    await add(dut, reference, 256, add__post=0b001, add__amount=0xFFFFFF, **last)
    assert reference.values[0] < 1 << 25
    await read_all(dut, reference)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def reset_clears_the_counters(dut):
    """All words are 0 after a reset, even if it comes while a clear is under way."""
    reference = await begin(dut)
    await add(dut, reference, add__post=EVERY, add__amount=0xABCDEF, add__post_flips=1)
    await compare(dut, reference, [IDLE | {"clear": 1}] + [IDLE] * 3)
    dut.rst.value = 1
    await compare(dut, lambda **inputs: {}, [IDLE])
    dut.rst.value = 0
    reference = Reference()
    await idle(dut, reference)
    await read_all(dut, reference)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_post_beside_a_clear_counts(dut):
    """What is posted in the cycle of a clear is added to cleared counters."""
    reference = await begin(dut)
    for _ in range(2):
        await compare(
            dut, reference, [IDLE | {"add__post": EVERY, "add__amount": 0x12345, "clear": 1}]
        )
        await idle(dut, reference)
        await read_all(dut, reference)
    assert reference.values[:4] == [0x12345] * 3 + [1]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def identity_stays(dut):
    """Its words follow in the other half, also while counters are cleared and behind that."""
    identity = identity_bytes(CONFIG, parameters()["clock_hz"])
    words = struct.unpack(f"<{len(identity) // 2}H", identity)
    first = 1 << address_bits(CONFIG) - 1
    await start(dut, **IDLE)
    for clear in (0, 1):
        dut.clear.value = clear
        found = []
        for addr in range(first, first + len(words)):
            dut.addr.value = addr
            await cycle(dut)
            dut.clear.value = 0
            found.append(as_int(dut.word))
        assert tuple(found) == words
