"""Every pair of ends of every field of EngineConfig, the largest arrays and memories included."""

import pytest
from support.ends import ENDS, ROWS, STORE, check, covering, engine_of, networks, sized

COMPUTING = tuple(field for field in ENDS if field not in ("elements", *ROWS, *STORE))


@pytest.mark.parametrize("row", covering(), ids=str)
def test_all_fields(row):
    engine = engine_of(row)
    updates = [check(engine, widths) for widths in networks(engine)]
    assert updates
    assert all(updates) == engine.training


@pytest.mark.parametrize("elements", [0, 1])
@pytest.mark.parametrize("row", covering(COMPUTING), ids=str)
def test_sums_of_the_largest_arrays(row, elements):
    engine, found = sized(row | {"elements": elements})
    updates = [check(engine, widths) for widths in found]
    assert updates
    assert all(updates) == engine.training
