"""The report is one well-formed file that needs nothing from the network."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import asdict

import numpy as np
import pytest
from boldboards.icebreaker import ENGINE as ICEBREAKER

from boldhw.errors import DataError
from boldhw.golden.hyper import Hyper
from boldhw.report.html import (
    EPOCHS,
    SETTINGS,
    pack,
    read_builds,
    read_history,
    read_run,
    simulated_rate,
    unpack,
    write_report,
)

BUILD = {
    "board": "icebreaker",
    "lut4": 4321,
    "ff": 1987,
    "ram_blocks": 28,
    "clock_mhz": 24.0,
    "fmax_mhz": 25.5,
    "timing_met": True,
    "seed": 3,
    "design_digest": ICEBREAKER.digest().hex(),
    "floorplan": "",
}
HISTORY = {
    "ulx3s": [
        {"board": "ulx3s", "lut4": 20000, "fmax_mhz": 75.0, "cycles_training": 180.0},
        {"board": "ulx3s", "lut4": 19000, "fmax_mhz": 78.0, "cycles_training": 150.0},
    ]
}


@pytest.fixture
def run():
    """The record of a run of 64-20-10 that was bit-exact."""
    weights = np.random.default_rng(0).random((20, 64)) < 0.5
    return {
        "network": [64, 20, 10],
        "data": "digits",
        "train_size": 300,
        "test_size": 80,
        "epochs": 2,
        "seed": 5,
        "hyper": asdict(Hyper()),
        "engine": asdict(ICEBREAKER),
        "design_digest": ICEBREAKER.digest().hex(),
        "versions": {"python": "3.11"},
        "bit_exact": True,
        "first_difference": None,
        "test_accuracy": 0.8125,
        "updates_checked": 44,
        "samples": 600,
        "cycles": 60_000,
        "seconds": 1.5,
        "passes": [
            {"name": "forward", "runs": 600, "cycles": 50_000, "model": 50_000},
            {"name": "backward", "runs": 350, "cycles": 4_000, "model": 4_000},
            {"name": "update", "runs": 44, "cycles": 6_000, "model": 6_000},
        ],
        "weights": {"start": pack(weights), "end": pack(~weights)},
    }


@pytest.fixture
def epochs():
    return [
        {"epoch": n, "accuracy": a, "golden_accuracy": a, "flips": [400 // n, 3 - n]}
        for n, a in ((1, 0.75), (2, 0.8125))
    ]


def test_html_is_well_formed_and_loads_nothing(run, epochs, tmp_path):
    text = write_report(run, epochs, [BUILD], HISTORY, tmp_path / "r.html").read_text()
    ET.fromstring(text.removeprefix("<!DOCTYPE html>"))
    assert set(re.findall(r'src="(.{15})', text)) == {"data:image/png;"}
    markup = re.sub(r'src="data:[^"]*"', "", text)
    assert not re.findall(r"//|@import|<script|<link|href|src|url\(", markup)


def test_figures_and_totals_are_shown(run, epochs, tmp_path):
    text = write_report(run, epochs, [BUILD], {}, tmp_path / "r.html").read_text()
    tree = ET.fromstring(text.removeprefix("<!DOCTYPE html>"))
    assert len(list(tree.iter("svg"))) == 3  # accuracy and flips of two layers
    assert len(list(tree.iter("img"))) == 2
    shown = " ".join("".join(tree.itertext()).split())
    for part in (
        "81.25 %",
        "44",
        "600",
        "60,000",
        "4,321",
        "Nothing in this report ran on silicon",
    ):
        assert part in shown
    assert "240,000 training samples/s" in shown


def test_difference_is_shown(run, epochs, tmp_path):
    run.update(bit_exact=False, first_difference="after update 3: weight <differs>")
    text = write_report(run, epochs, [], {}, tmp_path / "r.html").read_text()
    assert "Not bit-exact: after update 3: weight &lt;differs&gt;" in text
    assert "boldhw build" in text


def test_cycles_are_compared_with_the_model(run, epochs, tmp_path):
    text = write_report(run, epochs, [], {}, tmp_path / "r.html").read_text()
    assert "those of the cycle model exactly" in text
    run["passes"][1]["model"] += 1
    text = write_report(run, epochs, [], {}, tmp_path / "r.html").read_text()
    assert "those of the cycle model, and are not" in text


def test_run_that_ended_before_its_first_epoch_is_reported(run, tmp_path):
    run["test_accuracy"] = None
    text = write_report(run, [], [], {}, tmp_path / "r.html").read_text()
    ET.fromstring(text.removeprefix("<!DOCTYPE html>"))
    assert "<svg" not in text


def test_network_without_an_image_has_no_tiles(run, epochs, tmp_path):
    weights = np.zeros((20, 21), bool)
    run.update(network=[21, 20, 10], weights={"start": pack(weights), "end": pack(weights)})
    assert "<img" not in write_report(run, epochs, [], {}, tmp_path / "r.html").read_text()


def test_rate_needs_a_build_that_met_timing(run):
    assert simulated_rate(run, []) is None
    assert simulated_rate(run, [{**BUILD, "timing_met": False}]) is None
    assert simulated_rate(run, [{**BUILD, "design_digest": "of another engine"}]) is None
    assert simulated_rate(run, [BUILD]) == 24e6 * 600 / 60_000


def test_weights_survive_packing():
    weights = np.random.default_rng(1).random((7, 13)) < 0.5
    assert np.array_equal(unpack(pack(weights), (7, 13)), weights)


def test_builds_are_found_below_a_directory(tmp_path):
    (tmp_path / "icebreaker").mkdir()
    (tmp_path / "icebreaker" / "build.json").write_text(json.dumps(BUILD))
    assert read_builds(tmp_path) == [BUILD]
    (tmp_path / "icebreaker" / "floorplan.svg").write_text("<svg/>")
    assert read_builds(tmp_path) == [{**BUILD, "floorplan": "<svg/>"}]


def test_floorplan_and_history_are_shown(run, epochs, tmp_path):
    picture = '<svg xmlns="http://www.w3.org/2000/svg"><text>array 99</text></svg>'
    builds = [{**BUILD, "floorplan": picture}, BUILD]
    text = write_report(run, epochs, builds, HISTORY, tmp_path / "r.html").read_text()
    assert text.count("array 99") == text.count("after place and route: each square") == 1
    assert text.count("ulx3s") == 1
    assert "fmax_mhz, build 2: 104</title>" in text
    assert "lut4, build 2: 95</title>" in text


def test_history_is_read_by_board(tmp_path):
    assert read_history(tmp_path) == {}
    (tmp_path / "qor").mkdir()
    lines = [*HISTORY["ulx3s"], {"board": "icebreaker"}]
    (tmp_path / "qor" / "history.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    assert read_history(tmp_path) == HISTORY | {"icebreaker": [{"board": "icebreaker"}]}


def test_missing_and_damaged_runs_are_refused(run, tmp_path):
    with pytest.raises(DataError, match="holds no run; boldhw demo writes one"):
        read_run(tmp_path)
    (tmp_path / SETTINGS).write_text(json.dumps(run)[:50])
    (tmp_path / EPOCHS).write_text("")
    with pytest.raises(DataError, match="damaged"):
        read_run(tmp_path)
