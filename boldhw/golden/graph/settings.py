"""Integers that a graph is set to: what a host writes, constant while samples go by."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from boldhw.errors import ConfigError
from boldhw.golden.graph.widths import MAX_ROUNDING, SUM_BITS
from boldhw.spec.attention import MAX_WIDTH
from boldhw.spec.checks import check_range
from boldhw.spec.head import PIXELS, RESIDUALS
from boldhw.spec.layer import CONV, EMBEDDING, Layer
from boldhw.spec.network import Network

HIGHEST = (1 << SUM_BITS - 1) - 1  # of a signed sum
MAX_WINDOW = (1 << SUM_BITS) - 1
MAX_NOISE, CHANCES = 255, 256  # of a random byte
ALL = 1 << 16  # of ``keep``: every place teaches


@dataclass(kw_only=True)
class PairSettings:
    """Settings of the scores of an attention of h heads.

    tau      int32, shape (h,): pairs of places whose score reaches it are chosen; where places have
             a number to choose, it is not used
    window   largest distance from the threshold at which a pair passes signals on
    dead     |D| up to this gives no signal
    """

    tau: np.ndarray
    window: int = 8
    dead: int = 0

    def check(self, layer: Layer, heads: int) -> None:
        """Raise ConfigError that names the layer unless its hardware could hold these."""
        if getattr(self.tau, "dtype", None) != np.int32 or self.tau.shape != (heads,):
            raise ConfigError(
                f"tau of the pairs of layer {layer.name} must be int32 of shape ({heads},), one "
                f"for each head"
            )
        for value in (self.tau.min(), self.tau.max()):
            check_range(f"tau of the pairs of layer {layer.name}", int(value), 0, MAX_WIDTH + 1)
        check_range(f"window of the pairs of layer {layer.name}", self.window, 0, MAX_WIDTH)
        check_range(f"dead of the pairs of layer {layer.name}", self.dead, 0, MAX_WIDTH)


@dataclass(kw_only=True)
class GraphLayerSettings:
    """Settings of a layer of n outputs and m inputs.

    tau        int32, shape (n,): an output is T where its sum reaches it; of three-valued outputs
               from 0, and F where the sum reaches -tau
    window     int32, shape (n,): largest distance from tau with which it passes signals on
    dead       |g| up to this gives no signal
    theta      accumulator that flips a weight
    rounding   bits dropped from the votes of each sample; of a convolution only
    decay      share of an accumulator that decays at an update, 1/65536
    zero_true  True: F of two-valued maps that it reads is 0; False: it is -1
    means      int16, shape (m,): 256 times the mean of e(input), taken away from votes; or None
    noise      mask of a random byte that is added to ``dead``; of an embedding only
    chance     of 256 that a weight flips which theta would flip; of an embedding only
    pairs      of an attention: PairSettings
    """

    tau: np.ndarray
    window: np.ndarray
    dead: int = 0
    theta: int = 1
    rounding: int = 0
    decay: int = 0
    zero_true: bool = False
    means: np.ndarray | None = None
    noise: int = 0
    chance: int = CHANCES
    pairs: PairSettings | None = None

    def check(self, layer: Layer) -> None:
        """Raise ConfigError that names the layer unless its hardware could hold these."""
        name = f"of layer {layer.name}"
        lowest = 0 if layer.is_ternary else -HIGHEST - 1
        for field_name, low, high in (("tau", lowest, HIGHEST), ("window", 0, MAX_WINDOW)):
            values = getattr(self, field_name)
            if getattr(values, "dtype", None) != np.int32 or values.shape != (layer.outputs,):
                raise ConfigError(
                    f"{field_name} {name} must be int32 of shape ({layer.outputs},), one for each "
                    f"output"
                )
            for value in (values.min(), values.max()):
                check_range(f"{field_name} {name}", int(value), low, high)
        check_range(f"dead {name}", self.dead, 0, HIGHEST)
        check_range(f"theta {name}", self.theta, 1, MAX_WINDOW)
        check_range(f"rounding {name}", self.rounding, 0, MAX_ROUNDING)
        check_range(f"decay {name}", self.decay, 0, MAX_WINDOW)
        if self.rounding and layer.kind != CONV:
            raise ConfigError(
                f"rounding {name} is {self.rounding}; a dense layer adds whole votes, so make it 0"
            )
        self._check_means(layer)
        self._check_kind(layer)

    def _check_kind(self, layer: Layer) -> None:
        """Raise ConfigError for settings of another kind of layer."""
        check_range(f"noise of layer {layer.name}", self.noise, 0, MAX_NOISE)
        check_range(f"chance of layer {layer.name}", self.chance, 1, CHANCES)
        if layer.kind == EMBEDDING:
            if self.decay:
                raise ConfigError(f"layer {layer.name} is an embedding; its decay must be 0")
        elif self.noise or self.chance != CHANCES:
            raise ConfigError(
                f"noise and chance of layer {layer.name} are for embeddings; leave them out"
            )
        if (self.pairs is None) != (layer.attention is None):
            raise ConfigError(
                f"layer {layer.name} is {layer.kind}; attention has settings of pairs, and no "
                f"other kind"
            )
        if self.pairs and layer.attention:
            self.pairs.check(layer, layer.attention.heads)

    def _check_means(self, layer: Layer) -> None:
        if self.means is None:
            return
        if self.means.dtype != np.int16 or self.means.shape != (layer.inputs,):
            raise ConfigError(
                f"means of layer {layer.name} must be int16 of shape ({layer.inputs},), one for "
                f"each input"
            )
        if not layer.place.reads_input:
            raise ConfigError(
                f"layer {layer.name} has means and does not read the sample; leave them out"
            )


@dataclass(kw_only=True)
class GraphSettings:
    """Settings of a network.

    layers              GraphLayerSettings of each layer, first layer first
    margin              of the loss, 0..65535
    batch               active samples per update
    outputs_per_class   outputs of the last layer whose sums are added to one score
    keep                int32, shape (classes,), of a head of pixels: places of a class that teach,
                        in 65536; None: all of them
    noise               of a head of residuals: bits of a random number that is added to the margin
    """

    layers: list[GraphLayerSettings] = field(default_factory=list)
    margin: int = 0
    batch: int = 16
    outputs_per_class: int = 1
    keep: np.ndarray | None = None
    noise: int = 0

    def check(self, network: Network) -> None:
        """Raise ConfigError unless a network can be set to these."""
        if len(self.layers) != len(network.layers):
            raise ConfigError(
                f"there are settings of {len(self.layers)} layers, the network has "
                f"{len(network.layers)}; give each layer its own"
            )
        for settings, layer in zip(self.layers, network.layers, strict=True):
            settings.check(layer)
            if network.words and settings.zero_true:
                raise ConfigError(
                    f"zero_true of layer {layer.name} is True; over words only a place without "
                    f"a word counts 0, so make it False"
                )
        check_range("margin", self.margin, 0, MAX_WINDOW)
        check_range("batch", self.batch, 1, HIGHEST)
        self._check_rounding(network)
        outputs = network.output.outputs
        check_range("outputs_per_class", self.outputs_per_class, 1, outputs)
        least = 1 if network.head.kind == RESIDUALS else 2
        if outputs % self.outputs_per_class or outputs // self.outputs_per_class < least:
            raise ConfigError(
                f"{outputs} outputs cannot be classes of outputs_per_class="
                f"{self.outputs_per_class} each; two classes or more must share them evenly"
            )
        self._check_head(network.head.kind, outputs // self.outputs_per_class)

    def _check_rounding(self, network: Network) -> None:
        """Raise ConfigError where the counter that rounds votes cannot take all its values."""
        for settings, layer in zip(self.layers, network.layers, strict=True):
            if 1 << settings.rounding > self.batch:
                most = self.batch.bit_length() - 1
                raise ConfigError(
                    f"rounding of layer {layer.name} is {settings.rounding} and batch is "
                    f"{self.batch}; votes are rounded by a counter of the samples of a batch, and "
                    f"one that does not reach {(1 << settings.rounding) - 1} rounds to one side: "
                    f"make rounding {most} at most, or batch {1 << settings.rounding} or more"
                )

    def _check_head(self, kind: str, classes: int) -> None:
        """Raise ConfigError for what is not a setting of the head, or out of its range."""
        check_range("noise", self.noise, 0, MAX_WINDOW)
        if self.noise and kind != RESIDUALS:
            raise ConfigError(f"noise={self.noise} is for a head of {RESIDUALS}; make it 0")
        if self.keep is None:
            return
        if kind != PIXELS:
            raise ConfigError(f"keep is for a head of {PIXELS}; leave it out")
        if self.keep.dtype != np.int32 or self.keep.shape != (classes,):
            raise ConfigError(f"keep must be int32 of shape ({classes},), one for each class")
        for value in (self.keep.min(), self.keep.max()):
            check_range("keep", int(value), 0, ALL)
