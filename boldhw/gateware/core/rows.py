"""Which row of the data memory is read, which one is written, and with what."""

from functools import reduce
from operator import and_, or_

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import copies, delay
from boldhw.gateware.memory.data_memory import DataMemoryPort
from boldhw.gateware.passes.issue import RowPort, merge
from boldhw.gateware.passes.table import pass_names
from boldhw.gateware.ports import DataPort
from boldhw.gateware.units.packer import PairPort


class Rows(wiring.Component):
    """Give the data memory to the pass that is awake, to the table reader or to the host.

    A pass reads rows from the cycle after the one in which its layer is ``loaded`` until it is
    ``done`` or opens another layer, that cycle included. Its address is masked elsewhere. Only few
    levels of LUT4 fit between the registers of a pass and memories that are far away: the mask of
    each pass and that of the slot come from registers, and all addresses are ORed.

    Parameters
    ----------
    config : EngineConfig
        Gives ``data_rows``, ``data_width``, ``data_slices``, ``lanes``, ``elements``,
        ``accumulator_bits``, ``training`` and ``dual_port``.

    Members
    -------
    forward : In(RowPort(config))
        Requests of the forward pass.
    backward : In(RowPort(config))
        Requests of the backward pass; only in an engine that trains.
    update : In(RowPort(config))
        Requests of the update pass; only in an engine that trains.
    start : In(len(pass_names(config)))
        One bit per pass: it starts. Its layer is ``loaded`` two cycles later or more.
    done : In(len(pass_names(config)))
        One bit per pass: it ends, before another one starts.
    open : In(len(pass_names(config)))
        One bit per pass: it opens a layer.
    loaded : In(1)
        The table reader reaches the end of the layer's fields.
    table_row : In(range(config.data_rows))
        Row that the table reader reads, 0 while it reads none.
    slot : In(range(config.data_rows))
        Row where the sample's slot begins. It is aligned, since it is ORed.
    taken : In(1)
        The memory belongs to the passes, not to the host.
    taking : In(1)
        It does in the next cycle; only used with ``dual_port``.
    host : In(DataPort(config))
        Requests of the host, while ``taken`` is low; ``read_data`` is registered.
    words : In(PairPort(config.lanes))
        The packer's words, to write; zero where accumulators are written, unless ``dual_port``.
    accumulators : In(config.elements * config.accumulator_bits)
        New accumulators, in the cycle of ``flipped``; only in an engine that trains, as are the
        next two.
    flipped : In(1)
        ``accumulators`` are valid. Without ``dual_port`` they are written in the next cycle.
    store_accumulators : In(1)
        The row that is written are accumulators, outside the slot; only used with ``dual_port``.
    memory : Out(DataMemoryPort(config)), combinational
        Requests to the data memory.

    Latency
    -------
    None from a pass to ``memory``, 1 cycle from ``accumulators``. With ``dual_port`` a row that the
    host reads takes 1 cycle more, from a register of ``host.addr``.
    """

    def __init__(self, config):
        self.config = config
        self._names = pass_names(config)
        passes = len(self._names)
        members = {name: In(RowPort(config)) for name in self._names} | {
            "start": In(passes),
            "done": In(passes),
            "open": In(passes),
            "loaded": In(1),
            "table_row": In(range(config.data_rows)),
            "slot": In(range(config.data_rows)),
            "taken": In(1),
            "taking": In(1),
            "host": In(DataPort(config)),
            "words": In(PairPort(config.lanes)),
            "memory": Out(DataMemoryPort(config)),
        }
        if config.training:
            members |= {
                "accumulators": In(config.elements * config.accumulator_bits),
                "flipped": In(1),
                "store_accumulators": In(1),
            }
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        ports = [getattr(self, name) for name in self._names]
        memory, host = self.memory, self.host
        word = Mux(merge(ports, "second"), self.words.second, self.words.first)
        if self.config.training:
            word = self._with_accumulators(m, word)
        m.d.comb += [
            memory.addr.eq(self._read_address(m, ports)),
            memory.write.eq(Mux(self.taken, merge(ports, "write"), host.write)),
            memory.write_data.eq(Mux(self.taken, word, host.write_data)),
            host.read_data.eq(memory.read_data),
        ]
        if self.config.dual_port:
            slot = self.slot
            if self.config.training:
                slot = Mux(self.store_accumulators, 0, slot)
            addr = merge(ports, "write_addr")
            m.d.comb += memory.write_addr.eq(Mux(self.taken, addr | slot, host.addr))
        return m

    def _with_accumulators(self, m, word):
        """Return the row to write: new accumulators, or the packer's word.

        With one port each is 0 where the other one is written: no multiplexer is needed.
        """
        accumulators = Signal.like(self.accumulators)
        with m.If(self.flipped):
            m.d.sync += accumulators.eq(self.accumulators)
        if self.config.dual_port:
            return Mux(self.store_accumulators, accumulators, word)
        with m.Else():
            m.d.sync += accumulators.eq(0)
        return accumulators | word

    def _read_address(self, m, ports):
        """Return the row to read, once for each slice of the data memory."""
        host_addr, slices = self._host_address(m), self.config.data_slices
        passes = range(len(ports))
        masks = [copies(m, self._reading(m, [index]), slices) for index in passes]
        in_slot = reduce(and_, (port.in_slot for port in ports)) & self._reading(m, passes)
        addresses = []
        for *used, based in zip(*masks, copies(m, in_slot, slices), strict=True):
            requests = [
                port.addr & bit.replicate(len(host_addr))
                for port, bit in zip(ports, used, strict=True)
            ]
            others = Mux(based, self.slot, 0), host_addr, self.table_row
            addresses.append(reduce(or_, [*requests, *others]))
        return Cat(addresses)

    def _host_address(self, m):
        """Return the row of the host, 0 while a pass runs."""
        if not self.config.dual_port:
            return Mux(self.taken, 0, self.host.addr)
        addr = Signal.like(self.host.addr)
        m.d.sync += addr.eq(Mux(self.taking, 0, self.host.addr))
        return addr

    def _reading(self, m, passes):
        """Return whether one of the passes reads rows in the next cycle."""
        awake, was_reading, reading = Signal(), Signal(), Signal()
        m.d.comb += reading.eq(was_reading)
        m.d.sync += was_reading.eq(reading)
        # A cycle late: the table is through cycles later.
        started, done = (
            delay(m, Cat(flags[index] for index in passes).any(), 1)
            for flags in (self.start, self.done)
        )
        with m.If(done):
            m.d.sync += awake.eq(0)
        with m.If(started):
            m.d.sync += awake.eq(1)
        with m.If(Cat(self.done[index] | self.open[index] for index in passes).any()):
            m.d.comb += reading.eq(0)
        with m.Elif(awake & self.loaded):
            m.d.comb += reading.eq(1)
        return reading
