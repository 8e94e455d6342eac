"""Descriptors: values become 16-bit fields and come back; what does not fit is refused."""

import re
from pathlib import Path

import numpy as np
import pytest

from boldhw.errors import ConfigError, DataError
from boldhw.spec.ops.kinds import KINDS, End, Gather, Mac, Segment, Window
from boldhw.spec.ops.program import decoded, from_bits, listed, to_bits

PAGE = (Path(__file__).parents[2] / "docs" / "op_fields.md").read_text()


def random_op(kind, generator):
    """Return an op with random values, all within their ranges."""
    values = {}
    for each in kind.values():
        low, high = each.range
        values[each.name] = int(generator.choice([low, high, generator.integers(low, high + 1)]))
    return kind(**values)


@pytest.mark.parametrize("kind", KINDS.values())
def test_what_is_encoded_is_decoded(kind):
    generator = np.random.default_rng(kind.KIND)
    for _ in range(50):
        op = random_op(kind, generator)
        rows = op.encode()
        assert rows.dtype == np.uint16
        assert rows.shape[0] <= kind.size()
        assert rows.shape[1] == 4
        assert len(rows) == 1 or rows[-1].any()
        assert kind.decode(rows) == op
        assert (int(rows[0, 0]) & 15, int(rows[0, 0]) >> 4 & 15) == (kind.KIND, len(rows))


@pytest.mark.parametrize("kind", KINDS.values())
def test_values_have_bits_of_their_own(kind):
    taken = np.zeros((kind.size() * 4, 16), int)
    for value, field, low in kind.slots():
        assert low + value.bits <= 16
        taken[field, low : low + value.bits] += 1
    assert taken.max() == 1
    assert kind.size() <= 8


def test_where_fields_are():
    """The contract with the gateware: four places that must not move unseen."""
    op = Segment(in_row=0x1234, jump7=-2, across=5, down=7, deltas=1, skip=9)
    rows = op.encode()
    assert rows[0].tolist() == [0x9151, 0x1234, 0, 0]
    assert rows[1, 0] == 0x0705
    assert rows[-1, -1] == 0xFFFE
    assert Mac.size() == 4
    assert End().encode().tolist() == [[0x001B, 0, 0, 0]]


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (Segment(across=256), "across of an op SEGMENT would be 256; its field holds 0 to 255"),
        (Segment(jump3=-(1 << 15) - 1), "jump3 of an op SEGMENT would be -32769"),
        (Window(planes=8), "planes of an op WINDOW"),
        (Gather(in_row=1 << 16), "in_row of an op GATHER"),
    ],
)
def test_what_does_not_fit_is_refused(op, message):
    with pytest.raises(ConfigError, match=message):
        op.encode()


def test_lists_are_decoded_up_to_their_end():
    ops = [Segment(in_row=3, jump7=1), Mac(groups=2), End()]
    rows = np.concatenate([op.encode() for op in [*ops, Mac()]])
    assert decoded(rows, 10) == ops
    assert from_bits(to_bits(rows)).tolist() == rows.tolist()
    assert listed(ops)[1:] == ["MAC      groups=2", "END"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (0, 0x0050, "op 0 is of kind 0, which there is none of"),
        (0, 0x005C, "op 0 is of kind 12"),
        (0, 0x0061, "an op SEGMENT has 6 rows; it takes 1 to 5"),
        (0, 0x0001, "an op SEGMENT has 0 rows"),
        (0, 0x0051, "no END"),
    ],
)
def test_bad_lists_are_not_decoded(field, value, message):
    rows = np.concatenate([Segment(jump7=1).encode(), Mac().encode()])
    rows[0, field] = value
    with pytest.raises(DataError, match=message):
        decoded(rows, 10)


def test_a_list_longer_than_there_may_be_is_not_decoded():
    rows = np.concatenate([Mac(counter_row=1).encode()] * 5 + [End().encode()])
    assert len(decoded(rows, 6)) == 6
    with pytest.raises(DataError, match="no END within 20 rows and 5 ops"):
        decoded(rows, 5)


@pytest.mark.parametrize("kind", KINDS.values())
def test_the_page_has_all_fields(kind):
    head = f"**{kind.__name__.upper()}**, kind {kind.KIND}, up to {kind.size()} rows"
    assert head in PAGE
    section = PAGE.partition(head)[2].partition("**")[0]
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\S+) \| (.+) \|$", section, re.MULTILINE)
    expected = []
    for value, field, low in list(kind.slots())[2:]:
        bits = str(low) if value.bits == 1 else f"{low}..{low + value.bits - 1}"
        doc = value.doc.replace("|", "\\|") + (", signed" if value.signed else "")
        expected.append((value.name, str(field), bits, doc))
    assert rows == expected
