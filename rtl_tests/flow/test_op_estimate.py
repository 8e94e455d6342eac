"""Estimates of engines of op lists, against what Yosys makes of their memories."""

import json
import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from amaranth.back import rtlil
from boldboards import BOARDS
from support.side_by_side import SideBySide

from boldhw.cli.main import main
from boldhw.errors import ConfigError
from boldhw.flow import op_calibrate, op_estimate, op_model
from boldhw.flow.fit import check_fits
from boldhw.flow.nonnegative import nonnegative
from boldhw.flow.op_estimate import (
    FILE,
    OpSample,
    _model,
    accept,
    cost,
    predict_logic,
    read,
)
from boldhw.flow.op_memories import memories_of
from boldhw.flow.synthesis import FAMILIES, count_cells, run_tool
from boldhw.gateware.ops.core import OpCore
from boldhw.gateware.ops.memories import RowMemory
from boldhw.spec import memories
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.protocol import OP_IDENTITY
from boldhw.spec.ops.ram import MEMORIES, known, rams
from boldhw.spec.ops.ram import memories as memories_of_engine

pytestmark = pytest.mark.usefixtures("keep_tools")

PAIRS = ((2, 4), (3, 2), (4, 8), (6, 4), (10, 2))  # elements, and lanes of each
LEFT_OUT, LEFT_OUT_MEAN = 0.1, 0.05  # of LUT4: largest and mean error of engines left out
LINK_BLOCKS = 3  # frames, replies, counters with the identity: as the chain engines have them
SMALL = ArraySize(
    elements=2, lanes=8, batch=2, segments=1, data_rows=256, weight_rows=128, delta_rows=32,
    unit_rows=4, counter_rows=16, score_rows=4,
)  # fmt: skip
ODD = replace(SMALL, elements=5, lanes=40, data_rows=3100, delta_rows=600, counter_rows=20)
# As the build does, up to where memories are mapped.
MAP_MEMORIES = """\
read_rtlil memories.il
setparam -set COLLISION_X_MASK 1'1 t:$memrd_v2 r:CLK_ENABLE=1 %i
{synth} -top memories -run begin:{end}
tee -q -o stat stat -json
"""


def memories_beside(size):
    """Return the memories of an engine in one component, each with ports of its own."""
    found = {**rams(size)} | {f"known{n}": known(size) for n in range(size.transposers)}
    return SideBySide({name: RowMemory(*ram) for name, ram in found.items()})


def found_memories(size, board, folder):
    """Return what Yosys makes of the memories of an engine, by kind."""
    made = memories_beside(size)
    text = rtlil.convert(made, name="memories", platform=board.platform(), emit_src=False)
    end = "map_ffs" if board.family == "ice40" else "map_ffram"
    (folder / "memories.il").write_text(text)
    (folder / "memories.ys").write_text(
        MAP_MEMORIES.format(synth=FAMILIES[board.family].synth, end=end)
    )
    run_tool("YOSYS", ["-q", "memories.ys"], folder, "stat")
    stat = json.loads((folder / "stat").read_text())
    found = count_cells(stat["design"]["num_cells_by_type"], board.family)
    return {"ram_blocks": found.ram_blocks + LINK_BLOCKS, "spram": found.spram}


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("ulx3s", replace(BOARDS["ulx3s"].array, data_rows=3000, weight_rows=300)),
        ("ulx3s", replace(ODD, planes=4, unit_rows=40)),
        ("tang_nano_20k", BOARDS["tang_nano_20k"].array),
        ("tang_nano_20k", replace(ODD, dual_port=True)),
        ("tang_nano_20k", replace(ODD, transposers=8)),
        ("icebreaker", replace(ODD, planes=2, dual_port=True, data_rows=600)),
        ("icebreaker", replace(ODD, data_rows=20_000)),
    ],
)
def test_block_rams_are_those_of_yosys(name, size, tmp_path):
    board = BOARDS[name]
    assert memories_of(size, board.family) == found_memories(size, board, tmp_path)


