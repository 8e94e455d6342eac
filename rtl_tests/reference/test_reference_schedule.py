"""Schedules at their ends and in the middle."""

import pytest

from boldhw.reference.schedule import cosine, polynomial


@pytest.mark.parametrize("schedule", [cosine, polynomial])
def test_runs_down_to_zero(schedule):
    values = [schedule(12.0, step, 50) for step in range(51)]
    assert values[0] == 12
    assert values[-1] == pytest.approx(0, abs=1e-12)
    assert values == sorted(values, reverse=True)


def test_middle():
    assert cosine(12.0, 25, 50) == pytest.approx(6)
    assert polynomial(12.0, 25, 50) == pytest.approx(12 * 0.5**0.9)
    assert polynomial(12.0, 25, 50, power=1) == pytest.approx(6)
