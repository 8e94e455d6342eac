import numpy as np
import pytest
from boldhost.counted import check_counted, gathered_after, grown, train_stats

from boldhw.errors import DeviceError
from boldhw.spec.protocol import ACTIVE, COUNTERS, HIT, UPDATED
from boldhw.spec.stats import TrainStats

ZERO = dict.fromkeys(COUNTERS, 0) | {"flips": (0, 0, 0)}


def results(*values):
    return np.array(values, np.uint8)


@pytest.mark.parametrize(
    ("before", "samples", "after"),
    [
        (3, results(), 3),
        (3, results(0, HIT, ACTIVE, ACTIVE | HIT), 5),
        (3, results(ACTIVE, ACTIVE | UPDATED), 0),
        (3, results(ACTIVE | UPDATED, ACTIVE, 0, ACTIVE | UPDATED, ACTIVE, HIT), 1),
    ],
)
def test_samples_gather_until_an_update(before, samples, after):
    assert gathered_after(before, samples) == after


def test_counters_grow_modulo_32_bits():
    before = ZERO | {"samples": 0xFFFFFFFE, "hits": 4}
    after = ZERO | {"samples": 3, "hits": 9}
    assert grown(before, after) == dict.fromkeys(COUNTERS, 0) | {"samples": 5, "hits": 5}


def test_results_and_counters_agree():
    growth = grown(ZERO, ZERO | {"samples": 3, "hits": 2, "active": 1})
    check_counted(growth, results(HIT, HIT | ACTIVE, 0))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (results(HIT, HIT | ACTIVE), "counted 3 samples, the driver 2; another program"),
        (results(HIT, ACTIVE, 0), "counted 2 hits, the driver 1"),
        (results(HIT | ACTIVE, HIT | ACTIVE, 0), "counted 1 active, the driver 2"),
    ],
)
def test_another_user_is_noticed(found, message):
    growth = grown(ZERO, ZERO | {"samples": 3, "hits": 2, "active": 1})
    with pytest.raises(DeviceError, match=message):
        check_counted(growth, found)


def test_stats_are_those_of_the_layers_of_the_network():
    before = ZERO | {"updates": 1, "flips": (0xFFFFFFFF, 5, 0)}
    after = ZERO | {"samples": 9, "hits": 4, "active": 6, "updates": 3, "flips": (1, 8, 7)}
    assert train_stats(before, after, 2) == TrainStats(9, 4, 6, 2, (2, 3))
