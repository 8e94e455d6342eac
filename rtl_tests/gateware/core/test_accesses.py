"""Accesses per pass against the gateware, bytes per sample against the bytes of a link."""

from dataclasses import replace

import numpy as np
import pytest
from boldboards.icebreaker import ENGINE as ICEBREAKER
from boldhost.device import Device
from boldhost.link import Link
from support import simulate
from support.core_cases import CASES
from support.counted_core import CountedCore
from support.golden_board import GoldenBoard
from support.meter import Meter

from boldhw import Network
from boldhw.energy import accesses
from boldhw.spec.layout import Layout

DIGITS = (784, 72, 10)
COUNTERS = {"samples": 500, "active": 100, "updates": 5, "cycles_forward": 257_500}


@pytest.mark.parametrize("case", ["three_layers", "dual_port_three_layers"])
def test_model_agrees_with_the_gateware(case):
    simulate.run(
        CountedCore(CASES[case].config), "bench_accesses", "verilator", tests=1,
        parameters={"case": case}, cycles=3000,
    )  # fmt: skip


class TestPerSample:
    def test_passes_are_weighted_by_the_counters(self):
        found = accesses.per_sample(ICEBREAKER, DIGITS, COUNTERS)
        passes = accesses.predict(ICEBREAKER, DIGITS)
        total = passes["forward"] + passes["backward"] * 0.2 + passes["update"] * 0.01
        assert found["total"] == pytest.approx(vars(total))
        assert found["cycles"] == 515
        assert found["array_xnors"] == total.array * 8 * 32

    def test_every_accumulator_and_weight_is_touched_once_per_update(self):
        layers = Layout(ICEBREAKER, DIGITS).layers
        update = accesses.update(ICEBREAKER, layers)
        blocks = sum(layer.input_groups * layer.groups for layer in layers)
        assert update.data_writes == 8 * blocks
        turned = layers[1].input_groups * layers[1].groups
        columns = 3 * sum(layer.input_groups for layer in layers)  # 24 samples in blocks of 8
        assert update.weight_writes == blocks + turned + columns

    def test_bits_are_rows_times_their_width(self):
        one = accesses.Accesses(weight_reads=2, weight_writes=3, data_reads=5, signal_writes=7)
        assert one.bits(ICEBREAKER) == {
            "weight memory": 2 * 256 + 3 * 64,
            "data memory": 5 * ICEBREAKER.data_width,
            "signal memory": 7 * 2 * 24,
        }

    def test_engine_that_only_infers(self):
        config = replace(ICEBREAKER, training=False)
        assert list(accesses.predict(config, DIGITS)) == ["forward"]
        trained = accesses.predict(ICEBREAKER, DIGITS)["forward"]
        # Gate bits are not stored.
        assert accesses.predict(config, DIGITS)["forward"].data_writes == trained.data_writes / 2


@pytest.mark.parametrize("samples", [1, 2, 3, 40])
def test_link_bytes_are_those_of_a_link(samples):
    network = Network(DIGITS, ICEBREAKER, seed=1)
    meter = Meter(GoldenBoard(ICEBREAKER))
    generator = np.random.default_rng(2)
    with Device(Link(meter)) as device:
        device.load(network)
        # Whatever else train() does comes along without samples too.
        sizes = []
        for count in (0, samples):
            meter.sent = meter.received = 0
            device.train(generator.random((count, 784)) < 0.5, generator.integers(0, 10, count))
            sizes.append(np.array([meter.sent, meter.received]))
    found = tuple((sizes[1] - sizes[0]).tolist())
    assert found == accesses.link_bytes(Layout(ICEBREAKER, DIGITS), samples)
