"""Fixtures of the gateware tests."""

import shutil

import pytest


@pytest.fixture(params=["verilator", "icarus"])
def sim(request):
    """Name of the simulator; every bench runs on both."""
    if request.param == "icarus" and not shutil.which("iverilog"):
        pytest.skip("Icarus Verilog is missing; install the Debian package iverilog")
    return request.param
