"""The array of op lists: as many arrays as there are planes, which share their weights."""

from amaranth.hdl import Cat, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.array import PEArray
from boldhw.gateware.ops.array_config import ArrayConfig
from boldhw.gateware.ops.ports import sums_layout


class ArrayPlanes(wiring.Component):
    """Sum up a word of weights with the operand of each plane, in all planes at once.

    Golden model: :func:`boldhw.golden.ops.mac.run`, its sums.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements``, ``lanes``, ``planes``, ``sum_bits``, ``popcount_registers`` and the
        latency.

    Members
    -------
    weights : In(size.elements * size.lanes)
        One word for each element, element 0 lowest.
    sign, mask : In(size.planes * size.lanes)
        Operands, plane 0 lowest.
    valid : In(1)
        A word enters.
    first, last : In(1)
        With ``valid``: the word starts, and ends, a sum.
    zero_true : In(1)
        Weights are {0,T} coded, and the sums come out doubled. It must hold until they are done.
    done : Out(1), registered
        One cycle: ``sums`` are those of the words up to ``last``.
    sums : Out(sums_layout(size)), registered
        The sums, until the next ones are done.

    Latency
    -------
    That of :class:`boldhw.gateware.array.array.PEArray`.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "weights": In(size.elements * size.lanes),
            "sign": In(size.planes * size.lanes),
            "mask": In(size.planes * size.lanes),
            "valid": In(1),
            "first": In(1),
            "last": In(1),
            "zero_true": In(1),
            "done": Out(1),
            "sums": Out(sums_layout(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, sums = self.size, []
        for plane in range(size.planes):
            m.submodules[f"plane{plane}"] = array = PEArray(ArrayConfig(size))
            m.d.comb += [
                array.weights.eq(self.weights),
                array.sign.eq(self.sign.word_select(plane, size.lanes)),
                array.mask.eq(self.mask.word_select(plane, size.lanes)),
                array.valid.eq(self.valid),
                array.first.eq(self.first),
                array.last.eq(self.last),
                array.zero_true_vote.eq(self.zero_true),
            ]
            sums.append(array.sums)
            if plane == 0:
                m.d.comb += self.done.eq(array.done)
        m.d.comb += self.sums.eq(Cat(sums))
        return m
