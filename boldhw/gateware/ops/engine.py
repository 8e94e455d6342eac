"""The engine that runs op lists: memories, sequencer, array, and a unit for each kind of op."""

from amaranth.hdl import Cat, Module, Mux, ResetInserter, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.errors import ConfigError
from boldhw.gateware.delay import delay
from boldhw.gateware.ops.count import CountUnit
from boldhw.gateware.ops.expand import ExpandUnit
from boldhw.gateware.ops.gather import GatherUnit
from boldhw.gateware.ops.loss import LossUnit
from boldhw.gateware.ops.mac import MacUnit
from boldhw.gateware.ops.memories import RowMemory
from boldhw.gateware.ops.ports import HostPort
from boldhw.gateware.ops.sequencer import CYCLE_BITS, OpSequencer, Status, connect, has_kind
from boldhw.gateware.ops.shared import any_of, op_ports, share_array, share_turner, share_window
from boldhw.gateware.ops.turn import TurnUnit
from boldhw.gateware.ops.update import UpdateUnit
from boldhw.gateware.ops.vote import VoteUnit
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.kinds import (
    Count,
    Expand,
    Flip,
    Gather,
    Loss,
    Mac,
    Segment,
    Turn,
    Vote,
    Window,
)
from boldhw.spec.ops.ram import MEMORIES, rams

# What runs each kind of op. The sequencer starts it; the engine connects those of these members
# that it has. Requests of all units are merged by OR: an idle one has no valid, load or shift.
# A component of several kinds is there once, and has an OpPort for each of them.
#
#     op, or any OpPort                       start and values of an op, and when it is done
#     parts, windows, are_windows, count      segments of the op, as either kind
#     read, write                             data memory
#     weights, blocks                         weight memory
#     deltas, delta_write                     delta memory
#     units                                   unit memory
#     counters, counter_write                 counter memory
#     scores, score_write                     scores
#     array, window, turner                   array, window unit, and turner of P x P bits
#     active_samples                          active samples of this batch before this one
#     label, margin, active, hit              of the loss
UNITS = {
    Mac: MacUnit,
    Expand: ExpandUnit,
    Gather: GatherUnit,
    Turn: TurnUnit,
    Vote: VoteUnit,
    Flip: VoteUnit,
    Count: CountUnit,
    Loss: LossUnit,
}
# One unit for VOTE and FLIP, with ``serial``.
SERIAL_UNITS = UNITS | {Vote: UpdateUnit, Flip: UpdateUnit}
SEGMENTS = 8  # at most
READS = {"data": ("read",), "weight": ("weights", "array"), "delta": ("deltas",),
         "unit": ("units",), "counter": ("counters",), "score": ("scores",)}  # fmt: skip
WRITES = {"data": "write", "delta": "delta_write", "counter": "counter_write",
          "score": "score_write"}  # fmt: skip


def units_of(size):
    """Return the component of each kind of op in an array of this size."""
    found = SERIAL_UNITS if size.serial else UNITS
    if size.inference:
        found = {Mac: MacUnit}
    lacking = {Count} if size.uncounted else set()
    return {
        kind: unit for kind, unit in found.items() if has_kind(size, kind) and kind not in lacking
    }


def check_size(size):
    """Raise ConfigError for a size that there are no components for."""
    if size.dsp_sums:
        raise ConfigError(
            "the engine of op lists is not made with dsp_sums=True; use dsp_sums=False"
        )
    if size.serial and (size.planes > 1 or size.transposers > 1):
        raise ConfigError(
            f"the engine of op lists is not made with serial=True and planes={size.planes}, "
            f"transposers={size.transposers}; use serial=False, or planes=1 and transposers=1"
        )
    if size.plain and not size.serial:
        raise ConfigError(
            "the engine of op lists is not made with plain=True and serial=False; use serial=True"
        )
    check_planes(size)
    if size.segments > SEGMENTS:
        raise ConfigError(
            f"the engine of op lists is not made with segments={size.segments}, registers of "
            f"{20 * FIELD_BITS} bits each; use segments={SEGMENTS} or less"
        )


def check_planes(size):
    """Raise ConfigError for planes that a block of P outputs does not hold in whole tiles."""
    if size.elements % size.planes:
        raise ConfigError(
            f"planes={size.planes} do not divide elements={size.elements}; use elements="
            f"{ceil_div(size.elements, size.planes) * size.planes}"
        )


