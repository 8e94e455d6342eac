"""Inverted bits are made, and what became of each is told; test_experiments.py runs the table."""

import pytest

from boldhw.experiments import faults
from boldhw.spec.protocol import Register


def outcomes(place, bits=3, seed=1):
    """Return {outcome: count} of some inverted bits, without zeros."""
    counts = faults.run({"place": place, "seed": seed, "bits": bits}, None)
    assert sum(counts[name] for name in faults.OUTCOMES) == bits
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("place", ["weights", "accumulators"])
def test_the_checksum_sees_every_bit_of_what_is_learned(place):
    assert outcomes(place)["checksum"] == 3


def test_inverted_settings_are_seen():
    found = outcomes("layer table")
    assert found.get("checksum", 0) + found.get("settings", 0) == 3


def test_an_undisturbed_run_leaves_no_trace(monkeypatch):
    monkeypatch.setitem(faults.POKES, "nowhere", lambda device, generator: None)
    assert outcomes("nowhere") == {"nothing": 3}


def test_a_wrong_reply_is_told(monkeypatch):
    infer = faults.Device.infer

    def wrong(device, generator):
        monkeypatch.setattr(faults.Device, "infer", lambda *arguments: 1 + infer(*arguments))

    monkeypatch.setitem(faults.POKES, "reply", wrong)
    assert outcomes("reply", bits=1) == {"replies": 1}


def test_a_board_that_stops_is_told(monkeypatch):
    def stop(device, generator):
        device.write_register(Register.LAYERS, 0)

    monkeypatch.setitem(faults.POKES, "power", stop)
    assert outcomes("power", bits=1) == {"driver": 1}


def test_every_bit_of_the_sequencer_has_an_outcome():
    assert sum(outcomes("core.sequencer", bits=4).values()) >= 4
