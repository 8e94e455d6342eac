"""Whole designs: an engine behind byte streams, and one behind a serial line."""

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import Component, In, Out

from boldhw.errors import ConfigError
from boldhw.gateware.command import CommandUnit
from boldhw.gateware.core import Core
from boldhw.gateware.frame import Link
from boldhw.gateware.memory_port import MemoryPort
from boldhw.gateware.store import Store
from boldhw.gateware.uart import UartReceiver, UartTransmitter

SKEW = 0.02  # most that the two ends of a serial line may differ


def memory_of(config):
    """Return the port of the store's memory by name; nothing for an engine without one."""
    if not config.has_store:
        return {}
    return {"memory": Out(MemoryPort(config.store_address_bits, config.store_width))}


class Engine(Component):
    """Link, command unit and core, between two streams of bytes.

    Golden model: :class:`boldhw.golden.network.Network` behind :mod:`boldhw.protocol`.

    Parameters
    ----------
    config : EngineConfig
    clock_hz : int
        Frequency of the clock; HELLO reports it.

    Members
    -------
    rx, tx : In, Out(stream.Signature(8))
        Bytes from and to the host; see ``Link``.
    memory : Out(MemoryPort(...))
        Memory of the store, only in an engine with one.
    """

    def __init__(self, config, clock_hz):
        self.config = config
        self.clock_hz = clock_hz
        streams = {"rx": In(stream.Signature(8)), "tx": Out(stream.Signature(8))}
        super().__init__(streams | memory_of(config))

    def elaborate(self, platform):
        m = Module()
        m.submodules.link = link = Link()
        m.submodules.command = command = CommandUnit(self.config, self.clock_hz)
        m.submodules.core = core = Core(self.config)
        wiring.connect(m, wiring.flipped(self.rx), link.rx)
        wiring.connect(m, link.tx, wiring.flipped(self.tx))
        wiring.connect(m, link.frame, command.frame)
        wiring.connect(m, command.blocks, core.blocks)
        if self.config.has_store:
            self._connect_store(m, command, core)
        else:
            wiring.connect(m, command.data, core.data)
            wiring.connect(m, command.control, core.control)
        return m

    def _connect_store(self, m, command, core):
        m.submodules.store = store = Store(self.config)
        wiring.connect(m, command.store, store.command)
        wiring.connect(m, command.data, store.data)
        wiring.connect(m, command.control, store.control)
        wiring.connect(m, store.core_data, core.data)
        wiring.connect(m, store.core_control, core.control)
        wiring.connect(m, store.memory, wiring.flipped(self.memory))


class UartEngine(Component):
    """An engine behind a serial line: 8 data bits, no parity, one stop bit.

    Parameters
    ----------
    config : EngineConfig
    clock_hz : int
        Frequency of the clock.
    baud : int
        Bits per second. Raises ConfigError when the clock gives no whole number of cycles, four
        or more, that comes within half of what the two ends may differ.

    Members
    -------
    rx : In(1)
        Line from the host.
    tx : Out(1)
        Line to the host.
    memory : Out(MemoryPort(...))
        Memory of the store, only in an engine with one.
    """

    def __init__(self, config, clock_hz, baud):
        self.config = config
        self.clock_hz = clock_hz
        self.divider = round(clock_hz / baud)
        if self.divider < 4 or abs(clock_hz / self.divider / baud - 1) > SKEW / 2:
            works = round(clock_hz / max(self.divider, 4))
            raise ConfigError(
                f"baud={baud} cannot be made from a clock of {clock_hz} Hz within 1 %, in bits of "
                f"4 cycles or more; the nearest rate that works is baud={works}"
            )
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1)} | memory_of(config))

    def elaborate(self, platform):
        m = Module()
        m.submodules.engine = engine = Engine(self.config, self.clock_hz)
        m.submodules.receiver = receiver = UartReceiver(self.divider)
        m.submodules.transmitter = transmitter = UartTransmitter(self.divider)
        wiring.connect(m, receiver.o, engine.rx)
        wiring.connect(m, engine.tx, transmitter.i)
        m.d.comb += [receiver.pin.eq(self.rx), self.tx.eq(transmitter.pin)]
        if self.config.has_store:
            wiring.connect(m, engine.memory, wiring.flipped(self.memory))
        return m