@pytest.mark.parametrize("others", [{}, {"planes": 2}, {"transposers": 4}])
def test_an_engine_has_no_other_memories(others):
    """But for the counters of the core with its identity."""
    size = replace(SMALL, **others)
    text = rtlil.convert(OpCore(size, bytes(OP_IDENTITY.size)), emit_src=False)
    found = sorted(map(tuple, re.findall(r"^ +memory width (\d+) size (\d+)", text, re.M)))
    shapes = [
        (each.width, each.depth) for each in memories_of_engine(size) for _ in range(each.planes)
    ]
    counters = memories.counters(LinkedArray(size))
    shapes.append((counters.width, counters.rows))
    assert found == sorted((str(width), str(size)) for width, size in shapes)


def test_cost_of_a_network_that_does_not_fit():
    board, rows = BOARDS["ulx3s"], dict.fromkeys(MEMORIES, 10)
    found = cost(board.array, rows | {"counter": 128}, board)
    assert (found["ram_blocks"], found["spram"]) == (178, 0)
    assert (found["limit"], found["fits"]) == ("counter_rows", False)
    assert found["use"]["counter_rows"] == 2.0


def test_what_does_not_fit_is_refused_with_the_numbers_of_the_device():
    words = "it takes 90,000 LUT4, and there are 83,640; 300 block RAMs, and there are 208"
    with pytest.raises(ConfigError, match=f"LFE5U-85F.*: {words}"):
        check_fits(BOARDS["ulx3s"], {"ram_blocks": 300, "lut4": 90_000, "dsp": 156})
    check_fits(BOARDS["ulx3s"], {"ram_blocks": 208, "lut4": 83_640, "spram": 0})


def test_samples_of_a_family_are_replaced(tmp_path):
    path = tmp_path / "measured.json"
    path.write_text(FILE.read_text())
    before, new = read(path), OpSample("ecp5", SMALL, 5, 6, 7)
    accept([new], "Yosys", path)
    assert read(path) == (*(each for each in before if each.family != "ecp5"), new)


