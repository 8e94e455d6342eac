"""What tests of data of the user's own share: command lines, a table, a run trained on it."""

import json

import pytest
from support.own_tables import samples, write

from boldhw.cli.main import main


@pytest.fixture
def call(capfd):
    """Run a command line with --json; return its JSON object, its exit code and stderr."""

    def run(*words):
        code = main([*map(str, words), "--json"])
        out, err = capfd.readouterr()
        return json.loads(out), code, err

    return run


@pytest.fixture
def refused(call):
    """Run a command line that must be refused with all of some words."""

    def run(words, *line):
        found, code, err = call(*line)
        assert (code, found["exit_code"]) == (2, 2)
        for word in words:
            assert word in found["error"]
        assert "Traceback" not in err

    return run


@pytest.fixture
def table(tmp_path):
    return write(tmp_path / "a.csv", *samples(150, 1))


@pytest.fixture
def trained(call, table, tmp_path):
    """Return (path of a run, what its training printed)."""
    path = tmp_path / "run.npz"
    line = ("--hidden", 24, "--epochs", 20, "--checkpoint", path)
    found, code, _ = call("train", "--data", table, "--label", "kind", *line)
    assert code == 0
    return path, found
