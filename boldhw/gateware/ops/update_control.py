"""Which step follows which in a unit that runs VOTE and FLIP."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.ranges import groups_bits
from boldhw.gateware.ops.row_pass import pass_cycles


class UpdateControl(wiring.Component):
    """Go through input groups, their blocks of weights, and outputs.

    Outputs of a VOTE are sent one after the other, and the group is over when the row of the last
    one is written. Of a FLIP a block is loaded; each output passes and shifts the block; those that
    the block lacks only shift it; it is stored, and for the transposed plane goes round once more,
    exchanges rows and columns and is stored again. A FLIP has nothing to send: ``send`` reads a row
    of accumulators.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements`` (P), ``data_rows``, ``latency`` and ``read_latency``.

    Members
    -------
    vote, flip : In(1)
        An op of this kind starts.
    both : In(1)
        There is a transposed plane. Constant, like ``outputs``.
    outputs : In(groups_bits(size))
        Outputs of the op.
    built : In(1)
        The columns of an input group are built.
    of_all : In(1)
        It is the last one.
    sent : In(1)
        The last word of an output is sent, with ``send``.
    passed : In(1)
        A row of accumulators is changed.
    loaded : In(1)
        A block of weights is loaded.
    is_vote : Out(1), registered
        The op is a VOTE; from the cycle after its start on.
    onward : Out(1), combinational
        Go on to the next input group. As all outputs below from registers only, and from ``sent``,
        ``passed`` and ``loaded``.
    next : Out(1), combinational
        Go on to the next block of this one.
    fetch : Out(1), combinational
        Read a block.
    send : Out(1), combinational
        Send outputs.
    flipping : Out(1), combinational
        A row flips weights, or will soon.
    number : Out(range(size.elements)), registered
        Output in the block.
    goes_round : Out(1), combinational
        Shift the block by a word, which stays as it is.
    turns : Out(1), combinational
        With that: turn it over.
    stores : Out(1), combinational
        Store the block.
    turning : Out(1), registered
        In the transposed plane.
    ends : Out(1), combinational
        All blocks are stored: the count of flips is read.
    done : Out(1), combinational
        The op ends.

    Latency
    -------
    See :func:`boldhw.spec.ops.cycles.cycles`.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "vote": In(1),
            "flip": In(1),
            "both": In(1),
            "outputs": In(groups_bits(size)),
            "built": In(1),
            "of_all": In(1),
            "sent": In(1),
            "passed": In(1),
            "loaded": In(1),
            "is_vote": Out(1),
            "onward": Out(1),
            "next": Out(1),
            "fetch": Out(1),
            "send": Out(1),
            "flipping": Out(1),
            "number": Out(range(size.elements)),
            "goes_round": Out(1),
            "turns": Out(1),
            "stores": Out(1),
            "turning": Out(1),
            "ends": Out(1),
            "done": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, p = self.size, self.size.elements
        # From the last word of a group to its last row.
        most = size.latency + size.read_latency + pass_cycles(size) - 1
        left, drain = Signal(groups_bits(size)), Signal(range(most + 1))
        group_ends, last, flips = Signal(), Signal(), Signal()
        m.d.comb += [
            flips.eq(~self.is_vote),
            last.eq(self.number == p - 1),
            self.onward.eq(group_ends & ~self.of_all),
            self.done.eq(Mux(flips, delay(m, self.ends, size.read_latency),
                             group_ends & self.of_all)),
        ]  # fmt: skip
        with m.If(self.vote | self.flip):
            m.d.sync += self.is_vote.eq(self.vote)
        with m.If(self.built | self.flip | self.onward):
            m.d.sync += left.eq(self.outputs)
        with m.If(self.passed & flips | self.goes_round):
            m.d.sync += self.number.eq(Mux(last, 0, self.number + 1))
        with m.If(drain != 0):
            m.d.sync += drain.eq(drain - 1)
        with m.FSM():
            with m.State("IDLE"):
                with m.If(self.vote):
                    m.next = "BUILD"
                with m.If(self.flip):
                    m.next = "LOAD"
            with m.State("BUILD"), m.If(self.built):
                m.next = "SEND"
            with m.State("LOAD"):
                m.d.comb += self.fetch.eq(1)
                m.next = "LOADS"
            with m.State("LOADS"), m.If(self.loaded):
                m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += self.send.eq(1)
                with m.If(self.sent | flips):
                    m.d.sync += [left.eq(left - 1), drain.eq(most)]
                    with m.If(left == 1):
                        m.next = "DRAIN"
                    with m.If(flips):
                        m.next = "PASS"
            with m.State("DRAIN"), m.If(drain == 1):
                m.d.comb += group_ends.eq(1)
                self._onward(m)
            with m.State("PASS"):
                m.d.comb += self.flipping.eq(1)
                with m.If(self.passed):
                    m.next = "SEND"
                    with m.If(left == 0):
                        m.next = "ROUND"
                    with m.If(last):
                        m.next = "STORE"
            with m.State("ROUND"):
                m.d.comb += [self.goes_round.eq(1), self.turns.eq(last & self.turning)]
                with m.If(last):
                    m.next = "STORE"
            with m.State("STORE"):
                m.d.comb += self.stores.eq(1)
                with m.If(self.both & ~self.turning):
                    m.d.sync += self.turning.eq(1)
                    m.next = "ROUND"
                with m.Else():
                    m.d.sync += self.turning.eq(0)
                    m.d.comb += [self.next.eq(left != 0), group_ends.eq(left == 0)]
                    m.next = "LOAD"
                    with m.If(left == 0):
                        self._onward(m)
            with m.State("ENDS"):
                m.d.comb += self.ends.eq(1)
                m.next = "IDLE"
        return m

    def _onward(self, m):
        """Go on to what follows an input group."""
        m.next = "BUILD"
        with m.If(~self.is_vote):
            m.next = "LOAD"
        with m.If(self.of_all):
            m.next = "IDLE"
            with m.If(~self.is_vote):
                m.next = "ENDS"
