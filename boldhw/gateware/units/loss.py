"""The margin loss: best wrong class, activity of a sample, signals of the last layer."""

from amaranth.hdl import EnableInserter, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.spec.geometry import FIELD_BITS

CLASS_BITS = 8


class OutputPort(Signature):
    """The outputs of a sample, in order. Members are those of the side that gives them.

    Members
    -------
    valid : Out(1)
        An output is there.
    value : Out(signed(16))
        Its sum.
    stall : Out(1)
        The loss does not take it yet.
    """

    def __init__(self):
        super().__init__({
            "valid": Out(1),
            "value": Out(signed(FIELD_BITS)),
            "stall": Out(1),
        })  # fmt: skip


class RecountPort(Signature):
    """The classes of the outputs, once more. Members are those of the backward pass.

    Members
    -------
    start : Out(1)
        Count from the first output on, a cycle after the sample is judged or later.
    step : Out(1)
        Go on to the next output.
    is_wrong, is_label, counting : In(1), registered
        The output at hand belongs to the best wrong class; to the label; to any class.
    """

    def __init__(self):
        super().__init__({
            "start": Out(1),
            "step": Out(1),
            "is_wrong": In(1),
            "is_label": In(1),
            "counting": In(1),
        })  # fmt: skip


class VerdictPort(Signature):
    """The outcome of a sample that is learnt. Members are those of the loss.

    Members
    -------
    hit : Out(1), registered
        The prediction is the label.
    active : Out(1), registered
        The sample must be learnt.
    """

    def __init__(self):
        super().__init__({"hit": Out(1), "active": Out(1)})


class Loss(wiring.Component):
    """Judge the scores of one sample, one output per cycle.

    Outputs come in order, ``outputs_per_class`` for each class; their sum is the score of the
    class. The best wrong class is the lowest one on ties.

    Golden model: :func:`boldhw.golden.rule.margin_loss` and ``predict``.

    Parameters
    ----------
    config : EngineConfig
        Gives ``training``.

    Members
    -------
    restart : In(1)
        Forget the sample before.
    outputs : In(OutputPort())
        Outputs of the sample, in order.
    label : In(CLASS_BITS)
        Class of the sample; constant during it, as the next three are.
    classes : In(CLASS_BITS)
        Classes of the network.
    outputs_per_class : In(CLASS_BITS)
        Outputs of each class.
    margin : In(FIELD_BITS)
        Lead of the label from which a sample is not learnt; only in an engine that trains, as are
        ``recount``, ``verdict`` and ``wrong``.
    score : Out(signed(FIELD_BITS)), combinational
        Score of a class, in the cycle of its last output.
    score_valid : Out(1), combinational
        ``score`` is that of a class.
    recount : In(RecountPort())
        The classes of the outputs once more; its outputs are registered.
    verdict : Out(VerdictPort())
        The outcome, registered.
    wrong : Out(CLASS_BITS), registered
        The best wrong class.

    Latency
    -------
    ``wrong`` holds from the cycle after the last output until ``restart``, ``verdict`` one cycle
    later; one output per cycle. Classes a and b of two outputs, and the first outputs counted
    again::

        cycle                  0     1     2     3     4     5     6     7
        restart                1
        outputs                      a0    a1    b0    b1
        score                              a           b
        wrong                                                of the sample
        verdict                                                    of the sample
        recount.start                                              1
        recount.step                                                     1
        recount.is_wrong, ..                                             a0
    """

    def __init__(self, config):
        self.config = config
        members = {
            "restart": In(1),
            "outputs": In(OutputPort()),
            "label": In(CLASS_BITS),
            "classes": In(CLASS_BITS),
            "outputs_per_class": In(CLASS_BITS),
            "score": Out(signed(FIELD_BITS)),
            "score_valid": Out(1),
        }
        if config.training:
            members |= {
                "margin": In(FIELD_BITS),
                "recount": In(RecountPort()),
                "verdict": Out(VerdictPort()),
                "wrong": Out(CLASS_BITS),
            }
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        counter = m.submodules.counter = ClassCounter()
        partial = Signal(signed(FIELD_BITS))
        m.d.comb += [
            counter.restart.eq(self.restart),
            counter.step.eq(self.outputs.valid),
            counter.outputs_per_class.eq(self.outputs_per_class),
            counter.classes.eq(self.classes),
            self.score.eq(partial + self.outputs.value),
            self.score_valid.eq(self.outputs.valid & counter.last & counter.counting),
        ]
        with m.If(self.outputs.valid):
            m.d.sync += partial.eq(Mux(counter.last, 0, self.score))
        with m.If(self.restart):
            m.d.sync += partial.eq(0)
        if self.config.training:
            m.d.comb += [
                counter.restart.eq(self.restart | self.recount.start),
                counter.step.eq(self.outputs.valid | self.recount.step),
                self.recount.counting.eq(counter.counting),
            ]
            self._compare(m, counter)
            self._judge(m, counter.index)
        # One enable of all registers: no path from it through the comparisons.
        return EnableInserter(~self.outputs.stall)(m)

    def _compare(self, m, counter):
        """Compare the class of the next output, one cycle before it comes."""
        index = counter.following
        m.d.sync += [
            self.recount.is_wrong.eq(index == self.wrong),
            self.recount.is_label.eq(index == self.label),
        ]

    def _judge(self, m, index):
        best, right = Signal(signed(FIELD_BITS)), Signal(signed(FIELD_BITS))
        any_wrong = Signal()
        beats_best = self._beats(m, best)
        with m.If(self.score_valid):
            with m.If(self.recount.is_label):
                m.d.sync += right.eq(self.score)
            with m.Elif(~any_wrong | beats_best):
                m.d.sync += [any_wrong.eq(1), best.eq(self.score), self.wrong.eq(index)]
        with m.If(self.restart):
            m.d.sync += any_wrong.eq(0)
        lead = Signal(signed(FIELD_BITS + 1))  # of the label
        m.d.comb += lead.eq(right - best)
        ahead = (lead > 0) | ((lead == 0) & (self.label < self.wrong))
        m.d.sync += [
            self.verdict.hit.eq(~any_wrong | ahead),
            self.verdict.active.eq(any_wrong & (lead < self.margin)),
        ]

    def _beats(self, m, best):
        """Return a condition: the score exceeds ``best``.

        The sums of a class are counted from ``-best - 1``, beside the score: the comparison needs
        no addition in front of it.
        """
        excess, total = Signal(signed(FIELD_BITS + 1)), Signal(signed(FIELD_BITS + 1))
        first = Signal()  # sum of a class
        m.d.comb += total.eq(Mux(first, ~best, excess) + self.outputs.value)
        with m.If(self.outputs.valid):
            m.d.sync += [excess.eq(total), first.eq(self.score_valid)]
        with m.If(self.restart):
            m.d.sync += first.eq(1)
        return total >= 0


