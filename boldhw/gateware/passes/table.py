"""Read what a pass needs to know of a layer from the layer table."""

from amaranth.hdl import Cat, Module, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.spec.engine import TABLE_ROWS
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.table import FIELDS, FIELDS_PER_ROW, PASS_ROWS, TABLE

FORWARD, BACKWARD, UPDATE = range(3)


def pass_names(config):
    """Return the names of the passes that an engine has; its place is the number of each."""
    return ("forward", "backward", "update") if config.training else ("forward",)


def field_shape(config, key):
    """Return the shape that a field of the layer table has inside the engine.

    Raises KeyError for a key that no :class:`boldhw.spec.table.Field` has.
    """
    field = FIELDS[key]
    width = field.width(config)
    return signed(width) if field.signed else unsigned(width)


def pass_rows(which):
    """Return the table rows of one pass, FORWARD, BACKWARD or UPDATE, for one layer."""
    return TABLE[which * PASS_ROWS : (which + 1) * PASS_ROWS - 1]


def fields_layout(config, which):
    """Return the structure of all fields of one pass."""
    keys = [field.key for row in pass_rows(which) for field in row]
    return data.StructLayout({key: field_shape(config, key) for key in keys})


class TablePort(Signature):
    """Fields of a layer to read. Members are those of the pass.

    Parameters
    ----------
    config : EngineConfig
        Gives ``max_layers`` and the widths of the fields.
    which : int
        FORWARD, BACKWARD or UPDATE.

    Members
    -------
    open : Out(1), combinational
        Read the fields of ``layer``, one row a cycle, from the next cycle on.
    layer : Out(range(config.max_layers + 1)), combinational
        The layer.
    reading : In(1), registered
        The fields are being read.
    done : In(1), combinational
        The last row arrives, with ``dual_port`` the last but one. From registers only.
    fields : In(fields_layout(config, which)), registered
        Valid from the cycle after ``done``, with ``dual_port`` those of the last row one cycle
        later, until any pass reads again.
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
    """Read the fields of one layer for one pass at a time.

    With ``dual_port`` a pass goes on while the last row arrives. Only one pass is awake, so fields
    at the same place in the rows of different passes share one register.

    Parameters
    ----------
    config : EngineConfig
        Gives ``data_rows``, ``max_layers``, ``read_latency``, ``training``, ``dual_port`` and the
        widths of the fields.

    Members
    -------
    forward : In(TablePort(config, FORWARD))
        The forward pass; ``reading`` and ``fields`` are registered, ``done`` is combinational.
    backward : In(TablePort(config, BACKWARD))
        The backward pass, likewise; only in an engine that trains.
    update : In(TablePort(config, UPDATE))
        The update pass, likewise; only in an engine that trains.
    addr : Out(range(config.data_rows)), combinational
        Row to read from the data memory, 0 while none is read. From registers only.
    read_data : In(FIELDS_PER_ROW * FIELD_BITS)
        The four fields of the row, ``read_latency`` cycles after ``addr``.
    busy : Out(1), registered
        Fields are being read.

    Latency
    -------
    4 cycles from ``open`` to ``done``, one layer in 5 cycles. The rows r, s and t of a layer::

        cycle        0     1     2     3     4     5
        open         1
        busy               1     1     1     1
        addr               r     s     t
        read_data                r     s     t
        done                                 1
        fields                         r     s     t

    With ``dual_port`` the data memory takes 2 cycles, and ``done`` comes one cycle early::

        cycle        0     1     2     3     4     5     6
        open         1
        busy               1     1     1     1
        addr               r     s     t
        read_data                      r     s     t
        done                                 1
        fields                               r     s     t
    """

    def __init__(self, config):
        self.config = config
        self._passes = {name: which for which, name in enumerate(pass_names(config))}
        members = {name: In(TablePort(config, which)) for name, which in self._passes.items()}
        super().__init__(
            members
            | {
                "addr": Out(range(config.data_rows)),
                "read_data": In(FIELDS_PER_ROW * FIELD_BITS),
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
                registers[row][column][: field.width(self.config)]
                for row, of_row in enumerate(pass_rows(which))
                for column, field in enumerate(of_row)
            ]
            m.d.comb += port.fields.as_value().eq(Cat(fields))
        return m

    def _row(self, m, capture, row):
        """Return the registers of a row, as wide as the widest field at each place."""
        registers = []
        for column in range(FIELDS_PER_ROW):
            widths = [
                rows[row][column].width(self.config)
                for rows in map(pass_rows, self._passes.values())
                if column < len(rows[row])
            ]
            width = max(widths, default=0)
            register = Signal(width, name=f"row{row}_field{column}")
            with m.If(capture):
                m.d.sync += register.eq(self.read_data.word_select(column, FIELD_BITS))
            registers.append(register)
        return registers
