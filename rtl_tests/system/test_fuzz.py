"""Random and mutated bytes: no crash, no hang, nothing changed, and soon in step again.

Ten million bytes and inputs, guided by coverage, are in soak_fuzz.py.
"""

import pytest
from support import fuzz, gateware_fuzz

from boldhw.spec.protocol import Status

INPUTS = {  # inputs of a few hundred bytes on average, as many as take some seconds
    "host_decoder": 50_000,
    "host_link": 10_000,
    "host_identity": 10_000,
    "checkpoint_file": 5_000,
    "checkpoint_header": 2_000,
    "idx_file": 10_000,
}
LEAST = 100_000  # bytes


@pytest.mark.parametrize("target", fuzz.TARGETS, ids=lambda target: target.__name__)
def test_no_bytes_crash_the_host(tmp_path, target):
    name = target.__name__
    size = 0
    for content in fuzz.mutants(fuzz.seeds(name, tmp_path / "a.npz"), INPUTS[name]):
        target(content)
        size += len(content)
    assert size > LEAST


@pytest.fixture(scope="module", params=gateware_fuzz.ENGINES.values(), ids=gateware_fuzz.ENGINES)
def trained(request):
    board = gateware_fuzz.Trained(request.param)
    yield board
    board.device.close()


def test_no_bytes_harm_the_gateware(trained):
    assert gateware_fuzz.babble(trained, LEAST, seed=1) > 1000
    trained.go_on()


def test_no_wrong_command_harms_the_gateware(trained):
    """Well-formed frames of any content; each way of being wrong occurs."""
    counts = gateware_fuzz.command(trained, 2000, seed=2)
    assert min(counts[status] for status in list(Status)[:5]) > 10
    trained.go_on()


def test_no_settings_of_a_store_stop_the_gateware():
    trained = gateware_fuzz.Trained(gateware_fuzz.ENGINES["store"])
    gateware_fuzz.settings(trained, 200, seed=3)
    trained.device.close()
