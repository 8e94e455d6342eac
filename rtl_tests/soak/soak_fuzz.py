"""Ten million inputs for the parsers of the host, ten million bytes for the gateware; an hour.

``make soak`` runs it, ``make test`` does not.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from support import gateware_fuzz

from boldhw.spec.protocol import Status

RUNS = {  # in all, ten million; each according to its speed
    "host_decoder": 8_000_000,
    "host_link": 1_000_000,
    "host_identity": 500_000,
    "idx_file": 400_000,
    "checkpoint_file": 50_000,
    "checkpoint_header": 50_000,
}


@pytest.mark.parametrize("target", RUNS)
def test_no_bytes_crash_the_host(tmp_path, target):
    words = [sys.executable, "-m", "support.coverage_fuzz", target, str(RUNS[target]), tmp_path]
    run = subprocess.run(words, cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    assert f"stat::number_of_executed_units: {RUNS[target]}" in run.stderr


@pytest.mark.parametrize("name", gateware_fuzz.ENGINES)
def test_no_bytes_harm_the_gateware(name):
    trained = gateware_fuzz.Trained(gateware_fuzz.ENGINES[name])
    assert gateware_fuzz.babble(trained, 10_000_000, seed=3) > 100_000
    assert gateware_fuzz.command(trained, 200_000, seed=4)[Status.BAD_LENGTH] > 10_000
    trained.go_on()
    if trained.device.config.has_store:
        gateware_fuzz.settings(trained, 20_000, seed=5)
    trained.device.close()