class ClassCounter(wiring.Component):
    """Count outputs, and give the class of each.

    After the last class ``index`` goes on, and equals no class.

    Members
    -------
    restart : In(1)
        Begin again at the first output; wins over ``step``.
    step : In(1)
        Go on to the next output.
    outputs_per_class : In(CLASS_BITS)
        Outputs of each class, 1 and up.
    classes : In(CLASS_BITS)
        Classes to count.
    index : Out(CLASS_BITS + 1), registered
        Class of the current output.
    following : Out(CLASS_BITS + 1), combinational
        ``index`` of the next cycle.
    last : Out(1), registered
        The current output is the last one of its class.
    counting : Out(1), registered
        The current output belongs to a class.

    Latency
    -------
    1 cycle, one output per cycle. Two classes of two outputs::

        cycle        0    1    2    3    4    5
        restart      1    0    0    0    0
        step         0    1    1    1    1
        index             0    0    1    1    2
        following    0    0    1    1    2    2
        last              0    1    0    1    0
        counting          1    1    1    1    0
    """

    restart: In(1)
    step: In(1)
    outputs_per_class: In(CLASS_BITS)
    classes: In(CLASS_BITS)
    index: Out(CLASS_BITS + 1)
    following: Out(CLASS_BITS + 1)
    last: Out(1)
    counting: Out(1)

    def elaborate(self, platform):
        m = Module()
        left, next_class = Signal(CLASS_BITS), self.index + 1
        m.d.comb += self.following.eq(self.index)
        with m.If(self.step):
            m.d.sync += [left.eq(left - 1), self.last.eq(left == 2)]
            with m.If(self.last):
                m.d.comb += self.following.eq(next_class)
                m.d.sync += self._first_output(left)
                with m.If(next_class == self.classes):
                    m.d.sync += self.counting.eq(0)
        with m.If(self.restart):
            m.d.comb += self.following.eq(0)
            m.d.sync += [*self._first_output(left), self.counting.eq(1)]
        m.d.sync += self.index.eq(self.following)
        return m

    def _first_output(self, left):
        count = self.outputs_per_class
        return [left.eq(count), self.last.eq(count == 1)]
