"""Bench of OrderUnit against the golden order, cycle by cycle."""

import copy

import cocotb
from support.lockstep import compare
from support.streams import generator, start

from boldhw.gateware.store.order import MOST_SKIPPED
from boldhw.spec.engine import ORDER_STEPS
from boldhw.spec.order import Order

IDLE = {"write": 0, "write_data": 0, "o__ready": 0}
SIZES = (1, 2, 3, 37, 64, 127, 300, 5000, 60_000)


class Reference:
    """When the unit offers a number, and which: each value that is looked at takes 17 cycles."""

    def __init__(self, order):
        self.order, self.wait = copy.copy(order), None

    def __call__(self, write, write_data, o__ready):
        expected = {"o__valid": self.wait == 0} if self.wait is not None else {}
        if self.wait == 0:
            expected["o__payload"] = self.number
        if write:
            self.order.state = write_data
            self.prepare()
        elif self.wait:
            self.wait -= 1
        elif self.wait == 0 and o__ready:
            self.prepare()
        return expected

    def prepare(self):
        """Go on to the next number, from the values that the register meets."""
        values, self.number = 0, 0
        while not 1 <= self.number <= self.order.samples:
            self.number = self.order._next[self.order.state]
            self.order.state = self.number
            values += 1
        self.wait = values * (ORDER_STEPS + 1)


def begin(dut, samples, seed):
    """Set an order of the unit; return it and a reference that waits for its start."""
    order = Order(samples, seed)
    dut.samples.value, dut.taps.value = samples, order.taps
    return order, Reference(order)


def beginning(order):
    """Inputs of the cycle that starts an order."""
    return IDLE | {"write": 1, "write_data": order.state}


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def numbers_follow_the_order(dut):
    """Taken at once, for all sizes; each starts while the one before runs."""
    await start(dut, samples=1, taps=1, **IDLE)
    for samples in SIZES:
        order, reference = begin(dut, samples, samples)
        taking = [IDLE | {"o__ready": 1}] * 1500
        await compare(dut, reference, [beginning(order), *taking])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def numbers_wait_for_pauses(dut):
    """Taken after pauses at random, and started again at random."""
    rng = generator("pauses")
    await start(dut, samples=1, taps=1, **IDLE)
    for samples in SIZES:
        order, reference = begin(dut, samples, samples + 1)
        again = [rng.random() < 0.003 for _ in range(1500)]
        vectors = [
            (beginning(order) if restart else IDLE) | {"o__ready": int(rng.random() < 0.05)}
            for restart in (True, *again)
        ]
        await compare(dut, reference, vectors)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def nothing_waits_for_ever(dut):
    """With a state or taps that never reach a sample a number comes all the same."""
    await start(dut, samples=1, taps=1, **IDLE)
    for samples, taps, state in ((100, 0, 5), (5, 0x8000, 0x8000), (0, 0xB400, 1)):
        dut.samples.value, dut.taps.value = samples, taps
        await compare(dut, lambda **_: {}, [IDLE | {"write": 1, "write_data": state}])
        slowest = (MOST_SKIPPED + 1) * (ORDER_STEPS + 1)
        await compare(dut, lambda **_: {}, [IDLE] * slowest)
        await compare(dut, lambda **_: {"o__valid": 1}, [IDLE])
