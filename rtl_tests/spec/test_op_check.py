"""A bad op list is refused before it runs, with what is wrong in it."""

import re
from dataclasses import replace

import numpy as np
import pytest
from support import graph_cases

from boldhw.errors import ConfigError, DataError
from boldhw.golden.graph.settings import GraphLayerSettings, GraphSettings
from boldhw.spec.network import Network
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.check import check
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.kinds import (
    Count,
    End,
    Expand,
    Flip,
    Gather,
    Loss,
    Mac,
    Segment,
    Turn,
    Vote,
    Window,
)
from boldhw.spec.ops.limits import check_parts, check_values
from boldhw.spec.ops.program import compiled, fitted

NETWORK = Network.parse("8x8x4-6k3p2-5k3-6")
SIZE = ArraySize(elements=2, lanes=8, planes=2, batch=4)


def settings(network=NETWORK, batch=4):
    """Return settings of a network."""
    return graph_cases.settings(network, 1, batch)


@pytest.fixture(scope="module")
def program():
    """A program on an array with no row to spare."""
    return compiled(NETWORK, fitted(NETWORK, SIZE, settings()), settings())


def lists_of(program, name, kind, number=0, **fields):
    """Return the lists with values of the n-th op of a kind replaced."""
    lists = {each: list(ops) for each, ops in program.lists.items()}
    places = [index for index, op in enumerate(lists[name]) if isinstance(op, kind)]
    place = places[number]
    lists[name][place] = replace(lists[name][place], **fields)
    return lists


def refusal(program, lists):
    """Return the message of the refusal."""
    rows = len(program.rows())
    with pytest.raises(DataError) as caught:
        check(program.memory.size, lists, (program.row, program.row + rows))
    return str(caught.value)


def test_a_good_program_is_accepted(program):
    bound = check(program.memory.size, program.lists, (program.row, program.row + 100))
    assert bound == max(sum(cycles(ops, program.memory.size)) for ops in program.lists.values())


