"""Read the fields of a layer from the layer table."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.config import FIELD_BITS, NOISE_BITS, SLOT_ROWS, TABLE_ROWS
from boldhw.gateware.array import sum_shape
from boldhw.layout import TABLE

# Values beyond what the unit can hold mean the same as its largest value.
SATURATING = {"window", "dead", "theta"}


def field_shape(config, name):
    """Return the shape that a field has inside the engine."""
    total = sum_shape(config)
    groups = range(-(-config.max_fan_in // config.elements) + 1)
    words = range(config.max_fan_in // config.lanes + 1)
    lanes = range(config.elements + 1)
    weight_row, data_row = range(config.weight_rows), range(config.data_rows)
    slot_row = range(SLOT_ROWS)
    return {
        "words": words,
        "groups": groups,
        "weight_row": weight_row,
        "input_row": slot_row,
        "tau": total,
        "window": total.width - 1,
        "pad": range(config.lanes),
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
        "accumulator_row": data_row,
        "decay": FIELD_BITS,
    }[name]


class TableReader(wiring.Component):
    """Read fields of one layer and, where a pass needs them, of the layer below it.

    While ``run`` is high one row is read per cycle; ``done`` comes with the last one, after
    ``cycles`` cycles, and the fields are there from the next cycle on.

    Parameters
    ----------
    fields : names of the layer's own fields.
    below : names of fields of the layer below; they appear as ``below_NAME``.

    Members
    -------
    layer : index of the layer.
    addr, read_data : towards the data memory.
    fields : structure of the fields.
    """

    def __init__(self, config, fields, below=()):
        self.config = config
        self._rows = self._plan(fields, 0) + self._plan(below, -1)
        self.cycles = len(self._rows) + 1
        layout = {name: field_shape(config, name) for name in fields}
        layout |= {f"below_{name}": field_shape(config, name) for name in below}
        super().__init__(
            {
                "run": In(1),
                "layer": In(range(config.max_layers + 1)),
                "addr": Out(range(config.data_rows)),
                "read_data": In(4 * FIELD_BITS),
                "done": Out(1),
                "fields": Out(data.StructLayout(layout)),
            }
        )

    @staticmethod
    def _plan(names, offset):
        """Return (layer offset, row, names in that row) for every row that holds one of names."""
        plan = [
            (offset, row, [n for n in names if n in fields]) for row, fields in enumerate(TABLE)
        ]
        return [entry for entry in plan if entry[2]]

    def elaborate(self, platform):
        m = Module()
        step = Signal(range(self.cycles))
        below = Signal.like(self.layer)
        m.d.comb += [self.done.eq(self.run & (step == len(self._rows))), below.eq(self.layer - 1)]
        with m.If(self.run):
            m.d.sync += step.eq(Mux(self.done, 0, step + 1))
        with m.Switch(step):
            for index, (offset, row, _) in enumerate(self._rows):
                with m.Case(index):
                    layer = below if offset else self.layer
                    m.d.comb += self.addr.eq(Cat(Const(row, (TABLE_ROWS - 1).bit_length()), layer))
        with m.Switch(step):
            for index, (offset, row, names) in enumerate(self._rows):
                with m.Case(index + 1):
                    m.d.sync += [self._capture(name, row, offset) for name in names]
        return m

    def _capture(self, name, row, offset):
        register = getattr(self.fields, f"below_{name}" if offset else name)
        field = self.read_data.word_select(TABLE[row].index(name), FIELD_BITS)
        width = len(register)
        if name in SATURATING and width < FIELD_BITS:
            field = field[:width] | field[width:].any().replicate(width)
        return register.eq(field)
