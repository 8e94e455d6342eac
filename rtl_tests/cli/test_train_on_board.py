"""Graphs trained, resumed, tested and used on a board of op lists, as the golden model does."""

import json
import signal
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pytest
from boldboards import BOARDS
from support.graph_driver import SIZE
from support.op_board import OpBoard

from boldhw.cli import train_graph

NETWORK = "8x8-4k3p2-10"
DATA = ("--data", "digits", "--train-size", 60, "--test-size", 30)
# Name of a run, and what trains its first epoch and its second one.
RUNS = (("golden", "golden", "golden"), ("sim", "sim", "golden"), ("late", "golden", "sim"))
CHECKED = ("test_accuracy", "flips", "updates", "train_active_fraction", "confusion")


@pytest.fixture
def boards(monkeypatch):
    """Golden boards in place of simulated ones, of the size that is asked for; all that were made.

    The iCEBreaker's own is small.
    """
    made = []

    def open_transport(port, config, baud, clock_hz):
        made.append(OpBoard(config or SIZE))
        return made[-1]

    monkeypatch.setattr("boldhost.client.open_transport", open_transport)
    monkeypatch.setitem(BOARDS, "icebreaker", replace(BOARDS["icebreaker"], array=SIZE))
    return made


def interrupted(save, path, trainer):
    """Save a run, and stop it when it has done two epochs."""
    if trainer.epoch == 2:
        raise KeyboardInterrupt
    save(path, trainer)


def arrays(path):
    """Return all that a checkpoint holds."""
    with np.load(path) as found:
        return {name: found[name] for name in found.files}


def test_a_run_is_that_of_the_golden_model(call, boards, tmp_path):
    """Checkpoints are equal byte by byte, also of a run that is resumed on the other backend."""
    found = {}
    for name, first, second in RUNS:
        path = tmp_path / f"{name}.npz"
        words = ("train", *DATA, "--network", NETWORK, "--epochs", 2, "--checkpoint", path)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(train_graph.graphs, "save", partial(interrupted, train_graph.graphs.save))
            code = call(*words, "--backend", first, "--board", "icebreaker")[1]
            assert code == 128 + signal.SIGINT
        resumed, code, _ = call("train", "--resume", path, *DATA, "--backend", second)
        assert code == 0
        found[name] = {each: resumed[each] for each in CHECKED}, arrays(path)
        assert ("cycles" in resumed) == (second == "sim")
    assert len(boards) == 2
    for name in ("sim", "late"):
        assert found[name][0] == found["golden"][0]
        assert found[name][1].keys() == found["golden"][1].keys()
        for key, value in found["golden"][1].items():
            assert np.array_equal(value, found[name][1][key]), (name, key)


@pytest.fixture
def stored(monkeypatch):
    """Golden boards in place of simulated ones with a store; all that were made."""
    made = []

    def transport(design, clock_hz, flash):
        board = OpBoard(design)
        board.content[: len(flash or b"")] = flash or b""
        made.append(board)
        return board

    monkeypatch.setattr("boldhw.cosim.transport.SimTransport", transport)
    for name in ("icebreaker", "ulx3s"):
        monkeypatch.setitem(BOARDS, name, replace(BOARDS[name], array=SIZE))
    return made


@pytest.mark.parametrize("name", ["icebreaker", "ulx3s"])
def test_a_board_trains_from_its_store(call, refused, stored, tmp_path, name):
    """From flash and SDRAM, as the golden model in the same order, also when it is resumed."""
    found, path = {}, tmp_path / "run.npz"
    words = ("train", *DATA, "--network", NETWORK, "--epochs", 2, "--board", name, "--store")
    for backend in ("golden", "sim"):
        found[backend] = call(*words, "--backend", backend)[0]
    assert [found["sim"][key] for key in CHECKED] == [found["golden"][key] for key in CHECKED]
    sent = call(*words[:-1], "--backend", "golden")[0]
    assert sent["flips"] != found["golden"]["flips"]  # in another order
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_graph.graphs, "save", partial(interrupted, train_graph.graphs.save))
        assert call(*words, "--backend", "sim", "--checkpoint", path)[1] == 128 + signal.SIGINT
    resume = ("train", "--resume", path, *DATA, "--backend", "sim", "--board", name)
    refused(("takes its samples in another order; add --store",), *resume)
    resumed = call(*resume, "--store")[0]
    other = tmp_path / "whole.npz"
    whole = call(*words, "--backend", "golden", "--checkpoint", other)[0]
    assert resumed["test_accuracy"] == whole["test_accuracy"]
    mine, wanted = arrays(path), arrays(other)
    assert all(np.array_equal(mine[key], array) for key, array in wanted.items())
    assert {board.config.store for board in stored} == {BOARDS[name].store}


