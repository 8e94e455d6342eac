"""Estimates against the tools, the cycle model and the memories."""

import json
from dataclasses import replace

import pytest
from boldboards import BOARDS
from boldboards.icebreaker import ENGINE as ICEBREAKER

from boldhw.cli.main import main
from boldhw.errors import ConfigError
from boldhw.flow import calibrate, measured
from boldhw.flow import estimate as module
from boldhw.flow.build import elaborate
from boldhw.flow.estimate import (
    dsp,
    estimate,
    largest_network,
    predict_logic,
    ram_blocks,
    spram,
)
from boldhw.flow.measured import FILE, MEASURED, Sample, accept, read
from boldhw.flow.synthesis import FAMILIES, count_cells, run_tool
from boldhw.spec import cycles
from boldhw.spec.engine import EngineConfig
from boldhw.spec.layout import Layout

pytestmark = pytest.mark.usefixtures("keep_tools")

DIGITS = (784, 72, 10)
BOARD = BOARDS["icebreaker"]
SMALL = EngineConfig(
    elements=4, lanes=16, batch=5, accumulator_bits=4, weight_rows=300, data_rows=1024,
    signal_rows=300, max_fan_in=256, stochastic=True,
)  # fmt: skip
INFERENCE = replace(SMALL, lanes=8, weight_rows=1000, training=False, stochastic=False)


def stored(board, config):
    """Return an engine with the store of a board."""
    return replace(BOARDS[board], config=config, store_config=None).with_store().config


# As the build does, up to where memories are mapped.
MAP_MEMORIES = """\
read_rtlil boldhw.il
setparam -set COLLISION_X_MASK 1'1 t:$memrd_v2 r:CLK_ENABLE=1 %i
{synth} -top boldhw -run begin:{end}
tee -q -o stat stat -json
"""


class TestMemories:
    @pytest.mark.parametrize(
        ("board", "config"),
        [
            ("icebreaker", SMALL),
            ("icebreaker", INFERENCE),
            ("icebreaker", ICEBREAKER),
            ("icebreaker", replace(SMALL, decay=True)),
            ("icebreaker", replace(SMALL, dual_port=True)),
            ("ulx3s", replace(SMALL, data_rows=3600)),
            ("tang_nano_20k", replace(SMALL, weight_rows=600, data_rows=1030)),
            ("icebreaker", stored("icebreaker", ICEBREAKER)),
            ("icebreaker", stored("icebreaker", replace(SMALL, max_fan_in=5000))),
            ("ulx3s", stored("ulx3s", SMALL)),
            ("ulx3s", stored("ulx3s", replace(SMALL, max_fan_in=2064))),
            ("tang_nano_20k", stored("tang_nano_20k", replace(SMALL, max_fan_in=2048))),
        ],
    )
    def test_counts_are_those_of_yosys(self, board, config, tmp_path):
        board = replace(BOARDS[board], config=config)
        end = "map_ffs" if board.family == "ice40" else "map_ffram"
        script = MAP_MEMORIES.format(synth=FAMILIES[board.family].synth, end=end)
        (tmp_path / "boldhw.il").write_text(elaborate(board)[0])
        (tmp_path / "boldhw.ys").write_text(script)
        run_tool("YOSYS", ["-q", "boldhw.ys"], tmp_path, "stat")
        stat = json.loads((tmp_path / "stat").read_text())
        found = count_cells(stat["design"]["num_cells_by_type"], board.family)
        assert ram_blocks(config, board.family) == found.ram_blocks
        if board.family == "ice40":
            assert spram(config) == found.spram
            assert dsp(config) == found.dsp

    def test_counts_are_those_of_the_measured_engines(self):
        for sample in MEASURED:
            config = replace(
                calibrate.SMALL, elements=sample.elements, lanes=sample.lanes,
                batch=sample.batch, accumulator_bits=sample.accumulator_bits,
                training=sample.training, dual_port=sample.dual_port,
            )  # fmt: skip
            if sample.has_store:
                (config,) = calibrate.stored([config], sample.family)
            assert ram_blocks(config, sample.family) == sample.ram_blocks

    def test_wide_and_deep_data_memory_takes_more_single_port_rams(self):
        assert spram(replace(ICEBREAKER, lanes=128, data_rows=16385)) == 8 * 2


