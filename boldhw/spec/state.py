"""What a golden network and a device have in common: the state that training changes, and how to
train it.
"""

from typing import Any, Protocol, runtime_checkable

from boldhw.errors import ConfigError
from boldhw.spec.arrays import Accumulators, Bits, Labels, Seed, Sums
from boldhw.spec.engine import EngineConfig
from boldhw.spec.network import Network
from boldhw.spec.order import Order
from boldhw.spec.settings import Settings
from boldhw.spec.stats import TrainStats


@runtime_checkable
class NetworkState(Protocol):
    """What a driver needs of a golden network; :class:`boldhw.Network` has all of it.

    graph          the layers and what each reads
    config         accumulator bits, batch and options are those of this one
    settings       run-time settings
    weights        bool, one array per layer, shape (outputs, fan_in)
    accumulators   int16, one array per layer, shape (outputs, fan_in)
    """

    graph: Network
    config: EngineConfig
    settings: Settings
    weights: list[Bits]
    accumulators: list[Accumulators]


class Backend(Protocol):
    """What a :class:`boldhw.golden.trainer.Trainer` trains.

    A golden network is one, so is a :class:`boldhost.Device` that holds a network, and so is a
    :class:`boldhw.check.lockstep.LockStep` of both. Their docstrings say which errors they raise.
    """

    def configure(self, settings: Settings) -> None:
        """Take new settings; no sample may be gathered."""

    def seed_noise(self, seed: Seed) -> None:
        """Restart the noise generator, if there is one."""

    def start_order(self, order: Order) -> None:
        """Take stored samples in this order from here on, where samples are stored."""

    def train(self, bits: Bits, labels: Labels, stop_at_update: bool = False) -> TrainStats:
        """Train on samples in order; update whenever ``batch`` active ones are gathered.

        bits: shape (samples, inputs).  labels: shape (samples,), 0..classes-1.  With
        ``stop_at_update`` no more than the samples up to the first update are consumed.
        """

    def flush(self) -> TrainStats:
        """Update with the samples gathered so far, if any."""

    def infer(self, bits: Bits) -> Sums:
        """Return the scores, shape (samples, classes). bits: shape (samples, inputs)."""

    def state_crc(self) -> dict[str, int]:
        """Return the CRC-32 of weights and accumulators as an engine stores them, by name."""


def check_state(network: Any) -> NetworkState:
    """Return ``network``. Raises ConfigError unless it has all of a NetworkState."""
    if not isinstance(network, NetworkState):
        raise ConfigError(
            f"network={network!r} is of type {type(network).__name__}; give a boldhw.Network"
        )
    return network