@pytest.mark.parametrize(
    ("name", "kind", "number", "fields", "message"),
    [
        ("forward", Mac, 0, {"rows": 0}, r"op \d \(MAC\) of the forward list has rows=0; it must"),
        ("forward", Mac, 0, {"groups": 0}, "groups=0"),
        ("forward", Mac, 0, {"lanes": 3}, "uses 3 lanes of 2"),
        ("forward", Mac, 0, {"planes": 3}, "computes 3 places together, not 2"),
        ("forward", Mac, 0, {"pool": 3}, "pools 3 x 3"),
        ("forward", Mac, 0, {"rows": 7}, "pools 2 x 2 of 7 x 8"),
        ("forward", Mac, 0, {"sink": 3}, "sink 3"),
        ("forward", Mac, 0, {"out_pitch": 3}, "4 columns with a pitch of 3"),
        ("forward", Mac, 0, {"out_row": 65_000}, "reaches rows .* of the data memory, which has"),
        ("forward", Mac, 0, {"unit_row": 900}, "unit memory"),
        ("forward", Mac, 0, {"out_row": 20}, "writes maps in rows that it reads"),
        ("forward", Segment, 0, {"weight_row": 60_000}, "of the weight memory, which has"),
        ("forward", Segment, 0, {"jump7": 30_000}, "of the data memory, which has"),
        ("forward", Segment, 0, {"skip": 2}, "taps=2, skip=2, words=1; 2 groups"),
        ("forward", Segment, 1, {"words": 9}, "words=9"),
        ("backward", Turn, 0, {"out_row": 60_000}, "of the delta memory, which has"),
        ("backward", Vote, 0, {"wide": 1}, "has 1 rows for 4 x 4 places"),
        ("backward", Vote, 0, {"column_row": 0}, "weight memory, where .* they overlap"),
        ("backward", Gather, 0, {"slot": 3_000}, "of the data memory, which has"),
        ("backward", Loss, 0, {"per_class": 0}, "per_class=0"),
        ("update", Flip, 0, {"acc_row": 0}, "in rows 0 to"),
        ("update", Flip, 0, {"theta": 0}, "theta=0"),
        ("update", Flip, 1, {"turned_row": 1}, "weight memory, where .* they overlap"),
        ("update", Flip, 0, {"turned": 3}, "transposed plane 3"),
        (
            "update",
            Flip,
            1,
            {"turned_taps": 3},
            "turned_fold=0; 5 outputs make it 1",
        ),
        ("forward", Mac, 2, {"rows": 32}, "makes 192 scores; the array keeps 6"),
        (
            "forward",
            Mac,
            2,
            {"rows": 2, "planes": 2},
            "makes scores of several places with pool=1 and planes=2",
        ),
        (
            "forward",
            Mac,
            2,
            {"rows": 4, "columns": 2, "pool": 2},
            "makes scores of several places with pool=2 and planes=1",
        ),
        ("forward", Segment, 0, {"across": 200, "down": 200}, "inputs; 16 bits hold 32767"),
        ("forward", Segment, 0, {"groups": 65_535}, "taps=2, skip=1, words=1; 65535 groups"),
        ("forward", Mac, 0, {"rows": 64, "groups": 60_000}, "the watchdog ends it after"),
        ("forward", Loss, 0, {"per_class": 4}, "has 6 scores, and 4 a class"),
        ("backward", Mac, 0, {"gate_pitch": 1}, "reads 4 columns with a pitch of 1"),
        ("backward", Mac, 0, {"pool": 2}, "pools and has the sink 2"),
        ("backward", Expand, 0, {"stride": 0}, "stride=0"),
        ("backward", Expand, 0, {"in_pitch": 1}, "reads 4 columns with a pitch of 1"),
        ("backward", Expand, 0, {"out_pitch": 1}, "writes 8 columns with a pitch of 1"),
        ("backward", Count, 0, {"part": 3}, "counts 3, which there is none of"),
        ("backward", Count, 0, {"pitch": 1}, "reads 4 columns with a pitch of 1"),
        ("backward", Count, 0, {"jump": 1}, "has jump=1; its pitch and columns make it 2"),
        ("backward", Expand, 0, {"stride": 3, "out_pitch": 24}, "stride=3; arrays with planes"),
        ("backward", Expand, 0, {"out_pitch": 9}, "out_pitch=9; 2 planes take multiples of 2"),
        ("backward", Turn, 0, {"out_row": 1}, "out_row=1; 2 planes take multiples of 2"),
        ("backward", Vote, 0, {"delta_row": 3}, "delta_row=3; 2 planes take multiples of 2"),
        ("backward", Turn, 0, {"stride": 3}, "stride=3; arrays with planes take strides up to 2"),
        ("update", Turn, 0, {"planes": 2}, "reads 2 gathered samples together"),
        ("update", Turn, 0, {"columns": 5}, "has 1 x 5 samples; 4 are gathered"),
        ("update", Flip, 0, {"counter_row": 99}, "counter memory"),
    ],
)
def test_a_bad_value_is_refused(program, name, kind, number, fields, message):
    found = refusal(program, lists_of(program, name, kind, number, **fields))
    assert re.search(message, found), found


def test_bad_windows_are_refused():
    network = Network.parse("8x8-6k3p2-6")
    size = fitted(network, SIZE, settings(network))
    program = compiled(network, size, settings(network))
    for fields, message in (
        ({"side": 4}, "has patches of 16 bits, and 5 groups for 9"),
        ({"width": 9}, "reads images 9 wide; a row holds 8"),
        ({"height": 900}, "of the data memory, which has"),
        (
            {"stride": 3},
            "reads places 3 apart with planes=2; it reads them 2 apart at most, or one place",
        ),
        ({"side": 9, "groups": 41, "lanes": 1}, "makes up to 15 x 15 of 3 planes, 2 words"),
        ({"words": 1}, "has words=1, and deltas, across, down, taps and dilation of (0, 1, 1, 1"),
        ({"taps": 2}, "5 groups make it 2, and 0, 1, 1, 1 and 1"),
    ):
        assert message in refusal(program, lists_of(program, "forward", Window, **fields))
    lists = lists_of(program, "update", Flip, turned=1, turned_taps=1)
    assert "has a transposed plane, and a window has none" in refusal(program, lists)


