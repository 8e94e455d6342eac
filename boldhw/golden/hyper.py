"""Hyper-parameters, and the integers that they become.

:class:`Hyper` is what a user chooses. :class:`~boldhw.spec.settings.Settings` are what a golden
model or a board is set to: integers only, so that both compute the same bits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from boldhw.errors import ConfigError
from boldhw.spec.checks import check_number, check_range, check_types
from boldhw.spec.engine import MAX_ROUNDING, EngineConfig
from boldhw.spec.network import Layer, Network
from boldhw.spec.settings import LIMIT, MAX_CLASSES, LayerSettings, Settings


@dataclass(frozen=True, kw_only=True)
class Hyper:
    """Hyper-parameters; the defaults are tuned for pictures, :data:`FEATURES` for tables.

    Parameters
    ----------
    margin : float
        Margin of the loss / sqrt(fan-in of the last layer).
    window : float
        Gate window / sqrt(inputs that count: fan-in, or mean number of T inputs).
    theta : int or None
        Accumulator that flips a weight of hidden layers in epoch 0; None: as many votes as
        ``theta_scale * sqrt(inputs that count * batch)``, layer by layer.
    theta_scale : float
        See theta.
    safe_scale : float
        Least theta_scale in epoch 0. When it is too small, units follow the majority of a batch out
        of their windows for good, and deep networks collapse.
    last_theta_factor : int
        Theta of the last layer / theta.
    grow : float
        Theta after the last epoch / theta of epoch 0.
    batch : int
        Active samples per update.
    rounding : int
        Bits dropped from votes by stochastic rounding.
    dead : float
        Dead zone of layers below another hidden layer / sqrt(width of that layer).
    noise : int
        Mask of the random bits added to the dead zone of those layers.
    decay : bool
        True: accumulators decay by the share of weights that flipped (eq. 9).
    outputs_per_class : int
        Outputs of the last layer whose sums are added to one score.
    zero_true : bool
        True: inputs of the network are {0,T}; False: {F,T}, for inputs that are F about as often as
        T (constant ones vote in every update, and at this theta drive their units out of the
        window).
    """

    margin: float = 1.0
    window: float = 1.2
    theta: int | None = None
    theta_scale: float = 0.16
    safe_scale: float = 0.32
    last_theta_factor: int = 10
    grow: float = 8.0
    batch: int = 32
    rounding: int = 0
    dead: float = 0.5
    noise: int = 0
    decay: bool = False
    outputs_per_class: int = 1
    zero_true: bool = True

    def __post_init__(self) -> None:
        check_types(self)

    def fitting(self, config: EngineConfig) -> "Hyper":
        """Return the same with no larger a batch than the engine gathers."""
        return replace(self, batch=min(self.batch, config.batch))

    def settings(
        self,
        config: EngineConfig,
        network: Network | str | Sequence[int],
        epoch: int = 0,
        epochs: int = 1,
        popcount: float | None = None,
    ) -> Settings:
        """Return the checked Settings of one epoch for a network, its text or its widths.

        ``popcount`` is the mean number of T inputs of a sample; without it the fan-in counts.
        theta of hidden layers is capped at ``2**(A-1) - 1``, the most an accumulator can hold; a
        last layer whose theta is beyond that is frozen. Decay starts at 0. Raises ConfigError.
        """
        network = Network.of(network)
        self._check(config)
        settings = Settings(
            layers=self._of_layers(config, network, epoch, epochs, popcount),
            margin=self._scaled("margin", [network.output.inputs])[0],
            rounding=self.rounding,
            batch=self.batch,
            classes=network.output.outputs // self.outputs_per_class,
            outputs_per_class=self.outputs_per_class,
        )
        settings.check(config, network)
        return settings

    def _of_layers(
        self,
        config: EngineConfig,
        network: Network,
        epoch: int,
        epochs: int,
        popcount: float | None,
    ) -> tuple[LayerSettings, ...]:
        """Return the LayerSettings of every layer, a tuple."""
        reachable = max(1, (1 << config.accumulator_bits - 1) - 1)
        counts = [self._inputs_that_count(layer, popcount) for layer in network.layers]
        thetas = [
            min(theta_schedule(theta, self.grow, epoch, epochs), most)
            for theta, most in zip(
                self._thetas(counts, epoch), [*[reachable] * (len(counts) - 1), LIMIT], strict=True
            )
        ]
        windows = [*self._scaled("window", counts[:-1]), 0]
        deads = self._dead_zones(network)
        return tuple(
            LayerSettings(
                tau=0,
                window=window,
                dead=deads.get(layer.name, 0),
                noise=self.noise if layer.name in deads else 0,
                theta=theta,
                decay=0,
                zero_true=self.zero_true and layer.place.reads_input,
            )
            for layer, window, theta in zip(network.layers, windows, thetas, strict=True)
        )

    def _inputs_that_count(self, layer: Layer, popcount: float | None) -> float:
        if self.zero_true and popcount and layer.place.reads_input:
            return popcount
        return layer.inputs

    def _dead_zones(self, network: Network) -> dict[str, int]:
        """Return {layer that feeds another hidden layer: its dead zone}."""
        widths = {
            layer.name: sum(reader.outputs for reader in network.readers(layer.name))
            for layer in network.layers
            if layer.place.feeds_hidden
        }
        return dict(zip(widths, self._scaled("dead", list(widths.values())), strict=True))

    def _thetas(self, counts: Sequence[float], epoch: int) -> list[int]:
        """Return theta of each layer before it grows. counts: inputs that count, of each layer."""
        if self.theta is not None:
            thetas = [self.theta] * len(counts)
        else:
            scale = self.theta_scale if epoch else max(self.theta_scale, self.safe_scale)
            scale *= math.sqrt(self.batch) / (1 << self.rounding)
            thetas = [max(1, round(scale * math.sqrt(count))) for count in counts]
        return [*thetas[:-1], thetas[-1] * self.last_theta_factor]

    def _check(self, config: EngineConfig) -> None:
        if self.decay and not config.decay:
            raise ConfigError(
                "decay=True needs an engine generated with decay=True; "
                "use decay=False or such an engine"
            )
        check_range("batch", self.batch, 1, config.batch)
        check_range("outputs_per_class", self.outputs_per_class, 1, MAX_CLASSES)
        if self.theta is not None:
            check_range("theta", self.theta, 1, LIMIT)
        check_range("rounding", self.rounding, 0, MAX_ROUNDING)
        for name in (
            "margin", "window", "theta_scale", "safe_scale", "dead", "grow", "last_theta_factor",
        ):  # fmt: skip
            check_number(name, getattr(self, name), LIMIT)

    def _scaled(self, name: str, counts: Sequence[float]) -> list[int]:
        """Return a factor times the root of each count, as integers that fit their field."""
        value = getattr(self, name)
        most = LIMIT / math.sqrt(max(counts, default=1))
        if value > most:
            raise ConfigError(
                f"{name}={value!r} times the root of {max(counts):g} is more than {LIMIT}; the "
                f"largest choice that works is {name}={math.floor(most)}"
            )
        return [round(value * math.sqrt(count)) for count in counts]


# For inputs that are features, F about as often as T, of few samples. Votes of small batches cannot
# drive many units out of their windows at once, and a last layer that learns holds classes that are
# rare. Chosen by the experiment "tables".
FEATURES = Hyper(
    zero_true=False, batch=4, theta_scale=0.9, safe_scale=0.9, margin=2.0, last_theta_factor=2
)


def theta_schedule(theta: int, grow: float, epoch: int, epochs: int) -> int:
    """Return theta in ``epoch`` of ``epochs``, at least 1 (section Schedule of architecture.md).

    It grows from ``theta`` to ``grow * theta`` along half a cosine: eta of eq. 9 is 1 / theta.
    """
    rise = (1 - math.cos(math.pi * epoch / epochs)) / 2
    return max(1, round(theta * (1 + (grow - 1) * rise)))
