"""Samples of words: rows of numbers, of which some places have none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.errors import DataError
from boldhw.golden.graph.embedding import NOTHING
from boldhw.golden.graph.kernel import Map
from boldhw.spec.arrays import Bits, Signals
from boldhw.spec.words import Words


def valid_places(words: NDArray[Any]) -> Bits:
    """Return the places with a word, bool, shape (k, h, w). words: int32, shape (k, h, w, 1)."""
    valid: Bits = words[..., 0] != NOTHING
    return valid


def signed(bits: Map, valid: Bits) -> Signals:
    """Return a map with 0 at places without a word, int8: of bool, F is -1 and T is 1.

    bits: bool or int8, shape (k, h, w, c).  valid: shape (k, h, w).
    """
    values = np.ascontiguousarray(bits).view(np.int8)
    if bits.dtype == np.bool_:
        values = 2 * values - np.int8(1)
    return values * valid[..., None]


def check_words(samples: Any, words: Words) -> None:
    """Raise DataError unless these are rows of word numbers with NOTHING behind the last one."""
    shape: Any = getattr(samples, "shape", ())
    dtype = getattr(samples, "dtype", type(samples).__name__)
    if dtype != np.int32 or len(shape) != 2 or shape[1] != words.longest:
        raise DataError(
            f"samples have shape {shape} and type {dtype}; the network takes word numbers, int32 "
            f"of shape (samples, {words.longest}), {NOTHING} behind the last word"
        )
    if samples.size and not NOTHING <= samples.min() <= samples.max() < words.vocabulary:
        raise DataError(
            f"words run from {samples.min()} to {samples.max()}; the network has numbers 0 to "
            f"{words.vocabulary - 1}, and {NOTHING} for none"
        )
    valid = samples != NOTHING
    wrong = np.flatnonzero(~valid[:, 0] | (valid[:, 1:] & ~valid[:, :-1]).any(axis=1))
    if len(wrong):
        raise DataError(
            f"sample {wrong[0]} has no word at a place before its last one; each has a word, and "
            f"{NOTHING} only behind the last one"
        )
