"""What a head does: sums become scores, and targets become signals of the last layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.errors import DataError
from boldhw.golden import rule
from boldhw.golden.graph.settings import GraphSettings
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums
from boldhw.spec.network import Network

Targets = NDArray[Any]  # integers; what shape they have is up to the head
Draws = NDArray[np.uint16]  # random numbers


class Head(ABC):
    """The head of a network; it has no state.

    Parameters
    ----------
    network : Network
        Raises ConfigError if its last layer does not fit the head.

    Shapes: k samples; the last layer has p x q places of n outputs, ``outputs_per_class`` of which
    are added to one of c scores. ``by_margin`` says whether the margin is one between scores,
    which governors move; ``places`` at how many places
    of a sample targets are.
    """

    by_margin = True
    places = 1

    def __init__(self, network: Network) -> None:
        network.head.check(network.output.makes, network.output.name)
        self.spec, self.makes = network.head, network.output.makes

    def draws(self, settings: GraphSettings) -> int:
        """Return how many random numbers are taken for each sample that is consumed."""
        return 0

    @abstractmethod
    def check(self, targets: Targets, count: int, settings: GraphSettings) -> None:
        """Raise DataError unless these are targets of ``count`` samples."""

    @abstractmethod
    def scores(self, sums: Shorts, settings: GraphSettings, valid: Bits | None = None) -> Sums:
        """Return the scores, int32, first index the sample.

        sums: int16, shape (k, p, q, n).  valid: bool, shape (k, p, q), places that a sample has;
        None: all of them.
        """

    @abstractmethod
    def loss(
        self,
        scores: Sums,
        targets: Targets,
        settings: GraphSettings,
        draws: Draws | None = None,
        valid: Bits | None = None,
    ) -> tuple[Bits, Signals]:
        """Return (active, z): bool, shape (k,), and int8, shape (k, p, q, n).

        active: which samples have signals to send back.  draws: uint16, shape (k, d), d those of
        :meth:`draws`; None where a head takes none.  valid: as for :meth:`scores`.
        """

    @abstractmethod
    def hits(self, scores: Sums, targets: Targets) -> int:
        """Return how many targets the scores meet."""

    @abstractmethod
    def judged(self, targets: Targets) -> int:
        """Return of how many :meth:`hits` counts, that is how many targets can be met."""

    def _added(self, sums: Shorts, settings: GraphSettings) -> Sums:
        """Add the outputs of each score: int32, shape (k, p, q, c)."""
        flat = sums.reshape(-1, sums.shape[-1]).astype(np.int32)
        scores = rule.class_scores(flat, settings.outputs_per_class)
        return scores.reshape(*sums.shape[:3], -1)

    def _classes(self, settings: GraphSettings) -> int:
        return self.makes.planes // settings.outputs_per_class

    def _check_shape(self, targets: Targets, shape: tuple[int, ...], meaning: str) -> None:
        """Raise DataError unless targets are integers of a shape."""
        dtype = getattr(targets, "dtype", None)
        if getattr(dtype, "kind", "?") not in "iu" or targets.shape != shape:
            raise DataError(
                f"targets must be an integer array of shape {shape}, {meaning}; got shape "
                f"{np.shape(targets)} and type {dtype or type(targets).__name__}"
            )
