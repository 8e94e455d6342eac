"""What no format can hold is refused before anything is written."""

import pytest
from support import exports
from support.graph_cases import NETWORKS, network

from boldhw.errors import ConfigError
from boldhw.export.model import model_of
from boldhw.spec.network import Network

PIXELS = {
    "inputs": [4, 4, 2],
    "head": {"kind": "pixels"},
    "layers": [{"name": "a", "kind": "conv", "kernel": {"side": 1}, "outputs": 3,
                "taps": [{"source": "input"}]}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        *((network(name), "three-valued") for name in NETWORKS if "ternary" in name),
        (Network.from_dict(PIXELS), "its head is pixels"),
    ],
)
def test_other_networks_than_those_of_two_values_and_classes(spec, reason):
    with pytest.raises(ConfigError, match=f"exports take networks of two-valued .*{reason}"):
        model_of(exports.run_of(spec))
