"""Run-time settings of an engine: integers only, so that model and board compute the same bits."""

from dataclasses import dataclass, replace

from boldhw.errors import ConfigError
from boldhw.spec.checks import check_range, check_types
from boldhw.spec.engine import FIELD_BITS, MAX_ROUNDING, NOISE_BITS

LIMIT = (1 << FIELD_BITS) - 1  # of an unsigned field
HIGHEST = LIMIT >> 1  # of a signed field
MAX_CLASSES = 255


@dataclass(frozen=True, kw_only=True)
class Registers:
    """Run-time settings of an engine, constant while samples are gathered.

    The tuples have one entry per layer, first layer first.

    tau            threshold of the sums, at most the engine's largest fan-in either way
    window         largest distance from tau with which a unit passes signals on, 0..65535
    dead           |g| up to this gives no signal, 0..65535
    noise          random bits added to ``dead``, a mask, 0..255; other than 0 needs ``stochastic``
    theta          votes that flip a weight, 1..65535
    decay          share of an accumulator that decays, 1/65536; other than 0 needs ``decay``
    zero_true      True: inputs are {0,T}; False: inputs are {F,T}
    margin         of the loss, 0..65535
    rounding       r of stochastic rounding, 0..3; other than 0 needs ``stochastic``
    batch          active samples per update, 1..K
    classes, outputs_per_class   their product is the width of the last layer
    """

    tau: tuple[int, ...]
    window: tuple[int, ...]
    dead: tuple[int, ...]
    noise: tuple[int, ...]
    theta: tuple[int, ...]
    decay: tuple[int, ...]
    zero_true: tuple[bool, ...]
    margin: int
    rounding: int
    batch: int
    classes: int
    outputs_per_class: int

    def __post_init__(self):
        check_types(self)

    def check(self, engine, widths):
        """Raise ConfigError unless ``engine`` can train a network of ``widths`` with these."""
        self._check_layers(len(widths) - 1)
        self._check_options(engine)
        for index, tau in enumerate(self.tau):
            name = f"tau of layer {index + 1}"
            check_range(name, tau, -engine.max_fan_in, engine.max_fan_in)
        check_range("margin", self.margin, 0, LIMIT)
        check_range("rounding", self.rounding, 0, MAX_ROUNDING)
        check_range("batch", self.batch, 1, engine.batch)
        self._check_classes(widths)

    def _check_layers(self, layers):
        ranges = {
            "tau": (-HIGHEST - 1, HIGHEST),
            "window": (0, LIMIT),
            "dead": (0, LIMIT),
            "noise": (0, (1 << NOISE_BITS) - 1),
            "theta": (1, LIMIT),
            "decay": (0, LIMIT),
        }
        for name in (*ranges, "zero_true"):
            values = getattr(self, name)
            if len(values) != layers:
                raise ConfigError(
                    f"{name}={values!r} has {len(values)} entries, the network has {layers} "
                    f"layers; give one entry per layer"
                )
        for name, (low, high) in ranges.items():
            for index, value in enumerate(getattr(self, name)):
                check_range(f"{name} of layer {index + 1}", value, low, high)

    def _check_options(self, engine):
        for name, used, option in (
            ("noise", any(self.noise), "stochastic"),
            ("rounding", self.rounding, "stochastic"),
            ("decay", any(self.decay), "decay"),
        ):
            if used and not getattr(engine, option):
                raise ConfigError(
                    f"{name}={getattr(self, name)!r} needs an engine generated with "
                    f"{option}=True; use {name}=0 or such an engine"
                )

    def _check_classes(self, widths):
        check_range("classes", self.classes, 2, MAX_CLASSES)
        check_range("outputs_per_class", self.outputs_per_class, 1, MAX_CLASSES)
        outputs = self.classes * self.outputs_per_class
        if outputs != widths[-1]:
            raise ConfigError(
                f"{self.classes} classes of {self.outputs_per_class} outputs are {outputs} "
                f"outputs, the last layer has {widths[-1]}; make it {outputs} wide"
            )
        if widths[-2] > HIGHEST:
            raise ConfigError(
                f"{widths[-2]} inputs of the last layer can score more than {HIGHEST}; the widest "
                f"choice that works is {HIGHEST}"
            )
        if self.outputs_per_class * widths[-2] > HIGHEST:
            raise ConfigError(
                f"outputs_per_class={self.outputs_per_class} of {widths[-2]} inputs each can score "
                f"more than {HIGHEST}; the largest choice that works is "
                f"outputs_per_class={HIGHEST // widths[-2]}"
            )

    def with_decay(self, decay):
        """Return the same settings with other decay fields."""
        return replace(self, decay=tuple(decay))
