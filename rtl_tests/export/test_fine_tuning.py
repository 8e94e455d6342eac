"""A network that others trained in floating point is imported exactly, and learns from more data.

``pytest -s`` prints the figures of docs/export.md. Settings were chosen on 800 of the 4,000
training digits; the test digits are used here alone.
"""

import numpy as np
from support import sign_network
from support.exports import equal

from boldhw import data
from boldhw.export.state_dict import from_state_dict
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.trainer import GraphTrainer

SEEDS = (0, 1, 2)
FEW = 1600  # digits that the other program trains on
GENTLE = Constants(fire_low=1, fire_high=255, flips_first=5000, flips_last=6000)


def fine_tuned(run, x, y, x_test, y_test, epochs=6):
    """Return a run that went on with an imported network, as docs/export.md has it."""
    for layer in run.graph.layers:
        layer.settings.theta *= 2
    tuned = GraphTrainer(run.graph, GENTLE, epochs, len(y), 1, run.code)
    for _ in tuned.run(x, y, x_test, y_test):
        pass
    return tuned


def test_an_imported_network_keeps_what_it_knows_and_learns_more():
    digits = data.load("mnist5k")
    x, y, x_test, y_test = digits.x_train, digits.y_train, digits.x_test, digits.y_test
    rows = []
    for seed in SEEDS:
        state = sign_network.trained(
            np.where(x[:FEW] > 127, np.float32(1), np.float32(-1)), y[:FEW], 72, 10, 20, seed
        )
        wanted = sign_network.scores(state, np.where(x_test > 127, 1, -1))
        accuracies = []
        for count in (0, FEW, len(y)):
            run = from_state_dict("28x28-72-10", state, levels=(127,))
            if count:
                run = fine_tuned(run, x[:count], y[:count], x_test, y_test)
            else:
                assert equal(run.graph.infer(run.code(x_test)), wanted) == len(y_test)
            accuracies.append(run.accuracy(x_test, y_test))
        rows.append(accuracies)
    before, same, more = np.array(rows).T
    print(f"imported {before}, fine-tuned on the same digits {same}, on more {more}")
    assert (same >= before - 0.015).all()
    assert (more >= before + 0.01).all()