# Engines that the model was not fitted to, from the same command. Those of the ULX3S, without its
# store and with it, and of the Tang Nano 20K are the boards' own.
OTHERS = (
    Sample("ice40", 6, 24, 24, 6, 0, True, False, False, 3502, 1779, 4273, 15),
    Sample("ice40", 5, 40, 24, 6, 0, True, False, False, 3846, 1854, 4595, 31),
    Sample("ice40", 12, 48, 24, 6, 1, True, False, False, 5978, 3083, 7068, 42),
    Sample("ice40", 6, 48, 8, 8, 1, True, True, False, 4880, 2371, 5761, 22),
    Sample("ice40", 6, 24, 24, 6, 0, True, False, False, 3340, 1595, 4003, 15, False, True),
    Sample("ice40", 8, 64, 16, 6, 1, True, False, False, 5313, 2555, 6133, 37, False, True),
    Sample("ice40", 6, 24, 24, 6, 0, True, False, False, 3921, 1925, 4756, 17, False, True, True),
    Sample("ice40", 5, 40, 24, 6, 0, True, False, False, 4352, 2042, 5190, 34, False, True, True),
    Sample("ecp5", 6, 24, 24, 6, 0, True, False, False, 3637, 1695, 3637, 17),
    Sample("ecp5", 5, 40, 24, 6, 0, True, False, False, 3920, 1770, 3920, 21),
    Sample("ecp5", 12, 48, 24, 6, 1, True, False, False, 6446, 2839, 6446, 47),
    Sample("ecp5", 6, 48, 8, 8, 1, True, True, False, 5056, 2203, 5056, 20),
    Sample("ecp5", 6, 24, 24, 6, 0, True, False, False, 3832, 2126, 3832, 23, True),
    Sample("ecp5", 6, 24, 24, 6, 0, True, False, False, 4489, 2323, 4489, 17, False, False, True),
    Sample("ecp5", 5, 40, 24, 6, 0, True, False, False, 4791, 2428, 4791, 21, False, False, True),
    Sample("ecp5", 33, 132, 66, 5, 2, True, False, False, 28217, 15602, 28217, 207, True),
    Sample(
        "ecp5", 33, 132, 66, 5, 2, True, False, False, 29076, 16367, 29076, 207, True, False, True
    ),
    Sample("gowin", 6, 24, 24, 6, 0, True, False, False, 3863, 1613, 3863, 17),
    Sample("gowin", 5, 40, 24, 6, 0, True, False, False, 4154, 1694, 4154, 21),
    Sample("gowin", 12, 48, 24, 6, 1, True, False, False, 6825, 2718, 6825, 47),
    Sample("gowin", 6, 48, 8, 8, 1, True, True, False, 5341, 2112, 5341, 20),
    Sample("gowin", 12, 48, 12, 6, 1, True, False, False, 6697, 3727, 6697, 45, True),
    Sample("gowin", 6, 24, 24, 6, 0, True, False, False, 4053, 2036, 4053, 23, True),
    Sample("gowin", 6, 24, 24, 6, 0, True, False, False, 4794, 2146, 4794, 17, False, False, True),
    Sample("gowin", 5, 40, 24, 6, 0, True, False, False, 5107, 2257, 5107, 21, False, False, True),
)


class TestLogic:
    @pytest.mark.parametrize("sample", OTHERS)
    def test_model_foretells_engines_that_it_was_not_fitted_to(self, sample):
        lut4, ff, _ = predict_logic(sample, sample.family)
        assert lut4 == pytest.approx(sample.lut4, rel=0.06)
        assert ff == pytest.approx(sample.ff, rel=0.16)

    def test_model_is_close_to_what_it_was_fitted_to(self):
        for sample in MEASURED:
            counted = (sample.lut4, sample.ff, sample.logic_cells)
            assert predict_logic(sample, sample.family) == pytest.approx(counted, rel=0.06)

    @pytest.mark.parametrize(
        "left_out", [index for index, each in enumerate(MEASURED) if each.training]
    )
    def test_model_foretells_an_engine_that_it_does_not_know(self, left_out, monkeypatch):
        sample, others = MEASURED[left_out], MEASURED[:left_out] + MEASURED[left_out + 1 :]
        monkeypatch.setattr("boldhw.flow.estimate.MEASURED", others)
        monkeypatch.setattr("boldhw.flow.estimate._coefficients", module._coefficients.__wrapped__)
        assert predict_logic(sample, sample.family)[0] == pytest.approx(sample.lut4, rel=0.1)


