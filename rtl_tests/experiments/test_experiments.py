"""Every experiment works in its quick form, says what it promises, and finds the stored numbers.

    python rtl_tests/experiments/test_experiments.py NAME ...

stores those of some experiments anew, in ``quick_numbers.json``. Do so only when their tables in
docs/ have been measured again.
"""

import functools
import json
import sys
import tempfile
import xml.etree.ElementTree as ET
import zlib
from dataclasses import fields
from pathlib import Path

import pytest

from boldhw import data
from boldhw.cli.main import main
from boldhw.experiments import EXPERIMENTS, find, training
from boldhw.golden.hyper import Hyper

load = functools.cache(data.load)  # parsing the samples takes longer than training on them
STORED = Path(__file__).with_name("quick_numbers.json")
LONG = 80  # of a text
# Experiments in floating point, whose last bits, and what follows, are the processor's.
FLOATING = {"eta": 0.05, "paper": 0.05, "paper-tasks": 0.05, "variance": 1e-4}


def quick(name, directory):
    """Return the command line of the quick form of an experiment."""
    return ["experiment", name, "--quick", "--seeds", "1", "--out", str(directory), "--json"]


def numbers(name, directory):
    """Return the results of the runs of an experiment, with pictures as their CRC-32."""
    records = json.loads((Path(directory) / f"{name}.json").read_text())["records"]
    return [short(record["result"]) for record in records]


def short(found):
    """Return nested results whose long texts, pictures in Base64, are a CRC-32 each."""
    if isinstance(found, dict):
        return {key: short(value) for key, value in found.items()}
    if isinstance(found, list):
        return [short(value) for value in found]
    if isinstance(found, str) and len(found) > LONG:
        return f"{zlib.crc32(found.encode()):08x}"
    return found


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_quick_form(name, tmp_path, capsys, monkeypatch):
    """One command writes JSON, Markdown and well-formed plots; the second one finds all done.

    Fault 14: the numbers are those that were stored when the tables were measured, so that no
    table goes stale unnoticed.
    """
    monkeypatch.setattr(data, "load", load)
    outputs = []
    for _ in range(2):
        assert main(quick(name, tmp_path)) == 0
        captured = capsys.readouterr()
        outputs.append(json.loads(captured.out))
    assert outputs[0] == outputs[1]
    runs = outputs[0]["runs"]
    assert captured.err == f"{runs} of {runs} runs are done already\n"
    assert outputs[0]["text"].startswith("# ")
    for path in outputs[0]["files"]:
        if path.endswith(".svg"):
            assert len(list(ET.parse(path).getroot())) > 5
    assert alike(numbers(name, tmp_path), stored()[name], FLOATING.get(name)), (
        f"the tables of {name} in docs/ are not what it gives today"
    )


def alike(found, expected, tolerance):
    """Return whether nested results are equal, up to a relative tolerance if there is one."""
    if isinstance(found, dict):
        return found.keys() == expected.keys() and all(
            alike(found[key], expected[key], tolerance) for key in found
        )
    if isinstance(found, list):
        return len(found) == len(expected) and all(
            alike(*pair, tolerance) for pair in zip(found, expected, strict=True)
        )
    return found == (pytest.approx(expected, rel=tolerance) if tolerance else expected)


def stored():
    """Return {experiment: results of the runs of its quick form}."""
    return json.loads(STORED.read_text()) if STORED.exists() else {}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_runs_are_different_json(name):
    experiment = find(name)
    for quick in (False, True):
        runs = [json.dumps(settings, sort_keys=True) for settings in experiment.runs(3, quick)]
        assert len(set(runs)) == len(runs) > 0
        assert all(experiment.cost(settings) > 0 for settings in experiment.runs(3, quick))


def test_experiments_pin_their_settings(monkeypatch):
    """Fault 14: other defaults of Hyper change no run. Every hyper-parameter is named."""
    before = [find(name).runs(1, False) for name in EXPERIMENTS]
    odd = {f.name: not f.default if isinstance(f.default, bool) else 1 for f in fields(Hyper)}
    monkeypatch.setattr(Hyper.__init__, "__kwdefaults__", odd)
    assert Hyper().theta_scale == 1
    assert [find(name).runs(1, False) for name in EXPERIMENTS] == before
    for settings in (run for runs in before for run in runs if "hyper" in run):
        assert set(settings["hyper"]) == set(odd)
    assert training.config({"bits": 16}) == training.ENGINE


if __name__ == "__main__":
    results = stored()
    for each in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            assert main(quick(each, folder)) == 0
            results[each] = numbers(each, folder)
    lines = (f"{json.dumps(key)}: {json.dumps(results[key])}" for key in sorted(results))
    STORED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
