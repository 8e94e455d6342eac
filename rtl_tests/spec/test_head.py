"""The head of a network in JSON."""

import pytest

from boldhw.errors import ConfigError
from boldhw.spec.head import Head
from boldhw.spec.network import Network

LAYERS = Network.parse("4x4-3k3").to_dict()


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "pixels"},
        {"kind": "pixels", "void": 11},
        {"kind": "residuals", "shift": 1, "fraction": 4},
        {"kind": "summed"},
    ],
)
def test_json_is_read_as_it_is_written(entry):
    network = Network.from_dict(LAYERS | {"head": entry})
    assert network.to_dict() == LAYERS | {"head": entry}
    assert Network.from_json(str(network)) == network  # no shorthand says what the head is


def test_classes_are_usual():
    assert Network.from_dict(LAYERS | {"head": {"kind": "classes"}}) == Network.from_dict(LAYERS)
    assert Network.from_dict(LAYERS).head == Head()
    assert "head" not in LAYERS


def test_a_chain_ends_in_classes():
    chain = Network.parse("8-4-2").to_dict()
    assert Network.from_dict(chain).is_chain
    assert not Network.from_dict(chain | {"head": {"kind": "summed"}}).is_chain


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("pixels", "it is an object with a kind"),
        ({"kind": ["pixels"]}, "one of classes, pixels, residuals, summed"),
        ({"kind": "classes", "void": 3}, "field 'void'; the fields of classes are kind"),
        ({"kind": "pixels", "void": -1}, "from 0 to 32767"),
        ({"kind": "residuals", "shift": 16}, "shift of the head=16"),
    ],
)
def test_what_is_no_head_is_refused(entry, message):
    with pytest.raises(ConfigError, match=message):
        Network.from_dict(LAYERS | {"head": entry})
