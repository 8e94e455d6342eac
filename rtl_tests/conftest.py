"""Fixtures of the gateware tests, and what will be skipped."""

import shutil
from pathlib import Path

import pytest

pytest.register_assert_rewrite("support")

# Programs that Debian has and PyPI has not: what they are for, and the package.
PROGRAMS = {
    "iverilog": ("the second simulator, Icarus Verilog", "iverilog"),
    "icebox_vlog": ("reading a packed bitstream back", "fpga-icestorm"),
}

# Files that take minutes. They start first: one that started last would keep a single core busy.
LONGEST = (
    "system/test_ends.py", "gateware/core/test_core.py", "system/test_crash.py",
    "system/test_system.py", "gateware/test_verilog.py", "gateware/core/test_netlist.py",
    "flow/test_bitstream.py", "flow/test_estimate.py", "flow/test_build.py", "cli/test_cli.py",
)  # fmt: skip


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


def pytest_collection_modifyitems(items):
    """Put the tests of LONGEST in front, in its order; all others stay in theirs."""
    folder = Path(__file__).parent
    order = {folder / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path, len(order)))


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
