"""What training reports."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainStats:
    """Outcome of training: samples consumed, hits and active ones among them, updates, flips.

    Hits are samples whose label has the best score; of a head with targets at each place, the
    targets that were met.
    ``flips`` has one count per layer, first layer first. Stats of consecutive calls can be added.
    """

    samples: int
    hits: int
    active: int
    updates: int
    flips: tuple[int, ...]

    def __add__(self, other: "TrainStats") -> "TrainStats":
        return TrainStats(
            self.samples + other.samples,
            self.hits + other.hits,
            self.active + other.active,
            self.updates + other.updates,
            tuple(a + b for a, b in zip(self.flips, other.flips, strict=True)),
        )
