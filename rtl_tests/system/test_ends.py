"""Engines at the ends of what is accepted give the golden model's bits (fault 1).

``make soak`` does the same with every pair of ends of every field, and with the largest arrays.
"""

from dataclasses import fields, replace

import numpy as np
import pytest
from boldhost.link import Link
from boldhost.stored import StoredDevice
from support.ends import ENDS, ROWS, STORE, USUAL, check, covering, engine_of, networks, sized

from boldhw.check.lockstep import Difference, LockStep
from boldhw.cosim.transport import SimTransport
from boldhw.errors import ConfigError
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer
from boldhw.spec import geometry
from boldhw.spec import store as store_spec
from boldhw.spec.engine import EngineConfig
from boldhw.spec.layout import Layout
from boldhw.spec.packing import pack_store

# Small arrays, so that a simulation is built in seconds.
SMALL = {"elements": 0, "most_lanes": 16}
COMPUTING = tuple(field for field in ENDS if field not in (*SMALL, *ROWS, *STORE))
PAIRS = covering(COMPUTING, SMALL)
MOST_ROWS = 1 << 12


def test_no_field_is_left_out():
    assert {field.name for field in fields(EngineConfig)} == set(ENDS) == set(USUAL)


def test_every_pair_of_ends_is_in_a_row():
    seen = {
        (first, row[first], second, row[second])
        for row in PAIRS for first in row for second in row
    }  # fmt: skip
    assert len(PAIRS) < 12
    assert ("lanes", 1, "batch", 1) in seen
    assert ("dsp_sums", 1, "max_fan_in", 1) in seen
    assert ("dsp_sums", 1, "dual_port", 1) not in seen  # refused


@pytest.mark.parametrize("row", PAIRS, ids=lambda row: "".join(map(str, row.values())))
def test_pairs_of_ends_are_exact(row):
    config, found = sized(row, MOST_ROWS)
    updates = [check(config, widths) for widths in found]
    assert all(updates) == config.training


@pytest.mark.parametrize("field", ROWS)
def test_fewest_rows_hold_a_network(field):
    config = engine_of({"elements": 0, field: 0})
    (widths, *_) = networks(config)
    assert check(config, widths)


@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize("store", ["sdram", "flash"])
def test_stores_of_all_sizes_are_exact(store, end):
    """The least and the greatest size; of a flash the engine only reads."""
    row = {"store": list(store_spec.STORES).index(store), "store_bytes": end}
    config, widths = engine_of(row), (9, 6, 3)
    golden = Network(widths, config, seed=1)
    rng = np.random.default_rng(2)
    bits, labels = rng.random((30, 9)) < 0.5, rng.integers(0, 3, 30)
    image = pack_store(Layout(config, widths), bits, labels) if store == "flash" else None
    with StoredDevice(Link(SimTransport(config, flash=image))) as device:
        device.load(golden)
        device.fill_store(bits, labels)
        lockstep = LockStep(golden, device)
        hyper = Hyper(batch=config.batch, theta=2)
        trainer = Trainer(golden, hyper, 1, backend=lockstep, stored=True)
        list(trainer.run(bits, labels, bits, labels))
    assert lockstep.updates_checked > 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dsp_sums": True, "max_fan_in": 2048}, "max_fan_in=2047"),
        ({"max_fan_in": (1 << 14) + 1}, "max_fan_in=16384"),
        ({"store": "flash", "store_bytes": 1 << 25}, "store_bytes=16777216"),
        ({"dsp_sums": True, "dual_port": True}, "dual_port=True is not for an engine"),
        ({"store": "sdram", "store_bytes": 1 << 17, "training": False}, "training=True"),
    ],
)
def test_what_cannot_be_built_is_refused_by_name(changes, message):
    with pytest.raises(ConfigError, match=message):
        EngineConfig(**USUAL | changes)


def test_walk_finds_sums_that_are_a_bit_too_wide(monkeypatch):
    """With the limit of a DSP block that was a bit too high, the first update differs."""
    monkeypatch.setattr(geometry, "DSP_SUM_BITS", 14)
    config = replace(engine_of({"dsp_sums": 1}), max_fan_in=4092)
    with pytest.raises(Difference):
        check(config, (7, 5, 3))


def test_walk_finds_a_golden_model_with_a_wrong_bit(monkeypatch):
    config = engine_of({"dsp_sums": 1})
    train = Network.train

    def wrong(self, *arguments, **options):
        stats = train(self, *arguments, **options)
        self.weights[0][0, 0] ^= stats.updates > 0
        return stats

    monkeypatch.setattr(Network, "train", wrong)
    with pytest.raises(Difference, match="weight"):
        check(config, (7, 5, 3))
