"""Runs spread over a Dask cluster: the results of one machine, kept as they come."""

import json
import logging
import os
import sys

import dask
import distributed
import numpy as np
import pytest

from boldhw import spread as module
from boldhw.cli.main import main
from boldhw.data.datasets import Dataset
from boldhw.errors import ConfigError, DataError, ToolError
from boldhw.experiments.experiment import JOURNAL, Experiment, perform
from boldhw.spread import spread

IMAGES, LABELS = np.arange(12, dtype=np.uint8).reshape(3, 4), np.arange(3)
DATA = Dataset(IMAGES, LABELS, IMAGES, LABELS, "three")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The scheduler of a cluster that was started by somebody else."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0",
            local_directory=str(tmp_path_factory.mktemp("dask")), silence_logs=logging.CRITICAL,
        ) as cluster,
    ):  # fmt: skip
        yield cluster.scheduler_address


def quotient(number, divisor, images):
    if not divisor:
        raise DataError("nothing to divide by")
    return number / divisor, int(images.sum()), os.getpid()


def totals():
    """Return an experiment that adds n to all pixels."""

    def run(settings, dataset):
        return {"total": int(dataset.x_train.sum()) + settings["n"], "process": os.getpid()}

    def report(records):
        return str([record["result"]["total"] for record in records]), {}

    def runs(seeds, quick):
        return [{"n": n} for n in range(seeds)]

    return Experiment(title="Totals", runs=runs, run=run, report=report)


def test_results_are_those_of_this_machine(address):
    calls = [(number, number + 1) for number in range(8)]
    with spread() as run:
        here = list(run(quotient, calls, (IMAGES,)))
    with spread(address) as run:
        there = list(run(quotient, calls, (IMAGES,)))
    assert [index for index, _ in here] == list(range(8))
    assert {(index, found[:2]) for index, found in there} == {(i, f[:2]) for i, f in here}
    assert os.getpid() not in {found[2] for _, found in there}


def test_an_error_is_that_of_the_call(address):
    for scheduler in (None, address):
        with spread(scheduler) as run, pytest.raises(DataError, match="nothing to divide by"):
            list(run(quotient, [(1, 0)], (IMAGES,)))


def test_a_call_that_kills_its_workers_is_said_to_be_lost(address):
    with spread(address) as run, pytest.raises(ToolError, match="the cluster lost a call"):
        list(run(os._exit, [(3,)]))


def test_an_interrupted_experiment_keeps_what_has_ended(address, tmp_path):
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    perform(totals(), "totals", DATA, whole, 5)

    def interrupt(text):
        if text.startswith("2/5"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform(totals(), "totals", DATA, resumed, 5, say=interrupt, scheduler=address)
    assert len((resumed / JOURNAL).read_text().splitlines()) == 2
    said = []
    perform(totals(), "totals", DATA, resumed, 5, say=said.append, scheduler=address)
    assert said[0] == "2 of 5 runs are done already"
    assert (resumed / "totals.md").read_text().split("\n\n")[:2] == (
        (whole / "totals.md").read_text().split("\n\n")[:2]
    )
    lines = (resumed / JOURNAL).read_text().splitlines()
    processes = {json.loads(line)["result"]["process"] for line in lines}
    assert os.getpid() not in processes


def test_a_measured_experiment_on_a_cluster_of_its_own(tmp_path, capsys):
    """``local:2`` starts two workers and stops them; the report is that of one machine."""
    results = []
    for extra in ([], ["--scheduler", "local:2"]):
        out = tmp_path / f"out{len(extra)}"
        words = ["experiment", "variance", "--quick", "--seeds", "1", "--out", str(out), "--json"]
        assert main([*words, *extra]) == 0
        capsys.readouterr()
        records = json.loads((out / "variance.json").read_text())["records"]
        results.append([(record["settings"], record["result"]) for record in records])
    assert results[0] == results[1]


def test_addresses_that_do_not_work(monkeypatch):
    monkeypatch.setattr(module, "TIMEOUT", 1)
    with pytest.raises(ToolError, match="no Dask scheduler answers at tcp://127.0.0.1:9 "):
        spread("tcp://127.0.0.1:9").__enter__()
    with pytest.raises(ConfigError, match="'no such' is no address of a Dask scheduler"):
        spread("no such").__enter__()


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ToolError, match=r"needs the package distributed.*\[dask\]"):
        spread("local").__enter__()
