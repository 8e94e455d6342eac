"""The data memory, for layer table, accumulators and gathered samples."""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.delay import copies, delay
from boldhw.gateware.memory.memories import WRITTEN_FIRST, new_memory
from boldhw.gateware.memory.single_port import single_port_rams
from boldhw.gateware.platforms import has_large_blocks, is_up5k
from boldhw.spec import memories


class DataMemoryPort(Signature):
    """Access to the rows of a data memory. Members are those of its user.

    Parameters
    ----------
    config : EngineConfig
        Gives ``data_rows``, ``data_width``, ``data_slices``, ``lanes`` and ``dual_port``.

    Members
    -------
    addr : Out(config.data_slices * (config.data_rows - 1).bit_length())
        Row to read, without ``dual_port`` or to write: the same one for each slice of the columns,
        one after the other.
    write : Out(1)
        Write ``write_data``.
    write_data : Out(config.data_width)
        Row to write.
    read_data : In(config.data_width), registered
        The row at ``addr``.
    operand : In(config.lanes), registered
        The operand word in ``read_data``, on a large device from registers of its own.
    write_addr : Out(range(config.data_rows))
        Row to write; only with ``dual_port``.
    """

    def __init__(self, config):
        members = {
            "addr": Out(config.data_slices * (config.data_rows - 1).bit_length()),
            "write": Out(1),
            "write_data": Out(config.data_width),
            "read_data": In(config.data_width),
            "operand": In(config.lanes),
        }
        if config.dual_port:
            members |= {"write_addr": Out(range(config.data_rows))}
        super().__init__(members)


class DataMemory(wiring.Component):
    """Store the layer table, the accumulators and the gathered samples, one row a cycle.

    With ``dual_port`` rows are read at ``addr`` and written at ``write_addr`` in the same cycle,
    and registers are on both sides of the memory, which is spread over the whole device.

    On an iCE40UP5K the rows are single-port RAM primitives, which start with unknown contents.
    Elsewhere they are memories that synthesis maps to block RAM, with block RAM of 18 kbit a stack
    of them.

    Parameters
    ----------
    config : EngineConfig
        Gives ``data_rows``, ``data_width``, ``data_slices``, ``lanes`` and ``dual_port``.

    Members
    -------
    Those of :class:`DataMemoryPort`, flipped.

    Latency
    -------
    1 cycle from ``addr`` to ``read_data``, with ``dual_port`` 2; one access per cycle, with
    ``dual_port`` a read and a write. What ``read_data`` shows after a cycle that wrote is not
    defined. A write to row r, then a read of it::

        cycle         0     1     2
        addr          r     r
        write         1     0
        read_data                 new

    With ``dual_port`` a row must be read neither in the cycle in which it is written nor in the
    next one::

        cycle         0     1     2     3     4
        write_addr    r
        write         1     0
        addr                      r
        read_data                             new
    """

    def __init__(self, config):
        self.config = config
        super().__init__({**DataMemoryPort(config).flip().members})

    def elaborate(self, platform):
        if is_up5k(platform) and not self.config.dual_port:
            return self._single_port_rams()
        return self._stack(memories.data(self.config, has_large_blocks(platform)))

    def _stack(self, shapes):
        """Use memories of these shapes, some for each slice of the columns."""
        m = Module()
        slices, targets = self.config.data_slices, [getattr(self, "write_addr", self.addr)]
        write_data = self.write_data
        if self.config.dual_port:
            targets, write_data = copies(m, self.write_addr, slices), delay(m, write_data, 1)
        parts = len(shapes) // slices
        result = Cat(
            self._slice(m, shapes[index * parts :][:parts], index, targets[index], write_data)
            for index in range(slices)
        )
        readers = copies(m, result, slices) if self.config.dual_port else [result]
        m.d.comb += [self.read_data.eq(readers[0]), self.operand.eq(readers[-1])]
        return m

    def _slice(self, m, shapes, index, target, write_data):
        """Write and read some of the columns; return them."""
        row_bits = len(self.addr) // self.config.data_slices
        addr, result = self.addr.word_select(index, row_bits), 0
        write_addr = getattr(self, "write_addr", addr)
        late = 1 if self.config.dual_port else 0
        was = delay(m, addr, 1)
        for shape in shapes:
            m.submodules[shape.name] = rows = new_memory(shape, WRITTEN_FIRST)
            read, write = rows.read_port(), rows.write_port()
            low, first = (shape.rows - 1).bit_length(), shape.first_row
            m.d.comb += [
                read.addr.eq(addr[:low]),
                read.en.eq(1 if self.config.dual_port else ~self.write),
                write.addr.eq(target[:low]),
                write.data.eq(write_data[shape.first_bit :][: shape.width]),
                write.en.eq(delay(m, self.write & (write_addr[low:] == first >> low), late)),
            ]
            result |= Mux(was[low:] == first >> low, read.data, 0)
        return result

    def _single_port_rams(self):
        m = Module()
        shape = self.config.data_width, self.config.data_rows
        result = single_port_rams(m, shape, self.addr, self.write, self.write_data)
        m.d.comb += [self.read_data.eq(result), self.operand.eq(result)]
        return m
