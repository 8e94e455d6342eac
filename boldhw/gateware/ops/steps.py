"""Accumulators that decay and take a step: what VOTE makes of votes."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import data_delay, data_register, delay
from boldhw.spec.geometry import FIELD_BITS

MOST = 7  # bits that are dropped from a vote


def accumulators_layout(size):
    """Return the layout of P accumulators."""
    return data.ArrayLayout(signed(size.accumulator_bits), size.elements)


def row_sums_layout(size):
    """Return the layout of the sums of P accumulators."""
    return data.ArrayLayout(signed(size.sum_bits), size.elements)


def decayed(accumulator, decay):
    """Return an accumulator less its share that decays, 1/65536."""
    return accumulator - (accumulator * decay >> FIELD_BITS)


def clamped(value, size):
    """Return a value as an accumulator holds it."""
    return limited(value, size.accumulator_bits)


def limited(value, bits):
    """Return a signed value with so many bits, the limit that it is beyond if there is one."""
    low = bits - 1
    top = value[low:]
    beyond, negative = top.any() & ~top.all(), value[-1]
    return Cat(Mux(beyond, (~negative).replicate(low), value[:low]), negative).as_signed()


def steps_latency(size):
    """Return the cycles of a step; with two ports votes and accumulators take a register first."""
    return 3 if size.dual_port else 2


class Steps(wiring.Component):
    """Add votes to P accumulators: ``m <- clamp(m - (m decay >> 16) + ((u - q) >> r))``.

    Golden model: :func:`boldhw.golden.ops.vote.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements``, ``accumulator_bits`` and ``dual_port``.

    Members
    -------
    valid : In(1)
        Sums and accumulators are there.
    sums : In(row_sums_layout(size))
        Votes q; twice that with ``doubled``.
    accumulators : In(accumulators_layout(size))
        Accumulators m.
    lanes : In(size.elements)
        Lanes that vote; a vote of the others is 0. Constant during an op, as all that follows.
    doubled : In(1)
        Sums are twice the votes.
    rounding : In(range(MOST + 1))
        Bits r that are dropped, a cycle before ``valid``.
    offset : In(MOST)
        What rounds, u: less than ``2 ** rounding``.
    decay : In(FIELD_BITS)
        Share that decays, 1/65536.
    done : Out(1), registered
        The new accumulators are there.
    result : Out(accumulators_layout(size)), registered
        The new accumulators, until the next ones.

    Latency
    -------
    :func:`steps_latency` cycles from ``valid`` to ``done``, P accumulators a cycle.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "valid": In(1),
            "sums": In(row_sums_layout(size)),
            "accumulators": In(accumulators_layout(size)),
            "lanes": In(size.elements),
            "doubled": In(1),
            "rounding": In(range(MOST + 1)),
            "offset": In(MOST),
            "decay": In(FIELD_BITS),
            "done": Out(1),
            "result": Out(accumulators_layout(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        factor, offset = Signal(MOST + 2), Signal(MOST + 1)
        m.d.sync += [
            factor.eq(Const(1 << MOST + 1) >> (self.rounding + self.doubled)),
            offset.eq(self.offset << self.doubled),
        ]
        early = steps_latency(self.size) - 2
        valid = delay(m, self.valid, early)
        stepping = delay(m, valid, 1)
        m.d.sync += self.done.eq(stepping)
        result = data_register(accumulators_layout(self.size))
        m.d.comb += self.result.eq(result)
        for lane in range(self.size.elements):
            step = data_register(signed(self.size.sum_bits + 1), name=f"step{lane}")
            before = data_register(signed(self.size.accumulator_bits), name=f"before{lane}")
            vote = self.sums[lane] & self.lanes[lane].replicate(self.size.sum_bits).as_signed()
            vote, own = (data_delay(m, each, early) for each in (vote, self.accumulators[lane]))
            with m.If(valid):
                m.d.sync += [
                    # A shift by any number takes as much logic as all that follows.
                    step.eq((offset - vote) * factor >> MOST + 1),
                    before.eq(decayed(own, self.decay)),
                ]
            with m.If(stepping):
                m.d.sync += result[lane].eq(clamped(before + step, self.size))
        return m


def change_of(m, product, whole, most_drops, drops, bits, name=""):
    """Return twice what a product adds, as far as a sum may not saturate; whether it may not.

    The lowest bit rounds; the last value says that the product is negative, where it saturates.

    whole: bits of a fraction, less 1.  most_drops: largest value of ``drops``, the bits that are
    dropped besides.  bits: of the sum.  name: end of the names of the registers.
    """
    sign, most = product[-1], whole + most_drops + bits + 2
    window = product[whole:most] >> drops  # bits from there on are never part of the result
    beyond = (product[most - 1 :] ^ sign.replicate(len(product) - most + 1)).any()
    for number in range(most_drops):
        place = whole + bits + 1 + number
        beyond |= (product[place] ^ sign) & (drops <= number)
    change = Signal(signed(bits + 2), name=f"change{name}")
    over, negative = Signal(name=f"over{name}"), Signal(name=f"negative{name}")
    m.d.sync += [change.eq(window[: bits + 2]), over.eq(beyond), negative.eq(sign)]
    return change, over, negative
