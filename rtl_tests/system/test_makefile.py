"""``make`` says at once where it cannot work."""

import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[2] / "Makefile"


@pytest.mark.parametrize("target", ["test", "soak"])
def test_a_path_with_a_space_is_refused_at_once(tmp_path, target):
    """Fault 19: Verilator's makefile refuses it, an hour later; everything else works there."""
    folder = tmp_path / "my projects"
    folder.mkdir()
    shutil.copy(MAKEFILE, folder)
    ran = make(folder, target)
    assert ran.returncode == 2
    assert f'there is a space in "{folder}"' in ran.stderr
    assert f'mv "{folder}" ~/boldhw' in ran.stderr
    assert ran.stdout == ""
    assert "pip install" in make(folder, "--dry-run", "demo").stdout


def test_other_paths_are_not(tmp_path):
    shutil.copy(MAKEFILE, tmp_path)
    ran = make(tmp_path, "nospace")
    assert (ran.returncode, ran.stderr) == (0, "")


def make(folder, *words):
    """Run make in a folder that holds the Makefile only."""
    (folder / "pyproject.toml").touch()
    command = ["make", "--no-print-directory", *words]  # said when make runs the tests
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)
