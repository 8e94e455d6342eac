"""Types: mypy with the settings of pyproject.toml finds what is planted in typed packages."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import kept

ROOT = Path(__file__).parents[2]
ERROR = re.compile(r".*?:(?P<line>\d+): error: .*\[(?P<code>[a-z-]+)\]")
# A module of each package, one that other modules of its package do not import.
MODULES = (
    "boldhw/spec/registermap.py",
    "boldhw/golden/convolution.py",
    "host/boldhost/stored.py",
    "boards/boldboards/upduino_v3.py",
)
PLANTED = """

def wrong() -> int:
    return "text"


def untyped(value):
    return value


def half_typed(value: int, other):
    return value


def loose() -> int:
    import json

    return json.loads("1")
"""
# Line of PLANTED and what mypy calls the error there.
CODES = {
    (4, "return-value"), (7, "no-untyped-def"), (11, "no-untyped-def"), (18, "no-any-return"),
}  # fmt: skip
# A module of a package without annotations, and what is planted there.
UNTYPED, BODY = (
    "boldhw/energy/accesses.py",
    """

def body():
    return 1 + "text"
""",
)
BACKENDS = """
from boldhost.device import Device
from boldhost.stored import StoredDevice
from boldhw.check.lockstep import LockStep
from boldhw.golden.network import Network
from boldhw.golden.planes import PlanesNetwork
from boldhw.spec.arrays import Bits, Labels
from boldhw.spec.state import Backend
from boldhw.spec.stats import TrainStats


class NoStop(LockStep):
    def train(self, bits: Bits, labels: Labels) -> TrainStats:  # type: ignore[override]
        return self.flush()


def backends(
    a: Network, b: PlanesNetwork, c: Device, d: StoredDevice, e: LockStep
) -> list[Backend]:
    return [a, b, c, d, e]


def no_backend(network: NoStop) -> Backend:
    return network
"""


@pytest.fixture(scope="module")
def mypy():
    """Return a function that runs mypy on MODULES and files, and returns the errors it prints.

    Mypy looks itself whether what it has kept fits the files.
    """
    cache = kept.BUILD / "mypy"
    paths = (str(ROOT), str(ROOT / "host"), str(ROOT / "boards"))

    def run(*arguments):
        command = [
            sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--cache-dir", cache,
            "--follow-imports", "silent", "--no-error-summary", *arguments, *MODULES,
        ]  # fmt: skip
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "MYPYPATH": os.pathsep.join(paths)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert not done.stderr
        errors = [line for line in done.stdout.splitlines() if ": error: " in line]
        assert done.returncode == bool(errors), done.stdout
        return errors

    return run


@pytest.fixture(scope="module")
def planted(mypy, tmp_path_factory):
    """Return what mypy finds in copies of the MODULES, each with PLANTED at its end."""
    folder, shadows = tmp_path_factory.mktemp("planted"), []
    for module in MODULES:
        copy = folder / module.replace("/", "-")
        copy.write_text((ROOT / module).read_text() + PLANTED)
        shadows += ["--shadow-file", module, copy]
    return mypy(*shadows)


def test_modules_as_they_are_pass(mypy):
    assert mypy(UNTYPED) == []


@pytest.mark.parametrize("module", MODULES)
def test_a_wrong_type_and_a_missing_one_are_found(planted, module):
    above = (ROOT / module).read_text().count("\n")
    found = [ERROR.fullmatch(error) for error in planted if error.startswith(f"{module}:")]
    assert {(int(each["line"]) - above, each["code"]) for each in found} == CODES


def test_bodies_without_annotations_are_checked(mypy, tmp_path):
    text, copy = (ROOT / UNTYPED).read_text(), tmp_path / "copy.py"
    copy.write_text(text + BODY)
    (error,) = mypy("--shadow-file", UNTYPED, copy, UNTYPED)
    found = ERROR.fullmatch(error)
    assert (int(found["line"]) - text.count("\n"), found["code"]) == (4, "operator")


def test_network_and_devices_are_backends(mypy, tmp_path):
    path = tmp_path / "backends.py"
    path.write_text(BACKENDS)
    refused = mypy(path)
    line = BACKENDS[: BACKENDS.index("    return network")].count("\n") + 1
    assert [error.split(":")[1] for error in refused] == [str(line)]
    assert 'got "NoStop", expected "Backend"' in refused[0]
