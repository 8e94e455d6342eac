"""Bench of SerialOutcome against the golden MAC's thresholds, squares, deltas and sizes."""

import cocotb
import numpy as np
from support.every_cycle import pack
from support.op_bench import op_bits
from support.streams import as_int, cycle, generator, parameters, start

from boldhw.gateware.ops.layouts import SumLayout
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.kinds import Mac, Sink

SIZE = ArraySize(**parameters())
P, BITS = SIZE.elements, SIZE.sum_bits
MOST = (1 << BITS - 1) - 1


class Bench:
    """The unit, driven square by square; ``total`` is what it should have added up."""

    def __init__(self, dut, rng):
        self.dut, self.rng, self.total = dut, rng, 0

    async def begin(self, op):
        """Begin an op."""
        dut, self.op, self.total = self.dut, op, 0
        dut.op.value, dut.restart.value = op_bits(op), 1
        await cycle(dut)
        dut.restart.value = 0
        await cycle(dut)

    async def square(self, sums, units, final, stored):
        """Send the sums of a square; compare its group, or its scores. sums: shape (sums, P)."""
        dut, rng, op = self.dut, self.rng, self.op
        gates = np.array([rng.randint(0, 1) for _ in range(P)], bool)
        for index, each in enumerate(sums):
            last = index == len(sums) - 1
            flags = {"first": index == 0, "last": last, "final": final, "stored": stored,
                     "index": (index % op.pool) | (index // op.pool) << 1}  # fmt: skip
            info = SumLayout(SIZE).const(flags).as_bits()
            dut.valid.value, dut.sum.value, dut.sums.value = 1, info, pack([each], BITS)[0]
            dut.gates.value = pack([gates])[0] if last else rng.getrandbits(P)
            await cycle(dut)
            dut.valid.value, dut.sum.value = 0, rng.getrandbits(len(dut.sum))
            assert as_int(dut.kept) == last
            while not last and rng.random() < 0.3:
                await cycle(dut)
        assert as_int(dut.kept_info) == info
        largest = sums.max(axis=0)
        assert as_int(dut.largest) == pack([largest], BITS)[0]
        if op.sink == Sink.SCORES:
            await self._scores(largest)
            return
        for lane in range(P):
            dut.units.value = pack([units[lane]], 16)[0]
            await cycle(dut)
            assert as_int(dut.done) == (lane == P - 1)
        assert as_int(dut.info) == info
        assert as_int(dut.group) == self._group(sums, units, final, stored, gates)

    async def _scores(self, largest):
        """Move scores down."""
        dut, ones = self.dut, (1 << BITS) - 1
        dut.shift.value = 1
        for lane in range(P):
            assert as_int(dut.largest) & ones == int(largest[lane]) & ones
            await cycle(dut)
            assert not as_int(dut.done)
        dut.shift.value = 0

    def _group(self, sums, units, final, stored, gates):
        """Return the bits of a group; add up its sizes."""
        best, largest, (tau, window) = sums.argmax(axis=0), sums.max(axis=0), units.T
        used = np.arange(P) < (self.op.lanes if final else P)
        if self.op.sink == Sink.DELTAS:
            second = used & gates & (np.abs(largest) > self.op.dead)
            first = second & (largest > 0)
            self.total += int(np.abs(largest[used & gates]).sum()) * stored
        else:
            first = used & (largest >= tau)
            second = used & (np.abs(largest - tau) <= window)
        low, high = used & (best % self.op.pool > 0), used & (best // self.op.pool > 0)
        return pack([np.concatenate([first, second, low, high])])[0]

    async def end(self):
        """Compare the total."""
        await cycle(self.dut, 2)
        assert as_int(self.dut.total) == self.total


async def check(dut, rng, spread):
    """Send squares of all sinks and sides. spread: of sums, thresholds and windows."""
    idle = dict.fromkeys(("restart", "shift", "valid", "sum", "sums", "units", "gates"), 0)
    await start(dut, op=0, **idle)
    bench = Bench(dut, rng)

    def numbers(*shape, low=-spread):
        found = [rng.choice((low, spread, rng.randint(low, spread))) for _ in range(np.prod(shape))]
        return np.array(found).reshape(shape)

    for number in range(30):
        sink = list(Sink)[number % 3]
        pool = rng.choice((1, 2)) if sink == Sink.BITS else 1
        op = Mac(sink=sink, pool=pool, planes=1, lanes=rng.randint(1, P), dead=rng.randint(0, 4))
        await bench.begin(op)
        for _ in range(rng.randint(1, 6)):
            units = np.stack([numbers(P), numbers(P, low=0)], axis=-1)
            await bench.square(numbers(pool**2, P), units, rng.randint(0, 1), rng.randint(0, 1))
        await bench.end()


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(spread=[2, 9, MOST])
async def random_squares(dut, spread):
    await check(dut, generator(f"squares {spread}"), spread)
