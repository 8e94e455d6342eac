"""Lines of epochs: appended, kept when a run is resumed, refused when they are damaged."""

import json

import pytest

from boldhw.errors import DataError
from boldhw.report.epochs import EpochLog, epochs_path, has_frozen, read_epochs


def entries(*numbers):
    return [{"epoch": number, "accuracy": number / 10} for number in numbers]


def test_lines_are_appended_and_read(tmp_path):
    log = EpochLog(tmp_path / "a.epochs.jsonl")
    for entry in entries(1, 2):
        log.add(entry)
        assert read_epochs(log.path)[-1] == entry
    assert log.entries == read_epochs(log.path) == entries(1, 2)


def test_a_resumed_run_keeps_its_lines(tmp_path):
    path = tmp_path / "a.epochs.jsonl"
    for entry in entries(1, 2):
        (log := EpochLog(path, entry["epoch"] - 1, path)).add(entry)
    assert log.entries == entries(1, 2)
    other = EpochLog(tmp_path / "b.epochs.jsonl", 2, path)
    other.add(entries(3)[0])
    assert read_epochs(other.path) == entries(1, 2, 3)
    assert read_epochs(path) == entries(1, 2)


def test_epochs_that_were_not_saved_are_dropped(tmp_path):
    """Their lines come before the checkpoint: the process died between the two."""
    path = tmp_path / "a.epochs.jsonl"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries(1, 2, 3)) + '{"epo')
    assert EpochLog(path, 2, path).entries == entries(1, 2)
    assert read_epochs(path) == entries(1, 2)


def test_a_new_run_begins_anew(tmp_path):
    path = tmp_path / "a.epochs.jsonl"
    EpochLog(path).add(entries(1)[0])
    assert EpochLog(path).entries == read_epochs(path) == []


@pytest.mark.parametrize("line", ["{", "[1]", '{"accuracy": 1}', '{"epoch": "1"}', "12"])
def test_damaged_lines_are_refused_and_nothing_is_changed(tmp_path, line):
    path = tmp_path / "a.epochs.jsonl"
    text = f'{{"epoch": 1}}\n{line}\n'
    path.write_text(text)
    with pytest.raises(DataError, match=f"line 2 of {path} is damaged"):
        EpochLog(path, 1, path)
    assert path.read_text() == text


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be written"):
        EpochLog(tmp_path / "none" / "a.epochs.jsonl")


def test_names():
    assert epochs_path("runs/a.npz").as_posix() == "runs/a.epochs.jsonl"
    assert epochs_path("report.html").as_posix() == "report.epochs.jsonl"
    assert epochs_path("run.1").as_posix() == "run.1.epochs.jsonl"


@pytest.mark.parametrize(
    ("updates", "flips", "active", "frozen"),
    [(9, [0, 0], 0.9, True), (9, [0, 1], 0.9, False), (0, [0, 0], 0.9, False),
     (9, [0, 0], 0.05, False)],
)  # fmt: skip
def test_a_run_without_flips_has_frozen_unless_it_is_done(updates, flips, active, frozen):
    assert has_frozen(updates, flips, active) is frozen
