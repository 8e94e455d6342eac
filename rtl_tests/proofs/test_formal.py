"""Proofs about the units that compute, and mutants of them that the proofs must refuse."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from amaranth.hdl import Module, Mux
from amaranth.lib.wiring import Out
from support.formal import proved
from support.formal_flip_unit import FlipUnitProof
from support.formal_flipper import FlipperProof
from support.formal_lane import LaneProof
from support.formal_loops import LoopsProof
from support.formal_processing_element import ProcessingElementProof
from support.formal_rule import contradicts
from support.formal_steps import StepsProof

from boldhw.gateware.array import processing_element
from boldhw.gateware.array.popcount import Popcount
from boldhw.gateware.array.processing_element import ProcessingElement
from boldhw.gateware.delay import delay
from boldhw.gateware.ops import flipper, loops, steps
from boldhw.gateware.ops.flipper import Flipper
from boldhw.gateware.ops.lane import FACTOR, Lane
from boldhw.gateware.ops.loops import Loops
from boldhw.gateware.ops.steps import Steps
from boldhw.gateware.units.flip_unit import FlipUnit
from boldhw.spec.engine import EngineConfig
from boldhw.spec.ops.array import ArraySize

ENGINE = EngineConfig(
    elements=4, lanes=8, batch=4, accumulator_bits=5, weight_rows=16, data_rows=128,
    signal_rows=16, max_fan_in=63,
)  # fmt: skip
ARRAY = ArraySize(
    elements=2, lanes=4, accumulator_bits=3, sum_bits=8, data_rows=64, weight_rows=16,
    delta_rows=16, unit_rows=4, counter_rows=4,
)  # fmt: skip
DEPTH = 8  # cycles of induction; the longest pipeline here takes 7


class BlindPopcount(Popcount):
    """Misses the last bit."""

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.count.eq(sum(self.bits[:-1]))
        return m


class LateUnit(FlipUnit):
    """Flips a weight one vote too late."""

    def _reached(self, pull, weight, below):
        return super()._reached(pull, weight, below + 1)


class WrappingUnit(FlipUnit):
    """Lets accumulators wrap."""

    def _clamped(self, m, pull, weight, flips, lane):
        value = (pull ^ weight.replicate(len(pull)))[: self.config.accumulator_bits]
        return Mux(flips, 0, value.as_signed())


class NarrowUnit(FlipUnit):
    """Clamps one above the lowest value."""

    def _clamped(self, m, pull, weight, flips, lane):
        total = super()._clamped(m, pull, weight, flips, lane)
        lowest = -(1 << (self.config.accumulator_bits - 1))
        return Mux(total == lowest, lowest + 1, total)


class StuckUnit(FlipUnit):
    """Lets a theta that no accumulator reaches flip a weight of F."""

    def _reached(self, pull, weight, below):
        return super()._reached(pull, weight, below & ((1 << len(below) - 1) - 2))


class TestProcessingElement:
    @pytest.mark.parametrize("registers", [0, 1])
    def test_total_is_the_sum_of_agreeing_lanes(self, tmp_path, registers):
        element = ProcessingElement(replace(ENGINE, popcount_registers=registers))
        assert proved(ProcessingElementProof(element), tmp_path, DEPTH)

    def test_total_of_a_large_engine(self, tmp_path, monkeypatch):
        monkeypatch.setattr(EngineConfig, "clears_sums", False)
        assert proved(ProcessingElementProof(ProcessingElement(ENGINE)), tmp_path, DEPTH)

    def test_missing_lane_is_refused(self, tmp_path):
        element = ProcessingElement(ENGINE, popcount=BlindPopcount)
        assert not proved(ProcessingElementProof(element), tmp_path, DEPTH)

    def test_early_flags_are_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(
            processing_element, "delay", lambda m, flags, cycles: delay(m, flags, cycles - 1)
        )
        assert not proved(ProcessingElementProof(ProcessingElement(ENGINE)), tmp_path, DEPTH)


class TestFlipUnit:
    @pytest.mark.parametrize("accumulator_bits", [3, 5])
    def test_flips_and_clamps_as_specified(self, tmp_path, accumulator_bits):
        unit = FlipUnit(replace(ENGINE, accumulator_bits=accumulator_bits))
        assert proved(FlipUnitProof(unit), tmp_path, DEPTH)

    @pytest.mark.parametrize("mutant", [LateUnit, WrappingUnit, NarrowUnit, StuckUnit])
    def test_mutant_is_refused(self, tmp_path, mutant):
        assert not proved(FlipUnitProof(mutant(ENGINE)), tmp_path, DEPTH)


class EarlyLoops(Loops):
    """Ends each level one step early."""

    def _is_last(self, number, count):
        return number + 1 >= count


class CoarseLoops(Loops):
    """Adds the jumps of levels that end to that of the one that moves."""

    def _moves(self, inside, ended):
        return inside


class ForgetfulLoops(Loops):
    """Begins the inner levels again where the first ones did."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        with m.If(self.again & ~self.start):
            m.d.sync += self.addr.eq(self.base)
        return m


class TestLoops:
    """With addresses of 5 bits: a solver takes long to multiply."""

    LEVELS = (2, 2, 2)

    @pytest.fixture(autouse=True)
    def short_addresses(self, monkeypatch):
        monkeypatch.setattr(loops, "FIELD_BITS", 5)

    @pytest.mark.parametrize("inner", [0, 2])
    def test_address_is_base_and_strides_times_indices(self, tmp_path, inner):
        assert proved(LoopsProof(Loops(self.LEVELS, inner, 5)), tmp_path, DEPTH)

    @pytest.mark.parametrize("mutant", [EarlyLoops, CoarseLoops, ForgetfulLoops])
    def test_mutant_is_refused(self, tmp_path, mutant):
        assert not proved(LoopsProof(mutant(self.LEVELS, 2, 5)), tmp_path, DEPTH)