class TestLogic:
    """The model of logic, fitted to engines that have what it says, and to those measured."""

    TRUTH = np.array([8, 3, 78, 1000, 620, 180, 1200, 6]), np.array([4, 5, 54, 770, 225, 47, 600])

    def logic(self, size, family):
        features = op_model.lut4_features(size), op_model.ff_features(size)
        lut4, ff = (
            round(float(own @ truth)) for own, truth in zip(features, self.TRUTH, strict=True)
        )
        return lut4 + op_model.lut_ram(size, family), ff

    @pytest.fixture
    def measured(self, monkeypatch, tmp_path):
        """Engines whose logic is a sum of what the model knows, in place of those measured."""
        path = tmp_path / "measured.json"
        path.write_text('{"samples": []}')
        monkeypatch.setattr("boldhw.flow.op_estimate.FILE", path)
        _model.cache_clear()
        for family in ("ecp5", "ice40"):
            sizes = [replace(SMALL, elements=p, lanes=n * p) for p, n in PAIRS]
            sizes += [replace(each, serial=True, side_bits=5) for each in sizes]
            sizes += [replace(SMALL, planes=2), replace(SMALL, inference=True, batch=1)]
            accept(
                [OpSample(family, size, *self.logic(size, family), 7) for size in sizes],
                "Yosys",
                path,
            )
        yield
        _model.cache_clear()

    @pytest.mark.parametrize("family", ["ecp5", "ice40"])
    def test_it_is_fitted_to_what_was_measured(self, measured, family):
        for changes in ({}, {"planes": 4}, {"serial": True}, {"inference": True}):
            size = replace(SMALL, elements=8, lanes=32, **changes)
            assert predict_logic(size, family) == pytest.approx(self.logic(size, family), rel=1e-3)

    def test_it_is_part_of_the_cost(self, measured):
        board = BOARDS["ulx3s"]
        found = cost(board.array, dict.fromkeys(MEMORIES, 1), board)
        assert (found["lut4"], found["ff"]) == predict_logic(board.array, "ecp5")
        assert found["use"]["lut4"] == round(found["lut4"] / 83_640, 3)

    def test_nothing_is_said_of_a_family_with_too_few_engines(self, measured):
        assert predict_logic(SMALL, "gowin") is None
        board = BOARDS["tang_nano_20k"]
        rows = dict.fromkeys(MEMORIES, 1)
        found = cost(board.array, rows, board)
        assert (found["lut4"], found["ff"]) == (None, None)
        assert "lut4" not in found["use"]

    def test_nothing_is_said_of_an_engine_for_one_program(self):
        assert predict_logic(SMALL, "ecp5")
        assert predict_logic(replace(SMALL, fixed="01"), "ecp5") is None

    def test_block_rams_of_engines_that_were_measured(self):
        """Whole engines with a serial line, as Yosys counted them."""
        for each in read(FILE):
            assert memories_of(each.size, each.family)["ram_blocks"] == each.ram_blocks

    def test_engines_that_are_left_out_are_predicted(self):
        """Each engine from all others of the three families, as docs/boards.md says."""
        found = op_model.left_out(read(FILE), FAMILIES)
        assert {each.family for each, _ in found} == set(FAMILIES)
        errors = [abs(predicted.lut4 / each.lut4 - 1) for each, predicted in found]
        assert max(errors) <= LEFT_OUT
        assert np.mean(errors) <= LEFT_OUT_MEAN

    def test_stored_engines_are_shown_with_their_errors(self, capsys):
        assert main(["dev", "calibrate", "ecp5", "--ops", "--stored", "--json"]) == 0
        rows = json.loads(capsys.readouterr().out)["fitted"]
        own = [each for each in read(FILE) if each.family == "ecp5"]
        assert [each["lut4"] for each in rows] == [each.lut4 for each in own]
        for each in rows:
            error = 100 * (each["predicted"] / each["lut4"] - 1)
            assert each["error_percent"] == round(error, 1)
        assert main(["dev", "calibrate", "ecp5", "--stored"]) == 2
        assert "add --ops" in capsys.readouterr().err

    def test_measured_engines_are_kept(self, measured, monkeypatch, capsys):
        """What the verb measures is what the model is fitted to; the others are predicted."""
        monkeypatch.setattr(
            op_calibrate,
            "measure",
            lambda size, family: OpSample(family, size, *self.logic(size, family), 7),
        )
        assert main(["dev", "calibrate", "gowin", "--ops", "--accept", "--json"]) == 0
        found = json.loads(capsys.readouterr().out.splitlines()[-1])["fitted"]
        kept = [each.size for each in read(op_estimate.FILE) if each.family == "gowin"]
        assert kept == op_calibrate.op_engines_of("gowin")
        assert len(found) == len(kept)

    def test_samples_in_the_file_are_those_that_the_verb_measures(self):
        for family in FAMILIES:
            sizes = [each.size for each in read(FILE) if each.family == family]
            assert sizes == op_calibrate.op_engines_of(family)


@pytest.mark.parametrize("seed", range(20))
def test_least_squares_without_negative_coefficients(seed):
    """Of all choices of coefficients that are 0, the best one whose others are positive."""
    generator = np.random.default_rng(seed)
    features, values = generator.normal(size=(8, 4)), generator.normal(size=8)
    best = np.inf
    for chosen in product([False, True], repeat=4):
        own = features[:, np.array(chosen)]
        found = np.linalg.lstsq(own, values, rcond=None)[0]
        if (found >= 0).all():
            best = min(best, np.sum((own @ found - values) ** 2))
    found = nonnegative(features, values)
    assert (found >= 0).all()
    assert np.sum((features @ found - values) ** 2) == pytest.approx(best)
