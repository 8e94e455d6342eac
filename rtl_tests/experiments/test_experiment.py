"""An experiment is resumed where it was killed, to the same report, and refuses damage."""

import json

import numpy as np
import pytest

from boldhw.data.datasets import Dataset
from boldhw.errors import ConfigError, DataError
from boldhw.experiments import EXPERIMENTS, find
from boldhw.experiments.experiment import JOURNAL, Experiment, Journal, perform

IMAGES, LABELS = np.zeros((3, 4), np.uint8), np.arange(3)
DATA = Dataset(IMAGES, LABELS, IMAGES, LABELS, "three")


class Killed(Exception):
    """What ends a process at a bad time."""


def squares(die_at=None):
    """Return an experiment that squares 0, 1, 2, 3, and the list of what it computed."""
    done = []

    def run(settings, dataset):
        if settings["n"] == die_at:
            raise Killed
        done.append(settings["n"])
        return {"square": settings["n"] ** 2, "pair": (1, 2)}

    def report(records):
        return f"squares {[r['result'] for r in records]}", {"plot.svg": "<svg/>"}

    def runs(seeds, quick):
        return [{"n": n} for n in range(2 if quick else seeds)]

    return Experiment(title="Squares", runs=runs, run=run, report=report), done


def results(directory):
    report = json.loads((directory / "squares.json").read_text())
    return [(record["settings"], record["result"]) for record in report["records"]]


def test_killed_runs_are_resumed_to_the_same_report(tmp_path):
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    perform(squares()[0], "squares", DATA, whole, 4)
    with pytest.raises(Killed):
        perform(squares(die_at=2)[0], "squares", DATA, resumed, 4)
    experiment, done = squares()
    said = []
    perform(experiment, "squares", DATA, resumed, 4, say=said.append)
    assert done == [2, 3]
    assert results(resumed) == results(whole)
    assert said[0] == "2 of 4 runs are done already"
    assert said[1].startswith('1/2 {"n": 2}, about ')
    assert said[2].endswith("about 0 s left")


def test_report_files(tmp_path):
    files, records = perform(squares()[0], "squares", DATA, tmp_path, 9, quick=True)
    assert [record["result"]["square"] for record in records] == [0, 1]
    names = ["squares.json", "squares.md", "plot.svg"]
    assert files == [str(tmp_path / name) for name in names]
    text = (tmp_path / "squares.md").read_text()
    assert text.startswith("# Squares\n\nsquares [{'square': 0, 'pair': [1, 2]}, ")
    assert "2 runs in 0.0 minutes on one core; 3 training and 3 test samples; python" in text


def test_other_data_are_other_runs(tmp_path):
    other = Dataset(IMAGES + 1, LABELS, IMAGES, LABELS, "three")
    experiment, done = squares()
    for dataset in (DATA, other, DATA):
        perform(experiment, "squares", dataset, tmp_path, 2)
    assert done == [0, 1, 0, 1]


def test_a_torn_line_is_done_again(tmp_path):
    """A process that dies while it writes loses that run only."""
    perform(squares()[0], "squares", DATA, tmp_path, 3)
    journal = tmp_path / JOURNAL
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-20])
    experiment, done = squares()
    perform(experiment, "squares", DATA, tmp_path, 3)
    assert done == [2]
    lines = journal.read_text().splitlines()
    assert [json.loads(line)["settings"]["n"] for line in lines] == [0, 1, 2]


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"settings": {}}'])
def test_a_damaged_line_is_named(tmp_path, line):
    perform(squares()[0], "squares", DATA, tmp_path, 2)
    journal = tmp_path / JOURNAL
    journal.write_text(line + "\n" + journal.read_text())
    before = journal.read_bytes()
    with pytest.raises(DataError, match=r"line 1 of .*runs\.jsonl is damaged .*; delete that line"):
        Journal(journal)
    assert journal.read_bytes() == before


def test_find():
    assert all(isinstance(find(name), Experiment) for name in EXPERIMENTS)
    with pytest.raises(ConfigError, match="no experiment 'nothing'; try .*networks"):
        find("nothing")
