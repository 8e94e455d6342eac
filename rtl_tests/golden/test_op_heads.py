"""Op lists of heads over a map equal the golden graph, bit for bit; what has no ops is refused."""

import numpy as np
import pytest
from support.graph_cases import conv, settings
from support.op_cases import Pair

from boldhw.errors import ConfigError
from boldhw.golden.ops.machine import Machine
from boldhw.spec.network import Network
from boldhw.spec.ops.array import MOST_SEGMENTS, ArraySize
from boldhw.spec.ops.kinds import Expand, Gather, Loss, Mac, Segment, Sink, Window
from boldhw.spec.ops.program import BACKWARD, FORWARD, compiled, to_bits

GRAPHS = 24
SIZE = ArraySize(elements=4, lanes=16, batch=8, segments=MOST_SEGMENTS)


def described(head="summed", kernel=None, side=6, **fields):
    layers = [
        conv("a", {"side": 3}, 5, ("input",)),
        conv("z", kernel or {"side": 1}, 6, ("a",)),
    ]
    return Network.from_dict(
        {"inputs": [side, side, 4], "layers": layers, "head": {"kind": head}} | fields
    )


@pytest.mark.parametrize("head", ["summed", "last"])
@pytest.mark.parametrize("seed", range(GRAPHS))
def test_random_graphs_in_lock_step(seed, head):
    pair = Pair(seed, head)
    assert pair.in_step() == [], (pair.network, pair.size)


@pytest.mark.parametrize("head", ["pixels", "residuals"])
@pytest.mark.parametrize("seed", range(GRAPHS))
def test_scores_of_all_places(seed, head):
    """Of random graphs, whose last layers have kernels, strides and several sources."""
    pair = Pair(seed, head)
    memory = pair.machine.memory
    makes, classes = pair.network.output.makes, pair.graph.classes
    assert not memory.accumulators
    assert not memory.turned
    for bits in pair.samples(4)[0]:
        found = pair.machine.infer(bits).reshape(makes.height, makes.width, classes, -1).sum(axis=3)
        assert np.array_equal(found, pair.expected(bits)), (pair.network, pair.size)
        assert np.ptp(found)


@pytest.mark.parametrize("head", ["summed", "last"])
@pytest.mark.parametrize("planes", [1, 7])
@pytest.mark.parametrize("sources", [("a", ("input", 1, -1)), ("input", ("input", 0, 1))])
def test_scores_of_the_sample(head, planes, sources):
    """An image whose patches the window unit makes, and a map; with other sources and alone."""
    taps = [(each,) if isinstance(each, str) else each for each in sources]
    layers = [conv("a", {"side": 3}, 5, ("input",))] if "a" in sources else []
    layers.append(conv("z", {"side": 3}, 6, *taps))
    spec = {"inputs": [4, 5, planes], "layers": layers, "head": {"kind": head}}
    for seed in range(4):
        pair = Pair(seed, network=Network.from_dict(spec))
        assert pair.in_step() == []


@pytest.mark.parametrize("head", ["summed", "last"])
def test_random_graphs_are_of_all_kinds(head):
    """Kernels, strides, pixels that share a word, several sources; and samples are active."""
    pairs = [Pair(seed, head) for seed in range(GRAPHS)]
    outputs = [pair.network.output for pair in pairs]
    assert any(layer.kernel.side > 1 for layer in outputs)
    assert any(layer.kernel.stride > 1 for layer in outputs)
    assert any(len(layer.sources) > 1 for layer in outputs)
    lanes = [pair.size.lanes / layer.outputs for pair, layer in zip(pairs, outputs, strict=True)]
    assert min(lanes) < 1
    assert max(lanes) > 2
    assert any(pair.size.planes > 1 for pair in pairs)
    stats = [pair.graph.train(*pair.samples()) for pair in pairs]
    active = [each.active for each in stats]
    assert sum(active) > 4 * GRAPHS
    assert min(active) < stats[0].samples


def test_lists_of_a_summed_head():
    """A segment for each place in front of the scores; one map of deltas from one pixel."""
    spec = described()
    lists = compiled(spec, SIZE, settings(spec, 1)).lists
    parts, scores = [], None
    for op in lists[FORWARD]:
        if isinstance(op, Segment | Window):
            parts.append(op)
        elif isinstance(op, Mac):
            scores, used, parts = op, parts, []
    assert (scores.sink, scores.rows, scores.columns) == (Sink.SCORES, 1, 1)
    assert len(used) == 36
    assert len({part.weight_row for part in used}) == 1
    assert {(part.top, part.left) for part in used} == set(np.ndindex(6, 6))
    assert [type(op) for op in lists[BACKWARD][:3]] == [Loss, Gather, Expand]


@pytest.mark.parametrize(
    ("head", "name"), [("summed", "in_row"), ("summed", "out_row"), ("last", "out_row")]
)
def test_a_planted_difference_is_found(head, name):
    """Deltas from, or at, the next pixel."""
    pair = Pair(3, head)
    assert pair.in_step() == []
    pair = Pair(3, head)
    machine = pair.machine
    row = machine.program.starts[BACKWARD]
    for op in machine.lists[BACKWARD]:
        if isinstance(op, Gather):
            rows = Gather(**vars(op) | {name: getattr(op, name) + 1}).encode()
            bits = to_bits(rows)
            machine.memories.data[row : row + len(bits), : bits.shape[1]] = bits
        row += len(op.encode())
    machine.reload()
    assert pair.in_step()


def test_the_margin_grows_with_the_root_of_the_places():
    for head, root in (("summed", 6), ("last", 1)):
        spec = described(head)
        own = settings(spec, 1)
        own.margin = 11
        weights = [np.zeros(layer.shape, bool) for layer in spec.layers]
        assert Machine(spec, SIZE, own, weights).memories.margin == 11 * root


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kernel": {"side": 1, "pool": 2}}, "layer z pools the sums that the head summed takes"),
        ({"side": 24}, "has 24 x 24 places, whose scores take 576 segments"),
        (
            {"kernel": {"side": 1, "pool": 2}, "head": "pixels"},
            "layer z pools the sums that the head pixels takes",
        ),
        ({"side": 120, "head": "residuals"}, "needs score_rows=86400, the array has 65536"),
    ],
)
def test_what_has_no_ops_is_refused(fields, message):
    spec = described(**fields)
    with pytest.raises(ConfigError, match=message):
        compiled(spec, SIZE, settings(spec, 1))


@pytest.mark.parametrize("head", ["pixels", "residuals"])
def test_heads_without_a_loss_are_not_trained(head):
    machine = Pair(1, head).machine
    before = machine.memories.data.copy()
    with pytest.raises(ConfigError, match=f"has the head {head}, which op lists infer only"):
        machine.train(np.zeros((1, machine.memory.network.inputs), bool), np.zeros(1, int))
    assert np.array_equal(machine.memories.data, before)


def test_a_margin_beyond_its_register_is_refused():
    spec = described()
    own = settings(spec, 1)
    own.margin = 11_000
    with pytest.raises(ConfigError, match="the margin of 6 x 6 places is 66000"):
        compiled(spec, SIZE, own)