@pytest.mark.parametrize(
    ("sides", "refused"), [((127, 129), False), ((128, 128), True), ((160, 120), True)]
)
def test_votes_of_more_places_than_a_sum_holds_are_refused(sides, refused):
    rows, columns = sides
    vote = Vote(rows=rows, columns=columns, planes=1, outputs=1, wide=-(-rows * columns // 8))
    part = Segment(words=1, across=1, down=1, taps=4, skip=3, lanes=1, stride=1, groups=1,
                   dilation=1, height=rows, width=columns)  # fmt: skip
    if not refused:
        check_parts(SIZE, "an op", vote, [part])
        return
    with pytest.raises(DataError, match=f"votes of {rows * columns} places; 16 bits hold 16383"):
        check_parts(SIZE, "an op", vote, [part])


@pytest.mark.parametrize("kind", [Vote, Flip])
def test_votes_of_deltas_are_refused(program, kind):
    found = refusal(program, lists_of(program, "update", Segment, 0, deltas=1))
    assert "has a segment of deltas; votes are of inputs" in found
    with pytest.raises(DataError, match="segment of deltas"):
        check_parts(SIZE, "an op", kind(rows=1, columns=1) if kind is Vote else kind(),
                    [Segment(deltas=1)])  # fmt: skip


def test_segments_beyond_those_of_the_array_are_refused(program):
    few, one = replace(program.memory.size, segments=1), program.lists["forward"][0]
    with pytest.raises(
        DataError, match="has 2 segments in front of it; the array takes segments=1"
    ):
        check(few, program.lists | {"forward": [one, *program.lists["forward"]]}, (0, 1))
    ones = ("groups", "lanes", "side", "planes", "height", "width", "stride", "words", "across",
            "down", "taps", "dilation")  # fmt: skip
    window = Window(**dict.fromkeys(ones, 1))
    lists = program.lists | {"forward": [window, window, *program.lists["forward"][1:]]}
    assert "reads 2 windows; there are rows for one image" in refusal(program, lists)


def test_scores_beyond_those_of_the_array_are_refused(program):
    few = replace(program.memory.size, score_rows=5)
    for lists, message in (
        (program.lists, "makes 6 scores; the array keeps 5"),
        (program.lists | {"forward": program.lists["forward"][-2:]}, "has 6 scores; the array"),
    ):
        with pytest.raises(DataError, match=message):
            check(few, lists, (program.row, program.row + len(program.rows())))


def test_maps_over_accumulators_or_op_lists_are_refused(program):
    acc = min(op.acc_row for op in program.lists["update"] if isinstance(op, Flip))
    for row, kind in ((acc, "accumulators"), (program.row - 8, "op lists")):
        found = refusal(program, lists_of(program, "backward", Loss, out_row=row + 6))
        assert f"has {kind}" in found or "has maps" in found, found


def test_accumulators_of_two_owners_are_refused(program):
    flips = [op for op in program.lists["update"] if isinstance(op, Flip)]
    found = refusal(program, lists_of(program, "update", Flip, 1, acc_row=flips[0].acc_row + 1))
    assert "they overlap" in found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ops: ops[:-1], "the forward list does not end"),
        (lambda ops: [], "the forward list does not end"),
        (lambda ops: ops[1:], "has 0 segments in front of it"),
        (lambda ops: [ops[0], *ops[2:]], "follows a segment, which it does not read"),
        (lambda ops: [*[ops[0]] * 5000, *ops], "sums up .* inputs; 16 bits hold 32767"),
    ],
)
def test_a_bad_order_is_refused(program, change, message):
    lists = program.lists | {"forward": change(program.lists["forward"])}
    assert re.search(message, refusal(program, lists))


def test_a_fused_vote_needs_its_flip(program):
    update = program.lists["update"]
    place = next(n for n, op in enumerate(update) if isinstance(op, Vote))
    found = refusal(program, program.lists | {"update": update[: place + 1] + [End()]})
    assert "is fused, and no FLIP follows" in found


def test_a_list_that_runs_too_long_is_refused(program, monkeypatch):
    monkeypatch.setattr("boldhw.spec.ops.check.WATCHDOG", 1_000)
    with pytest.raises(DataError, match="the watchdog ends it after 1000"):
        compiled(NETWORK, program.memory.size, settings())
    assert re.search(r"list runs for \d+ cycles, the watchdog ends it after 1000", refusal(
        program, program.lists
    ))  # fmt: skip


@pytest.mark.parametrize("memory", ["data", "weight", "delta", "unit", "counter"])
def test_what_does_not_fit_is_refused_with_what_would(program, memory):
    size = program.memory.size
    rows = getattr(size, f"{memory}_rows")
    with pytest.raises(ConfigError, match=f"needs {memory}_rows={rows}, the array has {rows - 1}"):
        compiled(NETWORK, replace(size, **{f"{memory}_rows": rows - 1}), settings())