def test_a_checkpoint_is_used_on_a_board(call, boards, tmp_path):
    """One with wider accumulators and a larger batch than the board has."""
    path = tmp_path / "run.npz"
    assert call("train", *DATA, "--network", NETWORK, "--epochs", 1, "--checkpoint", path)[1] == 0
    for words in (("eval", *DATA), ("predict", "--data", "digits")):
        words = (*words, "--checkpoint", path)
        golden = call(*words)[0]
        assert call(*words, "--backend", "sim", "--board", "icebreaker")[0] == golden
        assert call(*words, "--backend", "/dev/ttyUSB1")[0] == golden
    assert len(boards) == 4


def test_op_lists_train_chains(call, boards):
    words = ("train", *DATA, "--network", "64-12-10", "--epochs", 1)
    found = [call(*words, "--ops", "--backend", name)[0] for name in ("golden", "sim")]
    assert [found[0][name] for name in CHECKED] == [found[1][name] for name in CHECKED]
    (board,) = boards
    assert found[1]["cycles"] == sum(
        value for name, value in board.counters.items() if name.startswith("cycles")
    )


def test_signals_are_not_counted_on_a_board(call, boards):
    words = ("train", *DATA, "--network", NETWORK, "--epochs", 1, "--backend", "sim")
    shares = [layer["signal_share"] for layer in call(*words)[0]["layers"]]
    assert shares == [None, None]


def test_an_engine_that_counts_no_signals(call, refused, boards, tmp_path):
    """Thresholds and windows stay; the rest is governed as in the golden model, and the same."""
    file, path = tmp_path / "engine.json", tmp_path / "run.npz"
    file.write_text(json.dumps(asdict(replace(SIZE, uncounted=True))))
    words = ("train", *DATA, "--network", NETWORK, "--epochs", 2, "--config", file)
    golden = call(*words, "--backend", "golden")[0]
    found = call(*words, "--backend", "sim", "--checkpoint", path)[0]
    assert [found[name] for name in CHECKED] == [golden[name] for name in CHECKED]
    assert [layer["true_share"] for layer in found["layers"]] == [None, None]
    assert golden["layers"][0]["true_share"] > 0
    assert call("eval", *DATA, "--checkpoint", path)[0]["test_accuracy"] == found["test_accuracy"]
    other = tmp_path / "counted.npz"
    assert call(*words[:-2], "--checkpoint", other)[1] == 0
    resume = ("train", "--resume", other, *DATA, "--backend", "sim", "--config", file)
    refused(("moves thresholds by counters, which an engine",), *resume)


def test_engine_of_a_file(call, boards, tmp_path):
    path = tmp_path / "engine.json"
    path.write_text(json.dumps(asdict(replace(SIZE, batch=3))))
    words = ("train", *DATA, "--network", NETWORK, "--epochs", 1, "--backend", "sim")
    assert call(*words, "--config", path)[1] == 0
    assert [board.size.batch for board in boards] == [3]


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--network", "8x8-30k3-30k3-10"), ("needs data_rows=", "the array has 2048")),
        (("--network", NETWORK, "--store"), ("--store needs a board with a memory",)),
        (("--network", NETWORK, "--margin", "2"), ("--margin is for chains",)),
    ],
)
def test_what_no_board_trains_is_refused(refused, boards, words, parts):
    refused(parts, "train", *DATA, "--backend", "sim", *words)
    assert not boards


def test_a_checkpoint_of_another_engine_does_not_train_on(call, refused, boards, tmp_path):
    path, engine = tmp_path / "run.npz", tmp_path / "engine.json"
    engine.write_text(json.dumps(asdict(replace(SIZE, accumulator_bits=7))))
    words = ("train", *DATA, "--network", NETWORK, "--epochs", 1, "--checkpoint", path)
    assert call(*words, "--config", engine)[1] == 0
    parts = ("accumulators of 7 bits", "make it with bits=8")
    refused(parts, "train", "--resume", path, *DATA, "--backend", "sim")


def test_a_chain_says_itself_which_engine_it_is_for(call, refused, tmp_path):
    path = tmp_path / "run.npz"
    words = ("train", *DATA, "--network", "64-6-10", "--epochs", 1, "--checkpoint", path)
    assert call(*words)[1] == 0
    for verb, own in (("eval", DATA), ("predict", ("--data", "digits"))):
        refused(("--board is for graphs",), verb, *own, "--checkpoint", path, "--board", "ulx3s")
