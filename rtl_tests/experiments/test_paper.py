"""The comparison of rules: which runs there are, and the figures of its table."""

import pytest

from boldhw.energy import cost as energy
from boldhw.experiments import paper
from boldhw.spec.network import Network

SMALL = "784-32-16-10"


def records(network, accuracy=0.5, active=0.25, flips=(3, 4)):
    """Records as two epochs of every rule would give them."""
    made = []
    for settings in paper._rules(network, 2, 1):
        result = {"accuracy": [0.1, accuracy], "flips": [list(flips)] * 2}
        if "ends" not in settings:
            result["active"] = [active] * 2
        made.append({"settings": settings, "result": result, "seconds": 1})
    return made


def rows(network, **result):
    """The table as {rule: [column, ...]}."""
    text, _ = paper.report(records(network, **result))
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.split("\n")]
    return {cells[0].split(": ")[1]: cells[1:] for cells in cells[2:]}


def test_network_without_boolean_weights_has_no_eta():
    rules = [settings["label"] for settings in paper._rules("784-32-10", 2, 1)]
    assert "784-32-10: paper, real ends, eta 50" not in rules
    assert len(rules) == len(list(paper._rules(SMALL, 2, 1))) - 1
    assert rows("784-32-10")["paper, real ends"][2] == "none is"


def test_flips_are_counted_per_boolean_weight():
    found = rows(SMALL)
    assert found["paper, real ends"][1:3] == ["14", f"{14 / (32 * 16):.2f}"]
    total = 784 * 32 + 32 * 16 + 16 * 10
    assert found["integer"][1:3] == ["14", f"{14 / total:.2f}"]


def test_state_bits():
    real, total = 784 * 32 + 16 * 10, 784 * 32 + 32 * 16 + 16 * 10
    found = rows(SMALL)
    mixed = (96 * real + 33 * 32 * 16) / total
    assert float(found["paper, real ends"][3]) == pytest.approx(mixed, abs=0.05)
    assert found["paper, Boolean ends"][3] == "33.0"
    assert found["integer"][3] == "17.0"


def test_operations_of_the_integer_rule_follow_the_active_samples():
    shapes = energy.shapes_of(Network.of((784, 32, 16, 10)))
    forward = sum(shape.products for shape in shapes)
    back = 2 * forward - shapes[0].products
    for active in (0.1, 0.5):
        xnors = rows(SMALL, active=active)["integer"][-1]
        assert float(xnors.replace(",", "")) == pytest.approx(forward + active * back, abs=1)


def test_every_network_has_its_plot():
    _, plots = paper.report(records("784-32-10") + records(SMALL))
    assert list(plots) == ["paper-784-32-10.svg", f"paper-{SMALL}.svg"]
