"""``NAME.epochs.jsonl``: a line of JSON for each epoch of a run, beside what it is saved in."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np

from boldhw.data.files import check_writable, replace_file
from boldhw.errors import DataError, naming
from boldhw.golden.diagnosis import figures

SUFFIX = ".epochs.jsonl"
MOST_CLASSES = 20  # of a confusion matrix that is kept
DIGITS = 6  # of a share
STILL_ACTIVE = 0.1  # share of the samples: with more, and no flips, training has frozen


def epochs_path(path):
    """Return where the epochs of the run saved at ``path`` are: ``run.npz``, run.epochs.jsonl."""
    path = Path(path)
    return path.with_name(path.name.removesuffix(".npz").removesuffix(".html") + SUFFIX)


def epoch_entry(trainer, stats):
    """Return the line of an epoch as a dict; the arrays are those of the trainer after it.

    stats: EpochStats.
    """
    counts = np.array(stats.confusion)
    layers = figures(trainer.layer_states(), stats.flips)
    return {
        "epoch": stats.epoch,
        "accuracy": stats.test_accuracy,
        "majority_share": float(counts.sum(axis=1).max() / counts.sum()),
        "active_share": round(stats.active / stats.samples, DIGITS),
        "samples": stats.samples,
        "updates": stats.updates,
        "flips": list(stats.flips),
        "seconds": round(stats.seconds, 3),
        "samples_per_second": round(stats.samples / max(stats.seconds, 1e-9), 1),
        "layers": [_rounded(asdict(layer)) for layer in layers],
        "by_class": list(zip(counts.sum(axis=1).tolist(), counts.diagonal().tolist(), strict=True)),
        "confusion": counts.tolist() if len(counts) <= MOST_CLASSES else None,
    }


def has_frozen(updates, flips, active_share):
    """Return whether training stands still: an epoch had updates, and no flips in any layer.

    Where few samples are active it is done rather than frozen.
    """
    return bool(updates) and not sum(flips) and active_share > STILL_ACTIVE


def _rounded(entry):
    return {
        name: round(value, DIGITS) if isinstance(value, float) else value
        for name, value in entry.items()
    }


def read_epochs(path):
    """Return the lines of a file as dicts, none if there is no file.

    A line that was being written when the process died is left out. Raises DataError for any other
    damage.
    """
    path = Path(path)
    if not path.exists():
        return []
    *lines, _ = path.read_bytes().split(b"\n")
    return [_read(path, number, line) for number, line in enumerate(lines, 1)]


def _read(path, number, line):
    try:
        entry = json.loads(line)
        if type(entry["epoch"]) is int:
            return entry
        reason: object = f"its epoch is {entry['epoch']!r}"
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = error
    raise DataError(f"line {number} of {path} is damaged ({reason}); delete that line")


class EpochLog:
    """Appends a line for each epoch to the file at ``path``; ``entries`` are all of them.

    Parameters
    ----------
    path : path
    done : int
        Epochs that the run has done. Lines of later epochs are dropped: they were written, and the
        process died before the run was saved, so these epochs are trained again.
    earlier : path, optional
        File of the run that is resumed, if it is another one; None for a new run, whose file is
        empty at first.

    Raises DataError for a file that cannot be written, or lines that are damaged; nothing is
    changed then.
    """

    def __init__(self, path, done=0, earlier=None):
        self.path = Path(path)
        kept = read_epochs(earlier) if earlier else []
        self.entries = [entry for entry in kept if entry["epoch"] <= done]
        check_writable(self.path)
        replace_file(self.path, "".join(map(_line, self.entries)))

    def add(self, entry):
        """Append a line; it is on the disk when this returns."""
        with naming(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(_line(entry))
            file.flush()
            os.fsync(file.fileno())
        self.entries.append(entry)


def _line(entry):
    return json.dumps(entry) + "\n"