class TestEstimate:
    @pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
    def test_engine_of_every_board_fits(self, board):
        found = estimate(board.config, board.network, board)
        assert found.fits
        assert found.use["data_rows"] <= 1

    def test_cycles_are_those_of_the_cycle_model(self):
        found, model = estimate(ICEBREAKER, DIGITS), cycles.predict(ICEBREAKER, DIGITS)
        assert found.cycles_inference == model.forward
        assert found.cycles_training == round(model.training_sample(0.1, ICEBREAKER.batch), 1)
        assert found.training_per_second == round(BOARD.clock_hz / found.cycles_training)

    @pytest.mark.parametrize("name", [name for name, each in BOARDS.items() if each.memory])
    def test_store_costs_logic_and_no_cycles(self, name):
        board = BOARDS[name]
        with_store = board.with_store()
        without = replace(with_store.config, store="none", store_bytes=0)
        without = estimate(without, board.network, board)
        found = estimate(with_store.config, board.network, with_store)
        assert 400 < found.lut4 - without.lut4 < 1300
        assert 200 < found.ff - without.ff < 1000
        assert found.dsp == without.dsp
        assert found.cycles_training == without.cycles_training

    def test_serial_line_carries_its_baud_rate(self):
        bytes_per_sample = Layout(ICEBREAKER, DIGITS).sample_bytes
        assert estimate(ICEBREAKER, DIGITS).link_per_second == round(300_000 / bytes_per_sample)

    def test_engine_without_training_has_no_training_cycles(self):
        found = estimate(replace(ICEBREAKER, training=False), DIGITS)
        assert found.cycles_training is found.training_per_second is None

    def test_largest_resource_limits(self):
        found = estimate(ICEBREAKER, DIGITS)
        assert found.use[found.limit] == max(found.use.values())
        assert found.fits == (found.use[found.limit] <= 1)

    def test_network_that_the_memories_cannot_hold_does_not_fit(self):
        found = estimate(ICEBREAKER, (784, 300, 10))
        assert not found.fits
        assert found.use["weight_rows"] > 1

    @pytest.mark.parametrize("widths", [DIGITS, (784, 200, 10), (64, 40, 40, 10)])
    def test_use_of_memories_agrees_with_the_layout(self, widths):
        use = estimate(ICEBREAKER, widths).use
        names = ("weight_rows", "data_rows", "signal_rows", "max_layers", "max_fan_in")
        assert all(use[name] <= 1 for name in names) == holds(ICEBREAKER, widths)

    def test_engine_too_large_for_the_board_does_not_fit(self):
        found = estimate(replace(ICEBREAKER, lanes=256), DIGITS)
        assert not found.fits
        assert found.use["ram_blocks"] > 1

    def test_network_that_no_engine_can_hold_is_refused(self):
        with pytest.raises(ConfigError, match="a sample has 20000 inputs"):
            estimate(ICEBREAKER, (20000, 10))


class TestLargestNetwork:
    def test_one_more_unit_does_not_fit(self):
        inputs, hidden, outputs = largest_network(ICEBREAKER)
        assert holds(ICEBREAKER, (inputs, hidden, outputs))
        assert not holds(ICEBREAKER, (inputs, hidden + 1, outputs))

    def test_engine_that_holds_none_is_refused(self):
        with pytest.raises(ConfigError, match="784-1-10 needs weight_rows="):
            largest_network(replace(ICEBREAKER, weight_rows=2))


def holds(config, widths):
    try:
        Layout(config, widths)
    except ConfigError:
        return False
    return True


class TestMeasured:
    def test_samples_of_a_family_are_replaced(self, tmp_path):
        """Those of other families stay, and what is written is what is read."""
        path = tmp_path / "measured.json"
        path.write_text(FILE.read_text())
        assert read(path) == MEASURED
        new = [sample._replace(lut4=1) for sample in MEASURED if sample.family == "ecp5"][:2]
        accept(new, "tools", path)
        others = [sample for sample in MEASURED if sample.family != "ecp5"]
        assert list(read(path)) == others + new

    def test_calibrate_prints_and_keeps_samples(self, tmp_path, monkeypatch, capsys):
        path = tmp_path / "measured.json"
        path.write_text(FILE.read_text())
        monkeypatch.setattr(measured, "FILE", path)
        monkeypatch.setattr(calibrate, "measure", lambda config, family: MEASURED[0])
        assert main(["dev", "calibrate", "ice40", "--accept", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["others"][0] == MEASURED[0]._asdict()
        assert read(path)[-1] == MEASURED[0]
