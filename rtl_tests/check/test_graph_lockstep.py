"""Lock-step of graphs compares all that there is, and names the first difference."""

import numpy as np
import pytest
from support.graph_driver import NETWORKS, SIZE, connect, make_graph, make_samples
from support.op_board import OpBoard

from boldhw.check.graph_lockstep import GraphLockStep
from boldhw.check.lockstep import Difference
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.spec.ops import images


def start(text=NETWORKS[0]):
    """Return lock-step, the board below it, and samples."""
    graph, board = make_graph(text), OpBoard(SIZE)
    lockstep = GraphLockStep(graph, connect(board))
    lockstep.start()
    return lockstep, board, make_samples(graph, 40)


def test_the_trainer_takes_it_for_a_graph():
    """Governors move settings of the golden graph; the device gets them."""
    lockstep, board, (bits, labels) = start(NETWORKS[1])
    seen = []
    lockstep.on_update = seen.append
    before = [layer.settings.tau.copy() for layer in lockstep.layers]
    trainer = GraphTrainer(lockstep, Constants(batch=3), 7, 40)
    stats = list(trainer.run(bits, labels, bits[:5], labels[:5]))
    assert lockstep.updates_checked == sum(epoch.updates for epoch in stats) > 10
    assert sum(part.samples for part in seen) == 280
    pairs = zip(before, lockstep.layers, strict=True)
    assert any(not np.array_equal(tau, layer.settings.tau) for tau, layer in pairs)
    assert lockstep.device.settings is lockstep.golden.settings


def flip_a_weight(memory, memories):
    places = images.weight_places(memory, memory.edges["layer1"][0])
    memories.weights[tuple(each[1].reshape(-1)[6] for each in places)] ^= True


def add_to_an_accumulator(memory, memories):
    memories.data[min(memory.accumulators.values()), 0] ^= True


def count_another_t(memory, memories):
    memories.counters[memory.fires["layer1"], 2] += 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (flip_a_weight, "weight, layer 1, neuron 1, input 6 is"),
        (add_to_an_accumulator, "accumulator, layer 1, neuron 0, input . is"),
        (count_another_t, "counter fires, unit 2,, layer 1 is"),
    ],
)
def test_one_fault_is_found(fault, words):
    lockstep, board, (bits, labels) = start()
    run = board._run
    faults = iter([fault])

    def faulty(name):
        run(name)
        if name == "update":
            next(faults, lambda *_: None)(lockstep.device.program.memory, board.memories)

    board._run = faulty
    with pytest.raises(Difference, match=words):
        lockstep.train(bits, labels)


def test_another_score_is_found():
    lockstep, board, (bits, _) = start()
    board._forward = lambda words: np.zeros(6, int)
    with pytest.raises(Difference, match="score . of sample 0 is 0 on the device"):
        lockstep.infer(bits[:2])