def wrapping(value, size):
    """Let accumulators wrap."""
    return value[: size.accumulator_bits].as_signed()


def narrow(value, size):
    """Clamp one above the lowest value."""
    lowest = -(1 << size.accumulator_bits - 1)
    found = CLAMPED(value, size)
    return Mux(found == lowest, lowest + 1, found)


def towards_zero(accumulator, decay):
    """Round what decays towards zero."""
    share = accumulator * decay
    return accumulator - (share + Mux(share < 0, (1 << 16) - 1, 0) >> 16)


CLAMPED = steps.clamped


class ForgetfulSteps(Steps):
    """Loses what rounds."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.steps = inner = Steps(self.size)
        for name, member in self.signature.members.items():
            own, other = getattr(self, name), getattr(inner, name)
            if member.flow is Out:
                m.d.comb += own.eq(other)
            elif name != "offset":
                m.d.comb += other.eq(own)
        return m


class TestSteps:
    @pytest.mark.parametrize(("accumulator_bits", "dual_port"), [(3, True), (5, False)])
    def test_votes_are_added_as_specified(self, tmp_path, accumulator_bits, dual_port):
        unit = Steps(replace(ARRAY, accumulator_bits=accumulator_bits, dual_port=dual_port))
        assert proved(StepsProof(unit), tmp_path, DEPTH)

    def test_lost_rounding_is_refused(self, tmp_path):
        assert not proved(StepsProof(ForgetfulSteps(ARRAY)), tmp_path, DEPTH)

    @pytest.mark.parametrize(
        ("name", "mutant"),
        [("clamped", wrapping), ("clamped", narrow), ("decayed", towards_zero)],
    )
    def test_mutant_is_refused(self, tmp_path, monkeypatch, name, mutant):
        monkeypatch.setattr(steps, name, mutant)
        assert not proved(StepsProof(Steps(ARRAY)), tmp_path, DEPTH)


class SeenLane(Lane):
    """Shows the accumulator in front of the decision."""

    def _sum(self, m, *terms):
        self.value = super()._sum(m, *terms)
        return self.value


class DelayedLane(SeenLane):
    """Flips a weight one vote too late."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        flips = contradicts(self.value, self.weight, self.theta + 1)
        m.d.comb += self.flipped.eq(self.flips & flips)
        return m


class KeepingLane(SeenLane):
    """Keeps the accumulator of a weight that flips."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.d.comb += self.result.eq(self.value)
        return m


class BlindLane(Lane):
    """Does not see that a change is beyond all accumulators."""

    def _change(self, m):
        change, _, negative = super()._change(m)
        return change, 0, negative


class CoarseLane(Lane):
    """Loses the half that rounds."""

    def _change(self, m):
        change, beyond, negative = super()._change(m)
        return change & ~1, beyond, negative


class TestLane:
    """With one factor b at a time: a solver takes long to multiply."""

    @pytest.mark.parametrize("accumulator_bits", [3, 5])
    @pytest.mark.parametrize("other", [FACTOR, 77])
    def test_accumulator_and_weight_are_as_specified(self, tmp_path, accumulator_bits, other):
        unit = Lane(replace(ARRAY, accumulator_bits=accumulator_bits))
        assert proved(LaneProof(unit, other), tmp_path, DEPTH)

    @pytest.mark.parametrize("mutant", [DelayedLane, KeepingLane, BlindLane, CoarseLane])
    def test_mutant_is_refused(self, tmp_path, mutant):
        assert not proved(LaneProof(mutant(ARRAY), 77), tmp_path, DEPTH)


class LateFlipper(Flipper):
    """Flips a weight one vote too late."""

    def _lanes(self, m, valid, flipping, common):
        op = self.op
        self.op = SimpleNamespace(theta=op.theta + 1, decay=op.decay)
        flips = super()._lanes(m, valid, flipping, common)
        self.op = op
        return flips


class LeavingFlipper(Flipper):
    """Leaves a vote in the accumulator of a weight that flips."""

    def _lanes(self, m, valid, flipping, common):
        flips = super()._lanes(m, valid, flipping, common)
        for lane, flip in enumerate(flips):
            with m.If(flipping & flip):
                m.d.sync += self._left[lane].eq(1)
        return flips


class UnroundedFlipper(Flipper):
    """Adds one vote less of the mean."""

    def _common(self, m):
        # A change is twice what is added.
        return [(change - 2, *limits) for change, *limits in super()._common(m)]


class TestFlipper:
    """With one mean at a time: a solver takes long to multiply."""

    @pytest.mark.parametrize("dual_port", [False, True])
    def test_flips_and_what_is_left_are_as_specified(self, tmp_path, dual_port):
        unit = Flipper(replace(ARRAY, dual_port=dual_port))
        assert proved(FlipperProof(unit, 3), tmp_path, DEPTH)

    @pytest.mark.parametrize("mutant", [LateFlipper, LeavingFlipper, UnroundedFlipper])
    def test_mutant_is_refused(self, tmp_path, mutant):
        assert not proved(FlipperProof(mutant(ARRAY), 3), tmp_path, DEPTH)

    def test_wrapping_accumulators_are_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(flipper, "clamped", wrapping)
        assert not proved(FlipperProof(Flipper(ARRAY), 3), tmp_path, DEPTH)
