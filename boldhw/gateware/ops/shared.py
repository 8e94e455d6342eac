"""What several units use, one at a time: the array, the window unit, the turner."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Mux, Signal

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.array_planes import ArrayPlanes
from boldhw.gateware.ops.ports import OpPort
from boldhw.gateware.ops.sequencer import connect
from boldhw.gateware.ops.turner import Turner
from boldhw.gateware.ops.window import WindowUnit
from boldhw.spec.ops.kinds import Window


def any_of(values):
    """Return the OR of values, of which all but one are 0."""
    return reduce(or_, values, 0)


def op_ports(unit):
    """Return the ports of the ops that a unit runs: one for each kind."""
    return [
        getattr(unit, name)
        for name, member in unit.signature.members.items()
        if member.is_signature and isinstance(member.signature, OpPort)
    ]


def share_array(m, size, sequencer, units, weights):
    """Make the array; its words are those of the unit that runs. weights: the row that was read.

    Where a list is ended the array takes a last word, behind which its sums begin anew. That spares
    a reset of all its registers; the word has gone through it before the next op starts.
    """
    m.submodules.array = array = ArrayPlanes(size)
    flags, doubled, ports = [], [], [unit.array for unit in units]
    for unit, port in zip(units, ports, strict=True):
        runs = _runs(m, sequencer, unit)
        flags.append(Mux(port.valid, Cat(port.valid, port.first, port.last), 0))
        doubled.append(runs & port.zero_true)
        m.d.comb += [port.done.eq(array.done & runs), port.sums.eq(array.sums)]
    entering = Signal(3)
    m.d.comb += [
        entering.eq(any_of(flags) | sequencer.halt.replicate(3) & Const(0b101, 3)),
        array.weights.eq(weights),
        Cat(array.valid, array.first, array.last).eq(delay(m, entering, size.read_latency)),
        array.sign.eq(any_of(port.sign for port in ports)),
        array.mask.eq(any_of(port.mask for port in ports)),
        array.zero_true.eq(delay(m, any_of(doubled), 1)),
    ]


def share_window(m, size, sequencer, units, row):
    """Make the window unit; it serves the segment that is a window. row: of the data memory."""
    ports = [(unit.window, _runs(m, sequencer, unit)) for unit in units]
    m.submodules.window = window = WindowUnit(size)
    bits = sequencer.parts[0]
    for index in range(1, size.segments):
        of_op = sequencer.windows[index] & (index < sequencer.count)
        bits = Mux(of_op, sequencer.parts[index], bits)
    connect(m, size, window.part, Window, bits)
    m.d.comb += window.row.eq(row[: size.lanes])
    for name in ("load", "inside", "column", "upper", "second"):
        value = any_of(Mux(runs, getattr(port, name), 0) for port, runs in ports)
        m.d.comb += getattr(window.port, name).eq(value)
    for port, _ in ports:
        m.d.comb += [port.sign.eq(window.port.sign), port.mask.eq(window.port.mask)]


def share_turner(m, size, units):
    """Make the turner; it does what the unit that runs asks for."""
    ports = [unit.turner for unit in units]
    m.submodules.turner = turner = Turner(size)
    shifts = (Mux(port.shift, Cat(1, port.turn, port.tile, port.word_in), 0) for port in ports)
    loads = (Mux(port.load, Cat(1, port.block_in), 0) for port in ports)
    m.d.comb += [
        Cat(turner.shift, turner.turn, turner.tile, turner.word_in).eq(any_of(shifts)),
        Cat(turner.load, turner.block_in).eq(any_of(loads)),
    ]
    for port in ports:
        m.d.comb += port.block.eq(turner.block)


def _runs(m, sequencer, unit):
    """Return whether a unit runs, from the cycle after ``start`` to ``done``."""
    runs, ports = Signal(), op_ports(unit)
    with m.If(any_of(port.done for port in ports) | sequencer.halt):
        m.d.sync += runs.eq(0)
    with m.If(any_of(port.start for port in ports)):
        m.d.sync += runs.eq(1)
    return runs
