"""Collect groups of P bits into operand words."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature


class PackerPort(Signature):
    """When groups are packed. Members are those of a pass.

    Members
    -------
    push : Out(1)
        A group is there.
    restart : Out(1)
        The next group starts a word; with one port of the data memory the words become 0.
    filling : In(1), combinational from registers
        The next group will complete the words.
    full : In(1), registered
        The last group that came completed them; holds from the cycle after it until the next one.
    """

    def __init__(self):
        super().__init__({
            "push": Out(1),
            "restart": Out(1),
            "filling": In(1),
            "full": In(1),
        })  # fmt: skip


class PairPort(Signature):
    """Bits of a first and of a second word: outputs and gate bits, or signs and masks.

    Parameters
    ----------
    width : int

    Members
    -------
    first, second : Out(width)
    """

    def __init__(self, width):
        super().__init__({"first": Out(width), "second": Out(width)})


class Packer(wiring.Component):
    """Collect pairs of P-bit groups into a pair of S-bit words.

    The first group of a word sets all later ones to 0, which pads a word that ends early.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements`` (P), ``lanes`` (S), ``training`` and ``dual_port``.

    Members
    -------
    forward : In(PackerPort())
        The forward pass. Only one pass is awake; an idle one drives zeros.
    fired : In(PairPort(config.elements))
        Its groups: activations and gate bits.
    backward : In(PackerPort())
        The backward pass; like ``deltas`` only in an engine that trains.
    deltas : In(PairPort(config.elements))
        Its groups: signs and masks.
    words : Out(PairPort(config.lanes))
        The words, registered; they hold from the cycle after a group until the next group.

    Latency
    -------
    1 cycle, one group per cycle. A word of two groups a and b::

        cycle              0     1      2      3
        forward.push       1     1      0      0
        fired              a     b
        forward.filling    0     1      0      0
        forward.full             0      1      1
        words                    0 a    b a    b a
    """

    def __init__(self, config):
        self.config = config
        p, s = config.elements, config.lanes
        members = {
            "forward": In(PackerPort()),
            "fired": In(PairPort(p)),
            "words": Out(PairPort(s)),
        }
        if config.training:
            members |= {"backward": In(PackerPort()), "deltas": In(PairPort(p))}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        p, groups, words = self.config.elements, self.config.subwords, self.words
        place, filling, full = Signal(range(groups)), Signal(), Signal()
        push, restart, first, second = self._merged(m, filling, full)
        m.d.comb += filling.eq(place == groups - 1)
        with m.If(push):
            m.d.sync += [place.eq(place + 1), full.eq(filling)]
            with m.If(filling):
                m.d.sync += place.eq(0)
            with m.If(place == 0):
                m.d.sync += [words.first.eq(0), words.second.eq(0)]
            m.d.sync += [
                words.first.word_select(place, p).eq(first),
                words.second.word_select(place, p).eq(second),
            ]
        with m.If(restart):
            m.d.sync += [place.eq(0), full.eq(0)]
            if not self.config.dual_port:
                m.d.sync += [words.first.eq(0), words.second.eq(0)]
        return m

    def _merged(self, m, filling, full):
        """Return push, restart and both groups, of the pass that is awake."""
        push, restart, fired = Signal(), Signal(), self.fired
        first, second = Signal.like(fired.first), Signal.like(fired.second)
        m.d.comb += [
            push.eq(self.forward.push),
            restart.eq(self.forward.restart),
            first.eq(fired.first),
            second.eq(fired.second),
            self.forward.filling.eq(filling),
            self.forward.full.eq(full),
        ]
        if self.config.training:
            m.d.comb += [
                push.eq(self.forward.push | self.backward.push),
                restart.eq(self.forward.restart | self.backward.restart),
                self.backward.filling.eq(filling),
                self.backward.full.eq(full),
            ]
            with m.If(self.backward.push):
                m.d.comb += [first.eq(self.deltas.first), second.eq(self.deltas.second)]
        return push, restart, first, second
