"""What the compiler needs to know of the settings of a network; the golden graph's have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class LayerValues(Protocol):
    """Settings of a layer, as :class:`boldhw.golden.graph.settings.GraphLayerSettings`."""

    @property
    def tau(self) -> NDArray[np.int32]:
        """Threshold of each output."""

    @property
    def window(self) -> NDArray[np.int32]:
        """Largest distance from it with which an output passes deltas on."""

    @property
    def dead(self) -> int:
        """|g| up to this gives no delta."""

    @property
    def theta(self) -> int:
        """Accumulator that flips a weight."""

    @property
    def rounding(self) -> int:
        """Bits dropped from votes."""

    @property
    def decay(self) -> int:
        """Share of an accumulator that decays at an update, 1/65536."""

    @property
    def zero_true(self) -> bool:
        """Whether F of what it reads is 0."""

    @property
    def means(self) -> NDArray[np.int16] | None:
        """256 times the mean of e(input)."""


class NetworkValues(Protocol):
    """Settings of a network."""

    @property
    def layers(self) -> Sequence[LayerValues]:
        """Of each layer."""

    @property
    def margin(self) -> int:
        """Of the loss."""

    @property
    def batch(self) -> int:
        """Active samples per update."""

    @property
    def outputs_per_class(self) -> int:
        """Scores that are added up for a class."""
