"""Every pair of ends of every field of EngineConfig, the largest arrays and memories included."""

import pytest
from support.ends import ENDS, ROWS, STORE, check, covering, engine_of, networks, sized

COMPUTING = tuple(field for field in ENDS if field not in ("elements", *ROWS, *STORE))


@pytest.mark.parametrize("row", covering(), ids=str)
def test_all_fields(row):
    config = engine_of(row)
    updates = [check(config, widths) for widths in networks(config)]
    assert updates
    assert all(updates) == config.training


@pytest.mark.parametrize("elements", [0, 1])
@pytest.mark.parametrize("row", covering(COMPUTING), ids=str)
def test_sums_of_the_largest_arrays(row, elements):
    config, found = sized(row | {"elements": elements})
    updates = [check(config, widths) for widths in found]
    assert updates
    assert all(updates) == config.training
