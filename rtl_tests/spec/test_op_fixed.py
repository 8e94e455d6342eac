"""Arrays that are made for one program take it, and no op that differs in what is constant."""

from dataclasses import replace

import pytest

from boldhw.errors import ConfigError, DataError
from boldhw.flow.op_lists import program_of
from boldhw.spec.network import Network
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.fixed import PARTS, TRAINED, check_fixed, fixed_of, parse
from boldhw.spec.ops.kinds import Count, Expand, Flip, Mac, Segment, Window
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.protocol import op_identity_bytes, parse_op_identity

SIZE = ArraySize(elements=2, lanes=8, serial=True, plain=True)
NETWORK = Network.parse("8x8-4k3p2-4k3-6")
LISTS = program_of(NETWORK, SIZE).lists
OPS = [op for ops in LISTS.values() for op in ops]
TEXT = fixed_of(LISTS.values())


def test_its_own_program_is_taken():
    for op in OPS:
        check_fixed(TEXT, "an op", op)
    assert program_of(NETWORK, replace(SIZE, fixed=TEXT)).lists == LISTS


@pytest.mark.parametrize("text", ["8x8-4k3p2-8k3-6", "8x8-4k3p2-4k3-5", "10x10-4k3p2-4k3-6"])
def test_programs_of_others_are_refused(text):
    network = Network.parse(text)
    program_of(network, SIZE)
    with pytest.raises(DataError, match="made for others"):
        program_of(network, replace(SIZE, fixed=TEXT))


def test_each_bit_that_is_constant_is_checked():
    """Every change of a value is refused, unless all ops together leave its bits free."""
    refused = 0
    for op in OPS:
        kind = type(op)
        if kind in PARTS:  # what is constant is so in both of them
            continue
        own = {each.name: {getattr(other, each.name) for other in OPS if type(other) is kind}
               for each in kind.values()}  # fmt: skip
        for each in kind.values():
            value = getattr(op, each.name)
            least, most = each.range
            changed = replace(op, **{each.name: value + 1 if value < most else least})
            if each.name in TRAINED:
                check_fixed(TEXT, "an op", changed)
            elif len(own[each.name]) == 1:
                with pytest.raises(DataError, match=f"an op has {each.name}="):
                    check_fixed(TEXT, "an op", changed)
                refused += 1
    assert refused > 90


def test_bits_that_another_one_tells_are_checked():
    """Two ops that differ in two values: one with a value of each is none of them."""
    one, other = Mac(rows=1, columns=2), Mac(rows=2, columns=5)
    text = fixed_of([[one, other]])
    for op in (one, other):
        check_fixed(text, "an op", op)
    with pytest.raises(DataError, match="an op has"):
        check_fixed(text, "an op", replace(one, columns=5))


def test_what_windows_and_segments_share_is_constant_in_both():
    window, segment = Window(height=5, width=3), Segment(height=5, width=2)
    text = fixed_of([[window, segment]])
    for each in (window, segment, replace(segment, width=3)):
        check_fixed(text, "an op", each)
    for each in (replace(window, height=4), replace(segment, height=1)):
        with pytest.raises(DataError, match="an op has height="):
            check_fixed(text, "an op", each)


def test_kinds_that_are_lacking_are_refused():
    with pytest.raises(DataError, match="is of a kind that the program lacks"):
        check_fixed(fixed_of([[Flip(outputs=3)]]), "an op", Expand(rows=1))


def test_without_constants_all_ops_are_taken():
    check_fixed("", "an op", Expand(rows=1))


@pytest.mark.parametrize(
    "text", ["3", "3:1:1:", "z:0:0:", "e:0:0:", f"3:0:{1 << 640:x}:", "3:0:0:1"]
)
def test_what_is_no_text_of_these_is_refused(text):
    with pytest.raises(ConfigError, match="must be as boldhw build --made-for writes it"):
        parse(text)


def test_a_design_is_told_by_its_digest():
    """The greeting lacks what is constant: a driver that knows it finds the same digest."""
    size = replace(SIZE, weight_rows=256, fixed=TEXT)
    payload = op_identity_bytes(LinkedArray(size), 18_000_000)
    identity = parse_op_identity(payload, TEXT)
    assert identity.config.size == size
    assert identity.digest == LinkedArray(size).digest() == identity.config.digest()
    unaware = parse_op_identity(payload)
    assert unaware.config.digest() != unaware.digest


def test_an_array_without_counters_has_no_count():
    uncounted = program_of(NETWORK, replace(SIZE, uncounted=True))
    assert any(isinstance(op, Count) for op in OPS)
    left = [op for ops in uncounted.lists.values() for op in ops]
    assert left == [op for op in OPS if not isinstance(op, Count)]
