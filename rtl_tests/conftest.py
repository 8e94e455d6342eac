"""Fixtures of the gateware tests, and what will be skipped."""

import shutil

import pytest

pytest.register_assert_rewrite("support")

# Programs that Debian has and PyPI has not: what they are for, and the package.
PROGRAMS = {
    "iverilog": ("the second simulator, Icarus Verilog", "iverilog"),
    "icebox_vlog": ("reading a packed bitstream back", "fpga-icestorm"),
}


def missing(program):
    """Return why tests with a program are skipped, nothing if they are not."""
    purpose, package = PROGRAMS[program]
    if shutil.which(program):
        return ""
    return f"{program} is missing, {purpose}; install it with: sudo apt-get install {package}"


def pytest_report_header():
    """Say before the first test what will be skipped, and why."""
    reasons = [reason for program in PROGRAMS if (reason := missing(program))]
    return [f"will skip: {reason}" for reason in reasons] or ["nothing will be skipped"]


@pytest.fixture(params=["verilator", "icarus"])
def sim(request):
    """Name of the simulator; every bench runs on both."""
    if request.param == "icarus" and (reason := missing("iverilog")):
        pytest.skip(reason)
    return request.param


@pytest.fixture
def icebox():
    """What reads bitstreams back is there."""
    if reason := missing("icebox_vlog"):
        pytest.skip(reason)
