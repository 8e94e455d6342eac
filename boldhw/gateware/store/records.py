"""Fetches stored samples in the order of an epoch."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.memory.memory_port import BURST_BITS, MemoryPort
from boldhw.gateware.store.order import OrderUnit
from boldhw.spec import memories
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.protocol import RECORD_BITS

STRIDE_BITS = 4  # of the logarithm of the distance between records


def last_bits(config):
    """Return the bits of the number of a record's words of memory, less one.

    The records of an engine of op lists can be longer than a burst.
    """
    if not config.runs_ops:
        return BURST_BITS
    return ((config.store_parts << RECORD_BITS) - 1).bit_length()


class Records(wiring.Component):
    """Read records from the memory and give their operand words, the label's first.

    After ``start`` as many records follow as ``count`` gives, the first one at the current number
    of the order. The next one is fetched before its words are taken, as far as the queue reaches.
    The address of a record is its number, shifted by one bit a cycle. A record that is longer than
    a burst takes several requests.

    Golden model: :class:`boldhw.spec.order.Order`.

    Parameters
    ----------
    config : EngineConfig or LinkedArray
        Gives ``lanes``, the queue and the memory of the store.

    Members
    -------
    start : In(1)
        Fetch records; only when all words of the earlier ones are taken.
    count : In(FIELD_BITS)
        Records to fetch.
    stride : In(STRIDE_BITS)
        Logarithm of the words of memory from a record to the next.
    last : In(last_bits(config))
        Words of memory of a record, less one.
    samples : In(FIELD_BITS)
        Of the order, see :class:`boldhw.gateware.store.order.OrderUnit`.
    taps : In(FIELD_BITS)
        Of the order, likewise.
    state_write : In(1)
        Begin the order again with ``state``.
    state : In(FIELD_BITS)
        State of the order.
    memory : Out(MemoryPort(config.store_address_bits, config.store_width))
        Memory of the records; requests are registered, ``words.ready`` is combinational.
    o : Out(stream.Signature(config.lanes))
        Operand words, from the queue; lanes that the memory's last word has beyond the operand word
        are dropped.

    Latency
    -------
    ``stride + 3`` cycles from ``start`` to the first request, if the order has its number; 2 cycles
    from the last word of memory of an operand word to ``o``. One word of memory a cycle::

        cycle           0     1        2 .. stride + 2     stride + 3     ..  w       w + 1   w + 2
        start           1
        numbers               taken
        address                        shifted
        memory                                             request            word
        o                                                                                     word
    """

    def __init__(self, config):
        self.config = config
        memory = MemoryPort(config.store_address_bits, config.store_width)
        super().__init__({
            "start": In(1),
            "count": In(FIELD_BITS),
            "stride": In(STRIDE_BITS),
            "last": In(last_bits(config)),
            "samples": In(FIELD_BITS),
            "taps": In(FIELD_BITS),
            "state_write": In(1),
            "state": In(FIELD_BITS),
            "memory": Out(memory),
            "o": Out(stream.Signature(config.lanes)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.order = order = OrderUnit()
        m.d.comb += [
            order.samples.eq(self.samples),
            order.taps.eq(self.taps),
            order.write.eq(self.state_write),
            order.write_data.eq(self.state),
        ]
        self._request(m, order.o)
        self._join(m)
        return m

    def _request(self, m, numbers):
        """Ask for the record of each number; its address is the number, shifted bit by bit."""
        request = self.memory.request
        left, shifts = Signal(FIELD_BITS), Signal(STRIDE_BITS)
        addr = Signal(len(request.p.addr))
        taken = self._burst(m, addr)
        with m.If(self.start):
            m.d.sync += left.eq(self.count)
        with m.FSM():
            with m.State("NUMBER"), m.If(left != 0):
                m.d.comb += numbers.ready.eq(1)
                m.d.sync += [addr.eq(numbers.payload), shifts.eq(self.stride)]
                with m.If(numbers.valid):
                    m.next = "SHIFT"
            with m.State("SHIFT"):
                m.d.sync += shifts.eq(shifts - 1)
                with m.If(shifts == 0):
                    m.next = "REQUEST"
                with m.Else():
                    m.d.sync += addr.eq(addr << 1)
            with m.State("REQUEST"):
                m.d.comb += request.valid.eq(1)
                with m.If(taken):
                    m.d.sync += left.eq(left - 1)
                    m.next = "NUMBER"

    def _burst(self, m, addr):
        """Ask for the next burst of the record at ``addr``; return whether the last one is taken.

        addr: has zeros where the numbers of bursts go.
        """
        request = self.memory.request
        low, high = self.last[:BURST_BITS], self.last[BURST_BITS:]
        if not len(high):
            m.d.comb += [request.p.addr.eq(addr), request.p.last.eq(low)]
            return request.ready
        burst, ended = Signal.like(high), Signal()
        m.d.comb += [
            ended.eq(burst == high),
            request.p.addr.eq(addr | burst << BURST_BITS),
            request.p.last.eq(low | Mux(ended, 0, (1 << BURST_BITS) - 1)),
        ]
        with m.If(request.valid & request.ready):
            m.d.sync += burst.eq(Mux(ended, 0, burst + 1))
        return request.ready & ended

    def _join(self, m):
        """Make operand words of the memory's words, and queue a record of them."""
        config, words = self.config, self.memory.words
        (shape,) = memories.records(config)
        m.submodules.queue = queue = fifo.SyncFIFOBuffered(width=shape.width, depth=shape.rows + 1)
        parts, width = config.store_parts, config.store_width
        held, place = Signal((parts - 1) * width), Signal(range(parts))
        whole = Cat(held, words.payload)
        last = place == parts - 1
        m.d.comb += [
            words.ready.eq(~last | queue.w_rdy),
            queue.w_data.eq(whole),
            queue.w_en.eq(words.valid & last),
            self.o.payload.eq(queue.r_data),
            self.o.valid.eq(queue.r_rdy),
            queue.r_en.eq(self.o.ready),
        ]
        with m.If(words.valid & words.ready):
            m.d.sync += place.eq(place + 1)
            with m.If(last):
                m.d.sync += place.eq(0)
            if parts > 1:
                m.d.sync += held.eq(whole[width:])
