"""A million frames over bad lines, each executed exactly once. Minutes; ``make soak`` runs it."""

import pytest
from support.frame_exchange import RATES, exchange


@pytest.mark.parametrize("rate", RATES)
def test_each_of_a_million_frames_is_executed_once(rate):
    for seed in range(25):
        exchange(rate, 10_000, seed)
