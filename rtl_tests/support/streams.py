"""What benches share: clock and reset, stream ports that pause at random, parameters.

Everything is driven after the falling edge of the clock and sampled once all signals have settled
behind it; both simulators then see the same values. A coroutine of this module starts and ends
just behind a falling edge, where the caller may drive.
"""

import json
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.handle import HierarchyObject
from cocotb.triggers import FallingEdge, ReadOnly
from cocotb.utils import get_sim_time
from support import garbage

PERIOD = 10  # ns

garbage.seldom()
find = HierarchyObject.__getattr__


def find_once(handle, name):
    """Find a signal in a design, where Python finds it by itself from then on: it is sooner."""
    vars(handle)[name] = found = find(handle, name)
    return found


HierarchyObject.__getattr__ = find_once


def parameters():
    """Return what ``simulate.run`` was given as parameters."""
    return json.loads(os.environ["BENCH_PARAMETERS"])


def as_int(handle):
    """Return the number that a signal holds. ValueError if a bit is neither 0 nor 1.

    It is int(handle.value), without the objects that this makes, which take most of its time.
    """
    return int(bits(handle), 2)


def bits(handle):
    """Return the bits of a signal as text, highest first."""
    return handle._handle.get_signal_val_binstr()


def generator(name):
    """Return a random generator of its own for each name, so that no two ports pause in step."""
    return random.Random(f"{cocotb.RANDOM_SEED} {name}")


async def start(dut, **inputs):
    """Start the clock, reset the unit for three cycles and return behind a falling edge.

    ``inputs`` are values to hold the named inputs at; streams are idled by their Source and Sink.
    """
    dut.rst.value = 1
    for name, value in inputs.items():
        getattr(dut, name).value = value
    Clock(dut.clk, PERIOD, unit="ns").start()
    await cycle(dut, 3)
    dut.rst.value = 0


async def cycle(dut, count=1):
    """Let ``count`` clock cycles pass."""
    for _ in range(count):
        await FallingEdge(dut.clk)


def now():
    """Return the number of clock cycles since the start of the simulation."""
    return int(get_sim_time("ns") // PERIOD)


async def settled(dut):
    """Wait until all signals have settled; nothing may be driven before the next cycle."""
    await ReadOnly()


class Stream:
    """One stream port: its signals, and the random pauses before its transfers."""

    def __init__(self, dut, name, max_pause):
        self.dut, self.name, self.max_pause = dut, name, max_pause
        self.payload = getattr(dut, f"{name}__payload")
        self.valid = getattr(dut, f"{name}__valid")
        self.ready = getattr(dut, f"{name}__ready")
        self.random = generator(name)

    async def pause(self):
        await cycle(self.dut, self.random.randint(0, self.max_pause))

    async def until(self, signal):
        """Wait for the first settled cycle in which ``signal`` is 1; return in it."""
        await ReadOnly()
        while not as_int(signal):
            await FallingEdge(self.dut.clk)
            await ReadOnly()


class Source(Stream):
    """Feed an input stream. ``max_pause`` is the longest pause before a transfer, in cycles."""

    def __init__(self, dut, name, max_pause=0):
        super().__init__(dut, name, max_pause)
        self.valid.value = 0

    async def put(self, value):
        """Offer one payload until it is taken."""
        await self.pause()
        self.valid.value, self.payload.value = 1, value
        await self.until(self.ready)
        await FallingEdge(self.dut.clk)
        self.valid.value = 0

    async def put_all(self, values):
        for value in values:
            await self.put(value)


class Sink(Stream):
    """Drain an output stream and check in every cycle that the unit keeps the stream rule."""

    def __init__(self, dut, name, max_pause=0):
        super().__init__(dut, name, max_pause)
        self.ready.value = 0
        cocotb.start_soon(self.watch())

    async def get(self):
        """Take one payload."""
        await self.pause()
        self.ready.value = 1
        await self.until(self.valid)
        value = as_int(self.payload)
        await FallingEdge(self.dut.clk)
        self.ready.value = 0
        return value

    async def get_all(self, count):
        return [await self.get() for _ in range(count)]

    async def watch(self):
        """Fail if a payload that was offered is changed or taken back before it is taken."""
        held = None
        while True:
            await FallingEdge(self.dut.clk)
            await ReadOnly()
            if as_int(self.dut.rst):
                continue
            offered = bits(self.payload) if as_int(self.valid) else None
            assert held is None or offered == held, f"{self.name} gave up {held} for {offered}"
            held = None if as_int(self.ready) else offered
