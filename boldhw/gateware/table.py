"""Read what a pass needs to know of a layer from the layer table."""

from amaranth.hdl import Cat, Module, Shape, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.config import FIELD_BITS, NOISE_BITS, SLOT_ROWS, TABLE_ROWS
from boldhw.gateware.array import sum_shape
from boldhw.layout import PASS_ROWS, TABLE

FORWARD, BACKWARD, UPDATE = range(3)


def field_shape(config, name):
    """Return the shape that a field has inside the engine."""
    total = sum_shape(config)
    groups = range(-(-config.max_fan_in // config.elements) + 1)
    words = range(config.max_fan_in // config.lanes + 1)
    lanes = range(config.elements + 1)
    weight_row, slot_row = range(config.weight_rows), range(SLOT_ROWS)
    return {
        "words": words,
        "groups": groups,
        "weight_row": weight_row,
        "input_row": slot_row,
        "origin": total,
        "window": total.width - 1,
        "zero_true": 1,
        "output_row": slot_row,
        "gate_row": slot_row,
        "output_lanes": lanes,
        "column_row": range(config.signal_rows),
        "dead": total.width - 1,
        "noise": NOISE_BITS,
        "signal_row": slot_row,
        "signal_words": words,
        "input_groups": groups,
        "transposed_row": weight_row,
        "input_lanes": lanes,
        "theta": config.accumulator_bits,
        "decay": FIELD_BITS,
    }[name.removeprefix("above_")]


def pass_rows(which):
    """Return the table rows of one pass, FORWARD, BACKWARD or UPDATE, for one layer."""
    return TABLE[which * PASS_ROWS : (which + 1) * PASS_ROWS - 1]


def fields_layout(config, which):
    """Return the structure of all fields of one pass."""
    names = [name for row in pass_rows(which) for name in row]
    return data.StructLayout({name: field_shape(config, name) for name in names})


class TablePort(Signature):
    """What a pass asks of the reader.

    In the cycle behind ``open`` the fields of ``layer`` begin to be read, one row a cycle, while
    ``reading``; ``done`` comes with the last row, and the fields are there from the next cycle on,
    until any pass reads again. With ``dual_port`` both come a cycle sooner, and the fields of the
    last row a cycle behind the others.
    """

    def __init__(self, config, which):
        super().__init__({
            "open": Out(1),
            "layer": Out(range(config.max_layers + 1)),
            "reading": In(1),
            "done": In(1),
            "fields": In(fields_layout(config, which)),
        })  # fmt: skip


class TableReader(wiring.Component):
    """Read the fields of one layer for one pass at a time, in 3 cycles and the memory's latency.

    With ``dual_port`` a pass goes on while the last row arrives.

    Only one pass is awake, so fields at the same place in the rows of different passes share one
    register.

    Members
    -------
    forward, backward, update : ports of the passes that the engine has.
    addr, read_data : towards the data memory; the address is 0 while nothing is read.
    busy : a pass has its fields read.
    """

    def __init__(self, config):
        self.config = config
        self._passes = {"forward": FORWARD}
        if config.training:
            self._passes |= {"backward": BACKWARD, "update": UPDATE}
        members = {name: In(TablePort(config, which)) for name, which in self._passes.items()}
        super().__init__(
            members
            | {
                "addr": Out(range(config.data_rows)),
                "read_data": In(4 * FIELD_BITS),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        ports = {which: getattr(self, name) for name, which in self._passes.items()}
        latency = self.config.read_latency
        cycles = PASS_ROWS - 1 + latency
        step, first, done = Signal(range(cycles)), Signal.like(self.addr), Signal()
        last = cycles - 1 - self.config.dual_port
        m.d.comb += [
            self.addr.eq(first | step % PASS_ROWS),
            done.eq(self.busy & (step == last)),
        ]
        with m.If(self.busy | (step > last)):
            m.d.sync += step.eq(step + 1)
        if cycles > PASS_ROWS:
            with m.If(step == cycles - 1):
                m.d.sync += step.eq(0)
        with m.If(done):
            m.d.sync += [self.busy.eq(0), first.eq(0)]
        for which, port in ports.items():
            m.d.comb += [port.reading.eq(self.busy), port.done.eq(done)]
            with m.If(port.open):
                m.d.sync += self.busy.eq(1)
                m.d.sync += first.eq(which * PASS_ROWS | port.layer * TABLE_ROWS)
        registers = [self._row(m, step == row + latency, row) for row in range(PASS_ROWS - 1)]
        for which, port in ports.items():
            fields = [
                registers[row][column][: Shape.cast(field_shape(self.config, name)).width]
                for row, names in enumerate(pass_rows(which))
                for column, name in enumerate(names)
            ]
            m.d.comb += port.fields.as_value().eq(Cat(fields))
        return m

    def _row(self, m, capture, row):
        """Return the registers of a row, as wide as the widest field at each place."""
        registers = []
        for column in range(4):
            names = [
                rows[row][column]
                for rows in map(pass_rows, self._passes.values())
                if column < len(rows[row])
            ]
            shapes = [Shape.cast(field_shape(self.config, name)) for name in names]
            width = max((shape.width for shape in shapes), default=0)
            register = Signal(width, name=f"row{row}_field{column}")
            with m.If(capture):
                m.d.sync += register.eq(self.read_data.word_select(column, FIELD_BITS))
            registers.append(register)
        return registers
