"""Fixtures of the gateware tests, and what will be skipped."""

import os

import pytest

pytest.register_assert_rewrite("support")

from support import garbage, kept_tools, session  # noqa: E402, after the registration
from support.board_flags import board_flags  # noqa: E402
from support.session import missing  # noqa: E402


def pytest_configure(config):
    """Set how simulated boards are compiled, before the workers start, which take it over."""
    if "CXXFLAGS" not in os.environ:
        os.environ["CXXFLAGS"] = board_flags()


def pytest_report_header():
    """Say before the first test what will be skipped, and why."""
    return session.skipped()


def pytest_collection_modifyitems(items):
    session.longest_first(items)


def pytest_collection_finish():
    garbage.seldom()


@pytest.fixture(params=["verilator", "icarus"])
def sim(request):
    """Name of the simulator; every bench runs on both."""
    if request.param == "icarus" and (reason := missing("iverilog")):
        pytest.skip(reason)
    return request.param


@pytest.fixture(scope="module")
def keep_tools():
    """Yosys and the like are run once, until one of their files changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("boldhw.flow.synthesis.run", kept_tools.run)
        yield


@pytest.fixture
def icebox():
    """What reads bitstreams back is there."""
    if reason := missing("icebox_vlog"):
        pytest.skip(reason)
