"""Proofs about the units that compute, and mutants of them that the proofs must refuse."""

from dataclasses import replace

import pytest
from amaranth.hdl import Module, Mux
from support.formal import proved
from support.formal_flip_unit import FlipUnitProof
from support.formal_loops import LoopsProof
from support.formal_processing_element import ProcessingElementProof

from boldhw.gateware.array import processing_element
from boldhw.gateware.array.popcount import Popcount
from boldhw.gateware.array.processing_element import ProcessingElement
from boldhw.gateware.delay import delay
from boldhw.gateware.ops import loops
from boldhw.gateware.ops.loops import Loops
from boldhw.gateware.units.flip_unit import FlipUnit
from boldhw.spec.engine import EngineConfig

ENGINE = EngineConfig(
    elements=4, lanes=8, batch=4, accumulator_bits=5, weight_rows=16, data_rows=128,
    signal_rows=16, max_fan_in=63,
)  # fmt: skip
DEPTH = 8  # cycles of induction; the longest pipeline here takes 4


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

    def _is_last(self, left):
        return left <= 2


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
        assert proved(LoopsProof(Loops(self.LEVELS, inner)), tmp_path, DEPTH)

    @pytest.mark.parametrize("mutant", [EarlyLoops, CoarseLoops, ForgetfulLoops])
    def test_mutant_is_refused(self, tmp_path, mutant):
        assert not proved(LoopsProof(mutant(self.LEVELS, 2)), tmp_path, DEPTH)
