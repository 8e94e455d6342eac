"""Fields of the layer table are what layout and settings have, and are told apart by the passes."""

import pytest
from boldboards.icebreaker import ENGINE as ICEBREAKER
from support.engines import WIDE

from boldhw.gateware.passes.table import field_shape
from boldhw.golden.network import REFERENCE
from boldhw.spec.engine import TABLE_ROWS
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.table import (
    ABOVE,
    FIELDS,
    FIELDS_PER_ROW,
    LAYER,
    ORIGIN,
    PACKED,
    PASS_ROWS,
    SETTINGS,
    TABLE,
    Field,
)


def width(config):
    return 1


@pytest.mark.parametrize(
    ("name", "of"),
    [("wrods", LAYER), ("signal_word", ABOVE), ("teta", SETTINGS), ("words", SETTINGS)],
)
def test_a_misspelt_field_is_refused_when_it_is_made(name, of):
    with pytest.raises(ValueError, match=f"'{name}' is no attribute of what '{of}' names"):
        Field(name, of, width, "")


def test_no_field_of_nobody():
    with pytest.raises(KeyError):
        Field("words", "layers", width, "")


def test_the_table_names_each_field_once_in_a_pass():
    assert len(TABLE) <= TABLE_ROWS
    assert all(len(row) <= FIELDS_PER_ROW for row in TABLE)
    for start in range(0, len(TABLE), PASS_ROWS):
        keys = [field.key for row in TABLE[start : start + PASS_ROWS] for field in row]
        assert keys
        assert len(keys) == len(set(keys))


def test_a_pass_cannot_ask_for_a_misspelt_field():
    with pytest.raises(KeyError):
        field_shape(ICEBREAKER, "wrods")


def test_one_name_is_one_field():
    """Fields of several passes are one and the same; only ORIGIN is worked out by the packer."""
    assert all(field is FIELDS[field.key] for row in TABLE for field in row)
    assert [field for field in FIELDS.values() if field.of == PACKED] == [ORIGIN]


@pytest.mark.parametrize("config", [ICEBREAKER, WIDE, REFERENCE])
def test_a_field_has_a_width_and_a_description(config):
    """With the largest fan-in, too, no field is wider than the table: a sign would be lost."""
    for field in FIELDS.values():
        assert 1 <= field.width(config) <= FIELD_BITS
        assert field.doc.strip()


def test_widths_hold_the_largest_value_and_no_more():
    """1023 inputs are 31 words of 32 lanes, 128 groups of 8; a row of 256 takes 8 bits."""
    widths = {field.key: field.width(ICEBREAKER) for field in FIELDS.values()}
    assert (widths["words"], widths["groups"], widths["input_lanes"]) == (5, 8, 4)
    assert (widths["input_row"], widths["weight_row"], widths["column_row"]) == (8, 8, 8)
    assert (widths["origin"], widths["window"], widths["theta"]) == (12, 11, 8)
    assert (widths["zero_true"], widths["noise"], widths["decay"]) == (1, 8, 16)
