"""Run-time settings of an engine: integers only, so that model and board compute the same bits."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from statistics import mode
from types import GenericAlias
from typing import Any, get_type_hints

from boldhw.errors import ConfigError
from boldhw.spec.checks import check_kind, check_range, check_types, plain
from boldhw.spec.engine import MAX_ROUNDING, NOISE_BITS, EngineConfig
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.network import Network

LIMIT = (1 << FIELD_BITS) - 1  # of an unsigned field
HIGHEST = LIMIT >> 1  # of a signed field
MAX_CLASSES = 255
RANGES = {
    "tau": (-HIGHEST - 1, HIGHEST),
    "window": (0, LIMIT),
    "dead": (0, LIMIT),
    "noise": (0, (1 << NOISE_BITS) - 1),
    "theta": (1, LIMIT),
    "decay": (0, LIMIT),
}


@dataclass(frozen=True, kw_only=True)
class LayerSettings:
    """Settings of one layer.

    Parameters
    ----------
    tau : int
        Threshold of the sums, at most the engine's largest fan-in either way.
    window : int
        Largest distance from tau with which a unit passes signals on, 0..65535.
    dead : int
        |g| up to this gives no signal, 0..65535.
    noise : int
        Random bits added to ``dead``, a mask, 0..255; other than 0 needs ``stochastic``.
    theta : int
        Votes that flip a weight, 1..65535.
    decay : int
        Share of an accumulator that decays, 1/65536; other than 0 needs ``decay``.
    zero_true : bool
        True: inputs are {0,T}; False: inputs are {F,T}.
    """

    tau: int
    window: int
    dead: int
    noise: int
    theta: int
    decay: int
    zero_true: bool

    def __post_init__(self) -> None:
        check_types(self)

    def check(self, config: EngineConfig, name: str) -> None:
        """Raise ConfigError, calling the layer ``name``, unless an engine can be set to these."""
        for field, (low, high) in RANGES.items():
            check_range(f"{field} of {name}", getattr(self, field), low, high)
        check_range(f"tau of {name}", self.tau, -config.max_fan_in, config.max_fan_in)


COLUMNS = tuple(field.name for field in fields(LayerSettings))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Run-time settings of an engine, constant while samples are gathered.

    Parameters
    ----------
    layers : tuple of LayerSettings
        One LayerSettings per layer of the network, first layer first.
    margin : int
        Of the loss, 0..65535.
    rounding : int
        Bits of a vote that stochastic rounding drops, 0..3; other than 0 needs ``stochastic``.
    batch : int
        Active samples per update, 1..K.
    classes, outputs_per_class : int
        Their product is the width of the last layer.
    """

    layers: tuple[LayerSettings, ...]
    margin: int
    rounding: int
    batch: int
    classes: int
    outputs_per_class: int

    def __post_init__(self) -> None:
        layers = tuple(
            check_kind("a layer's settings", each, LayerSettings) for each in self.layers
        )
        object.__setattr__(self, "layers", layers)
        check_types(self, besides=("layers",))

    @classmethod
    def of_columns(cls, **columns: Any) -> Settings:
        """Return Settings of values by name; those of layers are sequences, first layer first.

        Raises ConfigError when the sequences differ in length.
        """
        of_layers = {
            name: plain(name, columns.pop(name), GenericAlias(tuple, (kind, ...)))
            for name, kind in get_type_hints(LayerSettings).items()
        }
        count = mode(map(len, of_layers.values()))
        for name, values in of_layers.items():
            if len(values) != count:
                raise ConfigError(
                    f"{name}={values!r} has {len(values)} entries, others have {count}; give one "
                    f"entry per layer"
                )
        rows = zip(*of_layers.values(), strict=True)
        layers = tuple(LayerSettings(**dict(zip(COLUMNS, row, strict=True))) for row in rows)
        return cls(layers=layers, **columns)

    def column(self, name: str) -> tuple[Any, ...]:
        """Return one setting of every layer, first layer first."""
        return tuple(getattr(layer, name) for layer in self.layers)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``of_columns`` takes, JSON-able."""
        return {name: list(self.column(name)) for name in COLUMNS} | {
            name: value for name, value in asdict(self).items() if name != "layers"
        }

    def changed(self, **changes: Any) -> Settings:
        """Return the same settings but for ``changes``, given as to ``of_columns``."""
        return Settings.of_columns(**(self.to_dict() | changes))

    def check(self, config: EngineConfig, network: Network) -> None:
        """Raise ConfigError unless an engine can train a network with these."""
        if len(self.layers) != len(network.layers):
            raise ConfigError(
                f"there are settings of {len(self.layers)} layers, the network has "
                f"{len(network.layers)} layers; give one entry per layer"
            )
        self._check_options(config)
        for number, layer in enumerate(self.layers, 1):
            layer.check(config, f"layer {number}")
        check_range("margin", self.margin, 0, LIMIT)
        check_range("rounding", self.rounding, 0, MAX_ROUNDING)
        check_range("batch", self.batch, 1, config.batch)
        self._check_classes(network)

    def _check_options(self, config: EngineConfig) -> None:
        for name, given, option in (
            ("noise", self.column("noise"), "stochastic"),
            ("rounding", self.rounding, "stochastic"),
            ("decay", self.column("decay"), "decay"),
        ):
            used = any(given) if isinstance(given, tuple) else given
            if used and not getattr(config, option):
                raise ConfigError(
                    f"{name}={given!r} needs an engine generated with "
                    f"{option}=True; use {name}=0 or such an engine"
                )

    def _check_classes(self, network: Network) -> None:
        check_range("classes", self.classes, 2, MAX_CLASSES)
        check_range("outputs_per_class", self.outputs_per_class, 1, MAX_CLASSES)
        outputs, last = self.classes * self.outputs_per_class, network.output
        if outputs != last.outputs:
            raise ConfigError(
                f"{self.classes} classes of {self.outputs_per_class} outputs are {outputs} "
                f"outputs, the last layer has {last.outputs}; make it {outputs} wide"
            )
        if last.inputs > HIGHEST:
            raise ConfigError(
                f"{last.inputs} inputs of the last layer can score more than {HIGHEST}; the widest "
                f"choice that works is {HIGHEST}"
            )
        if self.outputs_per_class * last.inputs > HIGHEST:
            raise ConfigError(
                f"outputs_per_class={self.outputs_per_class} of {last.inputs} inputs each can "
                f"score more than {HIGHEST}; the largest choice that works is "
                f"outputs_per_class={HIGHEST // last.inputs}"
            )
