"""The published table has the figures that it says, and refuses cycles that were not simulated."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from boldboards import find_board
from support.scalar_network import samples
from support.small_engine import SMALL

from boldhw import data
from boldhw.bench import suite
from boldhw.errors import CheckError
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.spec import cycles

BOARD = replace(find_board("icebreaker"), config=SMALL, network=(64, 20, 10))
COUNTS = SimpleNamespace(samples=100, active=20, updates=3)
TRAINING = suite.Training(
    network=Network(BOARD.network, SMALL), accuracy=(91.0, 93.0), seconds=0.5, **vars(COUNTS)
)
DIGEST = SMALL.digest().hex()


@pytest.fixture(scope="module")
def digits():
    return data.load("digits", 200, 50)


@pytest.mark.parametrize("zero_true", [True, False])
@pytest.mark.parametrize("widths", [(5, 3), (64, 128, 4), (200, 65, 63, 10)])
def test_packed_inference_is_that_of_golden(zero_true, widths):
    network = Network(widths, seed=1)
    network.configure(Hyper(zero_true=zero_true).settings(network.config, widths))
    bits, labels = samples(200, widths, widths[-1])
    network.train(bits, labels)
    assert np.array_equal(suite.infer_packed(network, bits), network.infer(bits))


def test_every_row(digits, tmp_path):
    """A small engine is trained, simulated and compared; the CPU and the others follow."""
    rows = suite.measure(digits, [(BOARD, {"batch": 2})], epochs=2, seeds=(1, 2), builds=tmp_path)
    board, compiled, packed, *others = rows
    assert tuple(others) == suite.OTHERS
    assert (board.network, board.basis, len(board.accuracy)) == ("64-20-10", suite.AIMED, 2)
    assert board.settings == "batch 2"
    assert board.accuracy == compiled.accuracy == packed.accuracy
    assert 0 < board.active < 1
    assert board.training.config < board.inference.config
    assert compiled.training.config > 0
    assert packed.training == suite.Rates()


def test_rates_are_clock_by_cycles():
    model = cycles.predict(SMALL, BOARD.network)
    taken = 100 * model.forward + 20 * model.backward + 3 * model.update
    row = suite.board_row(BOARD, TRAINING)
    assert row.training.config == pytest.approx(BOARD.clock_hz * 100 / taken)
    assert row.inference.config == pytest.approx(BOARD.clock_hz / model.forward)
    assert row.training.link == 3e6 / 10 / 8  # bytes of ten bits on the line, eight a sample


def test_a_build_gives_clock_and_resources():
    """The lower of the board's clock and the slowest seed's counts."""
    slow = {"design_digest": DIGEST, "fmax_mhz": 15.0, "lut4": 4321}
    aimed, built = suite.board_row(BOARD, TRAINING), suite.board_row(BOARD, TRAINING, slow)
    fast = suite.board_row(BOARD, TRAINING, slow | {"fmax_mhz": 99.0})
    assert (built.basis, built.clock_mhz, built.lut) == (suite.BUILT, 15.0, "4,321 LUT4")
    assert built.training.config == pytest.approx(aimed.training.config / 2)
    assert fast.clock_mhz == 30.0


@pytest.mark.parametrize(("digest", "basis"), [(DIGEST, suite.BUILT), ("00", suite.AIMED)])
def test_only_builds_of_the_same_design_count(digits, tmp_path, digest, basis):
    build = {"design_digest": digest, "fmax_mhz": 15.0, "lut4": 4321}
    (tmp_path / "any").mkdir()
    (tmp_path / "any" / "build.json").write_text(json.dumps(build))
    row, *_ = suite.measure(digits, [(BOARD, {})], epochs=1, seeds=(1,), builds=tmp_path)
    assert row.basis == basis


def test_other_cycles_than_simulated_are_refused(digits, monkeypatch):
    network, bits = Network(BOARD.network, SMALL), data.booleanise(digits.x_train)
    suite.check_cycles(BOARD, network, bits, digits.y_train)
    monkeypatch.setattr(suite, "total_cycles", lambda board, counts: 1)
    with pytest.raises(CheckError, match="icebreaker took [0-9]+ cycles for 200 samples"):
        suite.check_cycles(BOARD, network, bits, digits.y_train)


def test_files(digits, tmp_path):
    rows = [suite.board_row(BOARD, TRAINING), *suite.OTHERS]
    record, text = (Path(path).read_text() for path in suite.write(rows, digits, tmp_path))
    assert [row["system"] for row in json.loads(record)["rows"]] == [row.system for row in rows]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 2 * (len(rows) + 2)
    assert {line.count("|") for line in lines} == {11}
    assert "| 92.00 +- 1.41 (91.00) |" in text
    assert "| - | 40,000 | - |" in text
    assert "200 training and 50 test samples" in text
