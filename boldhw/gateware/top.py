"""Whole designs: an engine between byte streams, and one at a serial line."""

from amaranth.hdl import DomainRenamer, Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from boldhw.errors import ConfigError
from boldhw.gateware.command.unit import CommandUnit
from boldhw.gateware.core.core import Core
from boldhw.gateware.link.bridge import Bridge
from boldhw.gateware.link.link import Link
from boldhw.gateware.link.uart import UartReceiver, UartTransmitter
from boldhw.gateware.memory.memory_port import MemoryPort
from boldhw.gateware.ops.core import OpCore
from boldhw.gateware.store.store import Store
from boldhw.spec.ops.protocol import op_identity_bytes
from boldhw.spec.protocol import identity_bytes

SKEW = 0.02  # most that the two ends of a serial line may differ


def memory_of(config):
    """Return the port of the store's memory by name; nothing for an engine without one."""
    if not config.has_store:
        return {}
    return {"memory": Out(MemoryPort(config.store_address_bits, config.store_width))}


def core_of(config, clock_hz):
    """Return the core of an engine."""
    if config.runs_ops:
        return OpCore(config.size, op_identity_bytes(config, clock_hz))
    return Core(config, identity_bytes(config, clock_hz))


class Engine(wiring.Component):
    """Link, command unit and core, between two streams of bytes.

    With a store its unit is between command unit and core.

    Golden model: :class:`boldhw.golden.network.Network`, addressed by :mod:`boldhw.spec.protocol`.

    Parameters
    ----------
    config : EngineConfig or LinkedArray
        Size of the engine; a LinkedArray makes one that runs op lists.
    clock_hz : int
        Frequency of the clock, Hz; HELLO reports it.
    half_rate_link : bool
        Link, command unit and streams are in the domain ``link``, whose clock has half the
        frequency and rises together with that of the core.

    Members
    -------
    rx : In(stream.Signature(8))
        Bytes from the host; see :class:`boldhw.gateware.link.link.Link`.
    tx : Out(stream.Signature(8))
        Bytes to the host.
    memory : Out(MemoryPort(config.store_address_bits, config.store_width))
        Memory of the store; only in an engine with one.

    Latency
    -------
    That of the link, which takes and gives one byte a cycle of its clock, and of each command, see
    :class:`boldhw.gateware.command.unit.CommandUnit`.
    """

    def __init__(self, config, clock_hz, half_rate_link=False):
        self.config = config
        self.clock_hz = clock_hz
        self.half_rate_link = half_rate_link
        streams = {"rx": In(stream.Signature(8)), "tx": Out(stream.Signature(8))}
        super().__init__(streams | memory_of(config))

    def elaborate(self, platform):
        m = Module()
        link, command = Link(), CommandUnit(self.config)
        rename = DomainRenamer("link") if self.half_rate_link else lambda unit: unit
        m.submodules.link, m.submodules.command = rename(link), rename(command)
        m.submodules.core = core = core_of(self.config, self.clock_hz)
        wiring.connect(m, wiring.flipped(self.rx), link.rx)
        wiring.connect(m, link.tx, wiring.flipped(self.tx))
        wiring.connect(m, link.frame, command.frame)
        if self.half_rate_link:
            m.submodules.bridge = bridge = Bridge(self.config)
        for name, target in self._targets(m, core).items():
            source = getattr(command, name)
            if self.half_rate_link:
                wiring.connect(m, source, getattr(bridge, name))
                source = getattr(bridge, f"core_{name}")
            wiring.connect(m, source, target)
        return m

    def _targets(self, m, core):
        """Return what the ports of the command unit connect to, by name: core or store."""
        targets = {name: getattr(core, name) for name in ("data", "blocks", "control")}
        if not self.config.has_store:
            return targets
        m.submodules.store = store = Store(self.config)
        wiring.connect(m, store.core_data, core.data)
        wiring.connect(m, store.core_control, core.control)
        wiring.connect(m, store.memory, wiring.flipped(self.memory))
        return targets | {"data": store.data, "control": store.control, "store": store.command}


class UartEngine(wiring.Component):
    """An engine at a serial line: 8 data bits, no parity, one stop bit.

    Parameters
    ----------
    config : EngineConfig
        Size of the engine.
    clock_hz : int
        Frequency of the clock, Hz.
    baud : int
        Bits per second. Raises ConfigError when the clock gives no whole number of cycles, four
        or more, that comes within half of what the two ends may differ.
    half_rate_link : bool
        See :class:`Engine`; the serial line then is in the domain ``link`` too.

    Members
    -------
    rx : In(1, init=1)
        Line from the host, asynchronous, high when idle.
    tx : Out(1, init=1), registered
        Line to the host, high when idle.
    memory : Out(MemoryPort(config.store_address_bits, config.store_width))
        Memory of the store; only in an engine with one.

    Latency
    -------
    That of :class:`Engine`; a byte takes ten bits of the line.
    """

    def __init__(self, config, clock_hz, baud, half_rate_link=False):
        self.config = config
        self.clock_hz = clock_hz
        self.half_rate_link = half_rate_link
        line_hz = clock_hz / 2 if half_rate_link else clock_hz
        self.divider = round(line_hz / baud)
        if self.divider < 4 or abs(line_hz / self.divider / baud - 1) > SKEW / 2:
            works = round(line_hz / max(self.divider, 4))
            raise ConfigError(
                f"baud={baud} cannot be made from a clock of {line_hz:.0f} Hz within 1 %, in bits "
                f"of 4 cycles or more; the nearest rate that works is baud={works}"
            )
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1)} | memory_of(config))

    def elaborate(self, platform):
        m = Module()
        m.submodules.engine = engine = Engine(self.config, self.clock_hz, self.half_rate_link)
        receiver, transmitter = UartReceiver(self.divider), UartTransmitter(self.divider)
        rename = DomainRenamer("link") if self.half_rate_link else lambda unit: unit
        m.submodules.receiver, m.submodules.transmitter = rename(receiver), rename(transmitter)
        wiring.connect(m, receiver.o, engine.rx)
        wiring.connect(m, engine.tx, transmitter.i)
        m.d.comb += [receiver.pin.eq(self.rx), self.tx.eq(transmitter.pin)]
        if self.config.has_store:
            wiring.connect(m, engine.memory, wiring.flipped(self.memory))
        return m