def test_a_batch_that_does_not_fit_is_refused(program):
    with pytest.raises(ConfigError, match="batch=5 active samples, the array gathers 4"):
        compiled(NETWORK, SIZE, settings(batch=5))
    # Convolutions gather nothing, so their updates are of any size.
    frozen = NETWORK.to_dict()
    frozen["layers"][-1]["learns"] = False
    compiled(Network.from_dict(frozen), SIZE, settings(Network.from_dict(frozen), 50))


def test_deltas_that_planes_cannot_place_are_refused():
    network = Network.parse("9x9-6k3-6k3z0s3-4")
    with pytest.raises(ConfigError, match="with stride=3; arrays of 2 planes take up to 2"):
        compiled(network, SIZE, settings(network, 1))


def test_numbers_that_no_field_holds_are_refused():
    network = Network.parse("1x5000x40-4k1-2")
    layers = [
        GraphLayerSettings(tau=np.zeros(n, np.int32), window=np.ones(n, np.int32)) for n in (4, 2)
    ]
    size = ArraySize(elements=2, lanes=8, batch=1)
    with pytest.raises(ConfigError, match="network .* needs data_rows=|would be"):
        compiled(network, size, GraphSettings(layers=layers, batch=1))


@pytest.mark.parametrize("name", ["rows", "columns", "groups", "out_pitch"])
def test_numbers_that_a_small_array_does_not_count_are_refused(name):
    size = replace(SIZE, planes=1, side_bits=6)
    values = {"rows": 2, "columns": 2, "groups": 1, "out_pitch": 2, "fold": 1, "lanes": 1}
    op = Mac(**values | {"planes": 1, "pool": 1, name: 63})
    check_values(size, "an op", replace(op, out_pitch=63))
    with pytest.raises(DataError, match=f"has {name}=64; an array of side_bits=6 counts up to 63"):
        check_values(size, "an op", replace(op, **{name: 64}))


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (Vote(decay=1), "has decay=1; this array takes 0"),
        (Vote(rounding=2), "has rounding=2; this array takes 0 to 1"),
        (Vote(fused=1), "is fused; an array with serial=True flips weights by themselves"),
        (Flip(turned_fold=1, theta=1, balanced=1), "has balanced=1; .* takes 0"),
    ],
)
def test_ops_that_a_plain_array_has_no_logic_for_are_refused(op, message):
    size = ArraySize(elements=3, lanes=12, serial=True, plain=True)
    ones = {
        name: 1
        for name in ("rows", "columns", "planes", "wide", "outputs", "groups", "turned_taps")
        if hasattr(op, name)
    }
    with pytest.raises(DataError, match=message):
        check_values(size, "an op", replace(op, **ones))
    check_values(replace(size, serial=False, plain=False), "an op", replace(op, **ones))


def test_ops_that_train_are_refused_by_an_array_that_infers():
    size = ArraySize(elements=3, lanes=12, inference=True)
    with pytest.raises(DataError, match="an op trains; an array with inference=True takes none"):
        check_values(size, "an op", Loss(outputs=4, per_class=1))
    op = Mac(rows=1, columns=1, groups=1, planes=1, pool=1, fold=1, lanes=1, sink=2, out_pitch=1)
    with pytest.raises(DataError, match="has sink=2; this array takes 0 to 1"):
        check_values(size, "an op", op)


def test_votes_far_beside_a_map_are_refused():
    size = replace(SIZE, data_rows=64)  # counters reach from -128 to 127
    vote = Vote(rows=2, columns=3)
    ones = dict.fromkeys(("down", "across", "taps", "dilation", "height", "width", "stride"), 1)
    check_parts(size, "an op", vote, [Segment(**ones, top=-128, left=100)])
    far = ("row", {"top": -129}), ("column", {"left": 125}), ("row", {"height": 128})
    for name, values in far:
        found = f"places from map {name} .* data_rows=64 and side_bits=16 counts up to"
        with pytest.raises(DataError, match=found):
            check_parts(size, "an op", vote, [Segment(**ones | values)])
    window = Window(side=1, stride=1, height=9, width=9, top=2, border=1)
    with pytest.raises(DataError, match="from row 2 on; let its in_row be that row, and top=0"):
        check_parts(size, "an op", vote, [window])
