"""What an experiment is, and how it is carried out: run by run, resumable, reported at the end."""

import json
import os
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from boldhw.data.files import check_writable, replace_file
from boldhw.errors import DataError, naming
from boldhw.programs import versions
from boldhw.spread import spread

JOURNAL = "runs.jsonl"


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A table of runs.

    title   heading of its report
    runs    ``runs(seeds, quick)``: settings of every run, JSON-able dicts, each different; the same
            settings and data must give the same result. ``quick`` asks for runs of a second.
    run     ``run(settings, dataset)``: the result of one, a JSON-able dict. dataset:
            what ``load`` returns
    report  ``report(records)``: (Markdown text, {file name: content}), text or bytes; records are
            dicts with ``settings``, ``result`` and ``seconds``, in the order of ``runs``
    load    ``load(name, quick)``: a data set, which has ``y_train``, ``y_test`` and ``arrays``;
            ``name`` is what ``--data`` gives, or None. None: pictures of digits
    cost    ``cost(settings)``: how long a run takes, in any unit, for the estimate of time left
    brings_data  True: runs have data sets of their own, or several, and the report does not count
            samples of the one they are given
    """

    title: str
    runs: Callable
    run: Callable
    report: Callable
    load: Callable | None = None
    cost: Callable = lambda settings: 1.0
    brings_data: bool = False


class Journal:
    """The runs done so far: one JSON line each, in the order in which they were done.

    A line that was being written when the process died is dropped. Raises DataError for any other
    damage; nothing is changed then.
    """

    def __init__(self, path):
        self.path = Path(path)
        self._records = {}
        lines = self.path.read_bytes().split(b"\n") if self.path.exists() else [b""]
        *whole, self._torn = lines
        for number, line in enumerate(whole, 1):
            self._read(number, line)

    def _read(self, number, line):
        try:
            record = json.loads(line)
            self._records[_key(record["settings"], record["data"])] = record
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"line {number} of {self.path} is damaged ({error}); delete that line, its run "
                f"will be done again"
            ) from error

    def find(self, settings, data):
        """Return the record of a run, None if it is not done."""
        return self._records.get(_key(settings, data))

    def add(self, record):
        """Append a record; it is on the disk when this returns."""
        if self._torn:
            os.truncate(self.path, self.path.stat().st_size - len(self._torn))
            self._torn = b""
        line = json.dumps(record).encode()
        with naming(self.path), self.path.open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._read(len(self._records) + 1, line)  # as it will be read when resumed


def perform(
    experiment, name, dataset, directory, seeds, quick=False, say=lambda text: None, scheduler=None
):
    """Do the runs that the journal in ``directory`` does not hold, then write the report.

    ``say`` gets a line per run with an estimate of the time left. Writes ``runs.jsonl`` as it goes
    and ``NAME.json``, ``NAME.md`` and plots at the end; returns their paths, and the records.
    ``scheduler``: of :func:`boldhw.spread.spread`. This process alone writes files: runs that have
    ended are kept when it is interrupted, wherever they were done.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    check_writable(directory / f"{name}.json")  # now, not when all is done
    journal, data = Journal(directory / JOURNAL), _fingerprint(dataset)
    runs = experiment.runs(seeds, quick)
    left = [settings for settings in runs if not journal.find(settings, data)]
    if len(left) < len(runs):
        say(f"{len(runs) - len(left)} of {len(runs)} runs are done already")
    if left:
        _do(
            experiment,
            left,
            dataset,
            scheduler,
            lambda each: journal.add(each | {"data": data}),
            say,
        )
    records = [journal.find(settings, data) for settings in runs]
    return _write(experiment, name, dataset, directory, records), records


def _do(experiment, left, dataset, scheduler, keep, say):
    """Do runs, here or on a cluster; ``keep`` gets the record of each when it has ended."""
    costs = [experiment.cost(settings) for settings in left]
    start, done = time.perf_counter(), 0.0
    calls = [(experiment.run, settings) for settings in left]
    with spread(scheduler) as run:
        for count, (index, record) in enumerate(run(_timed, calls, (dataset,)), 1):
            keep(record)
            done += costs[index]
            rate = (time.perf_counter() - start) / done
            say(_line(count, len(left), left[index], rate * (sum(costs) - done)))


def _timed(run, settings, dataset):
    """Return the record of a run, with the seconds that it took where it was done."""
    begin = time.perf_counter()
    result = run(settings, dataset)
    return {"settings": settings, "result": result,
            "seconds": round(time.perf_counter() - begin, 2)}  # fmt: skip


def _line(done, count, settings, seconds):
    left = f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"
    return f"{done}/{count} {json.dumps(settings)}, about {left} left"


def _write(experiment, name, dataset, directory, records):
    """Write the report and return {kind: path}."""
    text, plots = experiment.report(records)
    minutes = sum(record["seconds"] for record in records) / 60
    used = ", ".join(f"{tool} {version}" for tool, version in versions().items() if tool in SHOWN)
    sizes = f"{len(dataset.y_train)} training and {len(dataset.y_test)} test samples; "
    foot = (
        f"{len(records)} runs in {minutes:.1f} minutes on one core; "
        f"{'' if experiment.brings_data else sizes}{used}."
    )
    files = {
        f"{name}.json": json.dumps({"title": experiment.title, "records": records}, indent=1),
        f"{name}.md": f"# {experiment.title}\n\n{text}\n\n{foot}",
        **plots,
    }
    for file, content in files.items():
        content = content if isinstance(content, bytes) else content + "\n"
        replace_file(directory / file, content)
    return [str(directory / file) for file in files]


SHOWN = ("python", "numpy", "numba")  # tools whose versions a report names


def _fingerprint(dataset):
    """Return a text that tells one data set from another, whatever it is called."""
    crc = 0
    for array in dataset.arrays:
        crc = zlib.crc32(array.tobytes(), crc)
    return f"{len(dataset.y_train)}+{len(dataset.y_test)} {crc:08x}"


def _key(settings, data):
    return json.dumps([settings, data], sort_keys=True)
