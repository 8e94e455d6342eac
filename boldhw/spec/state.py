"""The state of a network that training changes, as golden model and driver exchange it."""

from typing import Protocol, runtime_checkable

import numpy as np

from boldhw.errors import ConfigError
from boldhw.spec.engine import EngineConfig
from boldhw.spec.network import Network
from boldhw.spec.settings import Settings


@runtime_checkable
class NetworkState(Protocol):
    """What a driver needs of a golden network; :class:`boldhw.Network` has all of it.

    graph          the layers and what each reads
    engine         accumulator bits, batch and options are those of this one
    settings       run-time settings
    weights        bool, one array per layer, shape (outputs, fan_in)
    accumulators   int16, one array per layer, shape (outputs, fan_in)
    """

    graph: Network
    engine: EngineConfig
    settings: Settings
    weights: list[np.ndarray]
    accumulators: list[np.ndarray]


def check_state(network):
    """Return ``network``. Raises ConfigError unless it has all of a NetworkState."""
    if not isinstance(network, NetworkState):
        raise ConfigError(
            f"network={network!r} is of type {type(network).__name__}; give a boldhw.Network"
        )
    return network
