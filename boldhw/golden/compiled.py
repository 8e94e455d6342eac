"""The golden model with its sums compiled: the same bits, many times as fast.

Bits are packed into 64-bit words, so that one XNOR and one count of ones does for 64 inputs what
the array of the hardware does: ``2 * popcount(xnor(sign, weight) & mask) - popcount(mask)``. Needs
the package numba, which keeps what it compiled in a cache beside this file or in the user's.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from boldhw.errors import missing_package
from boldhw.golden import rule
from boldhw.golden.network import Network
from boldhw.golden.words64 import WORD, Words, pack
from boldhw.spec.arrays import Accumulators, Bits, Bytes, Signals, Sums

Function = TypeVar("Function", bound=Callable[..., Any])
LOG = logging.getLogger(__name__)

try:
    from numba import njit, types
    from numba.extending import intrinsic
except ImportError:
    raise missing_package("the compiled golden model", "numba", "fast") from None

ONES = np.uint64((1 << WORD) - 1)


class CompiledNetwork(Network):
    """A :class:`Network` whose every method gives the same bits, and takes less time.

    Arrays of ``weights`` and ``accumulators`` are changed in place.
    """

    def _plane(self, layer: int) -> tuple[Words, Words | None]:
        """Return the weights as words, of each output and, for :meth:`_below`, of each input."""
        weights = self.weights[layer]
        return pack(weights).T.copy(), pack(weights.T).T.copy() if layer else None

    def _sums(self, bits: Bits, zero_true: bool, plane: Any) -> Sums:
        forward, _ = plane
        words = pack(bits)
        masks = words if zero_true else _valid(words, bits.shape[1])
        signs = np.full_like(words, ONES) if zero_true else words
        return products(signs, masks, forward)

    def _below(self, signals: Signals, plane: Any) -> Sums:
        _, backward = plane
        return products(pack(signals > 0), pack(signals != 0), backward)

    def _update_layer(
        self, layer: int, bits: Bits, signals: Signals, planes: list[Any] | None
    ) -> int:
        settings, given = self.settings, self.settings.layers[layer]
        draws = self._vote_draws(layer)
        flips = update(
            self.weights[layer],
            self.accumulators[layer],
            signals,
            rule.operand(bits, given.zero_true).astype(np.int8),
            np.zeros((1, 1), np.uint8) if draws is None else np.ascontiguousarray(draws),
            settings.rounding,
            given.decay,
            given.theta,
            1 << self.config.accumulator_bits - 1,
        )
        if flips and planes is not None:
            planes[layer] = self._plane(layer)
        return flips


def _valid(words: Words, count: int) -> Words:
    """Return masks like ``words`` whose first ``count`` bits of each row are 1."""
    masks = np.full_like(words, ONES)
    masks[:, -1] >>= np.uint64(-count % WORD)
    return masks


def kept(function: Function) -> Function:
    """Compile a function, and keep what comes out if there is a folder for it."""
    try:
        return cast(Function, njit(cache=True)(function))
    except RuntimeError as error:
        LOG.warning("%s; it is compiled anew each time, set NUMBA_CACHE_DIR to a folder", error)
        return cast(Function, njit(function))


def _popcount(context: Any, word: Any) -> tuple[Any, Any]:
    """Count the ones of a uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


popcount: Any = intrinsic(_popcount)  # numba gives the context, a caller the word alone


@kept
def products(signs: Words, masks: Words, weights: Words) -> Sums:
    """Sum XNORs where the mask is 1: int32, shape (k, n).

    signs, masks: uint64, shape (k, words).  weights: uint64, shape (words, n).
    """
    agree = np.empty(weights.shape[1], np.int64)
    sums = np.empty((len(signs), weights.shape[1]), np.int32)
    for k in range(len(signs)):
        agree[:] = 0
        total = 0
        for word in range(len(weights)):
            sign, mask = signs[k, word], masks[k, word]
            total += popcount(mask)
            for j in range(weights.shape[1]):
                agree[j] += popcount(~(sign ^ weights[word, j]) & mask)
        for j in range(weights.shape[1]):
            sums[k, j] = 2 * agree[j] - total
    return sums


@kept
def update(
    weights: Bits,
    accumulators: Accumulators,
    signals: Signals,
    inputs: Signals,
    draws: Bytes,
    rounding: int,
    decay: int,
    theta: int,
    top: int,
) -> int:
    """Vote, accumulate and flip in place (eq. 7, 9, 10); return the number of flips.

    weights: bool, shape (n, m).  accumulators: int16, same.  signals: int8, shape (k, n).
    inputs: int8, shape (k, m), -1, 0 or 1.  draws: uint8, shape (n, m), unused if rounding is 0.
    top: ``2**(A-1)``.
    """
    steps = np.empty(weights.shape[1], np.int16)
    flips = 0
    for j in range(len(weights)):
        _vote(steps, signals[:, j], inputs)
        if rounding:
            for i in range(len(steps)):
                steps[i] = (steps[i] + (draws[j, i] & ((1 << rounding) - 1))) >> rounding
        taken = _take(weights[j], accumulators[j], steps, decay, np.int32(theta), np.int32(top))
        flips += int(taken)
    return flips


@kept
def _vote(steps: Accumulators, signals: Signals, inputs: Signals) -> None:
    """Sum ``-signal * input`` over the samples, 512 at most: int16 holds signals up to 63."""
    steps[:] = 0
    for k in range(len(inputs)):
        signal = np.int16(signals[k])
        if signal:
            for i in range(len(steps)):
                steps[i] -= signal * np.int16(inputs[k, i])


@kept
def _take(
    weights: Bits,
    accumulators: Accumulators,
    steps: Accumulators,
    decay: int,
    theta: np.int32,
    top: np.int32,
) -> np.int32:
    """Take one output's steps; return its flips."""
    if decay:
        for i in range(len(steps)):
            accumulators[i] -= (accumulators[i] * decay) >> 16
    flips = np.int32(0)
    for i in range(len(steps)):
        value = np.int32(accumulators[i]) + np.int32(steps[i])
        value = min(max(value, -top), top - np.int32(1))
        accumulators[i] = value
        flips += np.int32((-value if weights[i] else value) >= theta)
    if flips:
        for i in range(len(steps)):
            if (-accumulators[i] if weights[i] else accumulators[i]) >= theta:
                weights[i] = not weights[i]
                accumulators[i] = 0
    return flips