class OpEngine(wiring.Component):
    """Run op lists on the memories.

    Golden model: :func:`boldhw.golden.ops.machine.execute`.

    Parameters
    ----------
    size : ArraySize
        Size of array and memories; without ``kinds`` see :func:`check_size`.
    kinds : dict, optional
        Component that runs each kind of op, made from ``size``; else those of :func:`units_of`.

    Members
    -------
    start : In(1)
        Run the list from row ``first`` of the data memory; one cycle while ``busy`` is low.
    first : In(FIELD_BITS)
        Its first row.
    limit : In(CYCLE_BITS)
        Cycles after which it is ended.
    label, margin : In(FIELD_BITS)
        Of the loss.
    active_samples : In(FIELD_BITS)
        Active samples of this batch before this one.
    busy : Out(1), registered
        A list runs.
    status : Out(Status), registered
        How the last one ended.
    cycles : Out(CYCLE_BITS), registered
        Its cycles.
    active : Out(1), registered
        Verdict of the last LOSS.
    hit : Out(1), registered
        The label is the best class, the first one of several.
    host : In(HostPort(size))
        Reads and writes the memories while ``busy`` is low; its rows are registered, with planes
        combinational from registers.

    Latency
    -------
    A list takes the cycles that :func:`boldhw.spec.ops.cycles.cycles` counts; ``busy`` is
    high for one more, in front of them.
    """

    def __init__(self, size, kinds=None):
        check_size(size)
        self.size, self.kinds = size, kinds or units_of(size)
        self.rams = {name: RowMemory(*shape) for name, shape in rams(size).items()}
        super().__init__({
            "start": In(1),
            "first": In(FIELD_BITS),
            "limit": In(CYCLE_BITS),
            "label": In(FIELD_BITS),
            "margin": In(FIELD_BITS),
            "active_samples": In(FIELD_BITS),
            "busy": Out(1),
            "status": Out(Status),
            "cycles": Out(CYCLE_BITS),
            "active": Out(1),
            "hit": Out(1),
            "host": In(HostPort(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.sequencer = sequencer = OpSequencer(self.size)
        units = [unit(self.size) for unit in dict.fromkeys(self.kinds.values())]
        for unit in units:
            name = "_".join(port.signature.kind.__name__.lower() for port in op_ports(unit))
            m.submodules[name] = ResetInserter(sequencer.halt)(unit)
            self._start(m, sequencer, unit)
            self._segments(m, sequencer, unit)
            for name in ("label", "margin", "active_samples"):
                if name in unit.signature.members:
                    m.d.comb += getattr(unit, name).eq(getattr(self, name))
        m.d.comb += [
            sequencer.start.eq(self.start),
            sequencer.first.eq(self.first),
            sequencer.limit.eq(self.limit),
            sequencer.done.eq(Cat(port.done for unit in units for port in op_ports(unit)).any()),
            self.busy.eq(sequencer.busy),
            self.status.eq(sequencer.status),
            self.cycles.eq(sequencer.cycles),
            self.active.eq(any_of(unit.active for unit in _with(units, "active"))),
            self.hit.eq(any_of(unit.hit for unit in _with(units, "hit"))),
        ]
        self._last = {}  # of units that write: the last op is theirs
        self._memories(m, sequencer, units)
        rams = self.rams
        share_array(m, self.size, sequencer, _with(units, "array"), rams["weight"].row)
        share_window(m, self.size, sequencer, _with(units, "window"), rams["data"].row)
        if _with(units, "turner"):
            share_turner(m, self.size, _with(units, "turner"))
        return m

    def _start(self, m, sequencer, unit):
        for port in op_ports(unit):
            kind = port.signature.kind
            m.d.comb += port.start.eq(sequencer.starts[kind.KIND])
            along = kind is Flip and not self.size.serial
            connect(m, self.size, port.op, kind, sequencer.flip if along else sequencer.op)

    def _segments(self, m, sequencer, unit):
        """Give a unit the segments of its op, as the members that it has for them."""
        for name, kind in (("parts", Segment), ("windows", Window)):
            if name in unit.signature.members:
                for index in range(self.size.segments):
                    connect(m, self.size, getattr(unit, name)[index], kind, sequencer.parts[index])
        for name, value in (("are_windows", sequencer.windows), ("count", sequencer.count)):
            if name in unit.signature.members:
                m.d.comb += getattr(unit, name).eq(value)

    def _memories(self, m, sequencer, units):
        """Make the memories; a request is that of the unit that runs, of the fetch or the host.

        With two ports they take a register on their way: what is read and what is written come as
        much later, in the same order. Which rows are written then does not choose among writers.
        """
        for name, memory in self.rams.items():
            m.submodules[name] = memory
            chosen = ~self.busy & (self.host.memory == MEMORIES.index(name))
            readers = [getattr(unit, port) for port in READS[name] for unit in _with(units, port)]
            if name == "data":
                readers.append(sequencer.read)
            for reader in readers:
                if hasattr(reader, "row"):
                    m.d.comb += reader.row.eq(memory.row)
            addr = self._merged([(each.valid, each.addr) for each in readers])
            write = write_addr = write_row = 0
            if name == "weight":
                write, write_addr, write_row = self._blocks(units)
            else:
                writers = (
                    [(unit, getattr(unit, WRITES[name])) for unit in _with(units, WRITES[name])]
                    if name in WRITES
                    else []
                )
                write = any_of(each.valid for _, each in writers)
                if len(writers) > 1 and self.size.dual_port:
                    asking = [(self._is_last(m, units, unit), each) for unit, each in writers]
                else:
                    asking = [(each.valid.any(), each) for _, each in writers]
                write_addr = self._merged([(asks, each.addr) for asks, each in asking])
                write_row = self._merged([(asks, each.row) for asks, each in asking])
            own = Signal(FIELD_BITS, name=f"{name}_addr")
            m.d.comb += own.eq(Mux(self.busy, addr, self.host.addr))
            parts = ~self.host.keep[: memory.parts]
            found, bits = memory.row[: memory.width], (memory.planes - 1).bit_length()
            of_host = self.host.data[: memory.width]
            if memory.aligned and bits:  # the host takes one row
                plane = self.host.addr[:bits]
                parts = parts.replicate(memory.planes) & Cat(
                    (plane == number).replicate(memory.parts) for number in range(memory.planes)
                )
                of_host = of_host.replicate(memory.planes)
                plane = delay(m, plane, self.size.read_latency)
                found = memory.row.word_select(plane, memory.width)
            ours = Mux(chosen & self.host.write, parts, 0)
            width = len(of_host)  # rows that the host does not write are those of units
            write_row = _signal(m, write_row, len(memory.write_row))
            requests = {
                "addr": own,
                "write": Mux(self.busy, write, ours),
                "write_addr": Mux(self.busy, write_addr, self.host.addr),
                "write_row": Cat(Mux(self.busy, write_row[:width], of_host), write_row[width:]),
            }
            if name == "unit":  # which the host alone writes
                requests |= {"write_addr": self.host.addr, "write_row": of_host}
            for port, value in requests.items():
                value = delay(m, _signal(m, value), self.size.dual_port)
                m.d.comb += getattr(memory, port).eq(value)
            m.d.comb += self.host.rows[name].eq(found)

    def _merged(self, requests):
        """Return what one of several asks for. requests: pairs of whether it does, and what.

        Where requests take a register, what a single one asks for is there all the time.
        """
        if self.size.dual_port and len(requests) == 1:
            return requests[0][1]
        return any_of(Mux(asks, value, 0) for asks, value in requests)

    def _is_last(self, m, units, unit):
        """Return a register: the last op is one of this unit."""
        if unit not in self._last:
            last = self._last[unit] = Signal(name=f"last{len(self._last)}")
            started = {each: any_of(port.start for port in op_ports(each)) for each in units}
            with m.If(any_of(started.values())):
                m.d.sync += last.eq(started[unit])
        return self._last[unit]

    def _blocks(self, units):
        """Return which parts of the weight memory are written, where, and what."""
        p, granules = self.size.elements, self.size.granules
        writers = [unit.blocks for unit in _with(units, "blocks")]
        if not writers:
            return 0, 0, 0
        block = self._merged([(each.valid, each.block) for each in writers])
        parts = any_of(Cat(each.valid & (each.granule == g) for g in range(granules))
                     for each in writers)  # fmt: skip
        addr = self._merged([(each.valid, each.addr) for each in writers])
        words = [block.word_select(index, p).replicate(granules) for index in range(p)]
        return parts.replicate(p), addr, Cat(words)


def _signal(m, value, width=None):
    """Return a signal of a value. width: its bits, if they are not those of the value."""
    found = Signal(width or Value.cast(value).shape())
    m.d.comb += found.eq(value)
    return found


def _with(units, name):
    """Return the units that have a member of this name."""
    return [unit for unit in units if name in unit.signature.members]
