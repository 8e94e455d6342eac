"""Samples of words, and what layers over them must keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boldhw.errors import ConfigError
from boldhw.spec.layer import INPUT
from boldhw.spec.maps import Shape

MOST = 1 << 20  # words of a vocabulary


@dataclass(frozen=True)
class Words:
    """A sample is a row of word numbers, int32, from 0, and -1 behind the last one.

    longest      places of a row
    vocabulary   words that have a number
    """

    longest: int
    vocabulary: int

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Words:
        """Return the words of a JSON object ``{"words": 56, "vocabulary": 7206}``.

        Raises ConfigError.
        """
        if set(entry) != {"words", "vocabulary"}:
            raise ConfigError(
                f"inputs of the network are {dict(entry)!r}; samples of words have the keys words, "
                f"the most in a sample, and vocabulary, how many there are"
            )
        for name, value in entry.items():
            if type(value) is not int or not 1 <= value <= MOST:
                raise ConfigError(
                    f"{name} of the inputs is {value!r}; it must be an integer from 1 to {MOST}"
                )
        return cls(entry["words"], entry["vocabulary"])

    def to_dict(self) -> dict[str, int]:
        """Return what :meth:`of` takes."""
        return {"words": self.longest, "vocabulary": self.vocabulary}

    @property
    def shape(self) -> Shape:
        """Shape of a sample: one row of places, with a number at each."""
        return Shape(1, self.longest, 1)

    def check(self, makes: Shape, layer: str) -> None:
        """Raise ConfigError, naming the layer, unless it has a place for each word."""
        if (makes.height, makes.width) != (1, self.longest):
            raise ConfigError(
                f"layer {layer} makes {makes.height} x {makes.width} places of samples with "
                f"{self.longest} words; layers over words keep their places: make it conv with a "
                f"kernel of side 1, with taps at several dx for neighbours, or attention"
            )


def embedded(
    words: Words | None, sources: Sequence[str], outputs: int, layer: str
) -> dict[str, Any]:
    """Return the fan-in of an embedding, what it reads, and what it makes of it.

    Raises ConfigError, naming the layer, unless it reads words and nothing else.
    """
    if words is None or list(sources) != [INPUT]:
        raise ConfigError(
            f"layer {layer} is an embedding; it reads {INPUT} and nothing else, and the inputs of "
            f"the network are words and a vocabulary"
        )
    makes = Shape(1, words.longest, outputs)
    return {"inputs": words.vocabulary, "reads": words.shape, "makes": makes}
