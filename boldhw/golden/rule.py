"""The learning rule, one pure function per step, integers and booleans only.

Nguyen et al., "BOLD: Boolean Logic Deep Learning" (arXiv 2405.16339); equation numbers are the
paper's. docs/architecture.md ("The rule, bit for bit") is the integer form computed here. T is 1
and F is -1 in every sum (the embedding e), a three-valued signal is int8: T = 1, F = -1, 0.

Shapes: k samples, m inputs and n outputs of a layer. Sums are computed by float32 matrix products,
which is exact: terms are -1, 0 or 1 and at most 16384 of them (:data:`MAX_TERMS`) are added, so
every partial sum in every order is an integer far below 2**24.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.spec.arrays import Accumulators, Bits, Bytes, Labels, Scalar, Signals, Sums
from boldhw.spec.network import MAX_TERMS

Reals = NDArray[np.float32]  # that hold -1, 0 and 1


def embed(bits: Bits) -> Reals:
    """Return e(bits), F = -1 and T = 1, as float32 for :func:`product`. bits: bool."""
    _require(bits, np.bool_, "bits")
    return np.where(bits, np.float32(1), np.float32(-1))


def operand(bits: Bits, zero_true: bool) -> Reals:
    """Return the inputs of a layer as float32: {0,T} coding makes F a 0 (Def 3.1), else e(bits).

    bits: bool, shape (k, m).
    """
    _require(bits, np.bool_, "bits")
    return bits.astype(np.float32) if zero_true else embed(bits)


def product(a: Reals, b: Reals) -> Sums:
    """Return the exact sums a @ b as int32. a, b: float32 that hold -1, 0 and 1 only."""
    _require(a, np.float32, "a")
    _require(b, np.float32, "b")
    if a.shape[-1] > MAX_TERMS:
        raise TypeError(f"{a.shape[-1]} terms exceed the {MAX_TERMS} that float32 sums exactly")
    return (a @ b).astype(np.int32)


def forward(bits: Bits, weights: Bits, zero_true: bool) -> Sums:
    """Sum XNORs of inputs and weights (eq. 1): int32, shape (k, n), -m..m.

    bits: bool, shape (k, m).  weights: bool, shape (n, m).
    """
    return product(operand(bits, zero_true), embed(weights).T)


def fire(sums: Sums, tau: int, window: int) -> tuple[Bits, Bits]:
    """Return (y, gate), bool, shape (k, n): ``s >= tau`` (eq. 1) and ``|s - tau| <= window``.

    The gate replaces tanh' of the paper's threshold (section 2 of its appendix) by 1 or 0.
    sums: int32, shape (k, n).
    """
    _require(sums, np.int32, "sums")
    return sums >= tau, np.abs(sums - tau) <= window


def class_scores(sums: Sums, outputs_per_class: int) -> Sums:
    """Add the sums of each class's outputs: int32, shape (k, classes). sums: int32, (k, n)."""
    _require(sums, np.int32, "sums")
    classes = sums.shape[1] // outputs_per_class
    parts = sums.reshape(len(sums), classes, outputs_per_class)
    scores: Sums = parts.sum(axis=2, dtype=np.int32)
    return scores


def predict(scores: Sums) -> NDArray[np.intp]:
    """Return the best class of each sample, lowest index on ties. scores: int32, (k, classes)."""
    _require(scores, np.int32, "scores")
    best: NDArray[np.intp] = scores.argmax(axis=1)
    return best


def margin_loss(
    scores: Sums, labels: Labels, margin: int | Sums, outputs_per_class: int
) -> tuple[Bits, Signals]:
    """Compare the label with the best other class c*, lowest index on ties.

    scores: int32, shape (k, classes).  labels: integers, shape (k,), 0..classes-1.  margin: of all
    samples, or int32 of shape (k,).
    Returns (active, z): bool, shape (k,), ``score[c*] > score[label] - margin``; and the signal of
    the last layer, int8, shape (k, n): T for outputs of c*, F for the label's, else 0.
    """
    _require(scores, np.int32, "scores")
    rows = np.arange(len(scores))
    others = scores.copy()
    others[rows, labels] = np.iinfo(np.int32).min
    rivals = others.argmax(axis=1)
    active = scores[rows, rivals] > scores[rows, labels] - margin
    signals = np.zeros(scores.shape, np.int8)
    signals[rows, rivals] = 1
    signals[rows, labels] = -1
    return active, np.repeat(signals, outputs_per_class, axis=1)


def backward(signals: Signals, weights: Bits) -> Sums:
    """Sum signals times weights over outputs (eq. 8): g, int32, shape (k, m), -n..n.

    signals: int8, shape (k, n).  weights: bool, shape (n, m).
    """
    _require(signals, np.int8, "signals")
    return product(signals.astype(np.float32), embed(weights))


def ternarise(
    sums: Sums, gate: Bits, dead: int, noise: int = 0, draws: Bytes | None = None
) -> Signals:
    """Return sign(g) where the gate is set and ``|g| > dead + (u & noise)``, else 0: int8.

    sums: int32 g, shape (k, m).  gate: bool, same.  draws: uint8 u, same; unused if noise is 0.
    """
    _require(sums, np.int32, "sums")
    _require(gate, np.bool_, "gate")
    return (np.sign(sums) * (gate & (np.abs(sums) > dead_zone(dead, noise, draws)))).astype(np.int8)


def dead_zone(dead: int, noise: int = 0, draws: Bytes | None = None) -> np.int32 | Sums:
    """Return the largest |g| of no signal, ``dead + (u & noise)``, int32; one number if noise is 0.

    draws: uint8 u, of any shape; unused if noise is 0.
    """
    if not noise:
        return np.int32(dead)
    return dead + (_require(draws, np.uint8, "draws") & np.uint8(noise)).astype(np.int32)


def vote(signals: Signals, bits: Bits, zero_true: bool) -> Sums:
    """Sum signals times inputs over the gathered samples (eq. 7): q, int32, shape (n, m), -k..k.

    signals: int8, shape (k, n).  bits: bool, shape (k, m).
    """
    _require(signals, np.int8, "signals")
    return product(signals.T.astype(np.float32), operand(bits, zero_true))


def stochastic_round(votes: Sums, rounding: int, draws: Bytes | None = None) -> Sums:
    """Return ``(votes + u) >> rounding`` with u the low bits of ``draws``; exact if rounding is 0.

    votes: int32.  draws: uint8, same shape; unused if rounding is 0.  The mean over u of the
    result is votes / 2**rounding.
    """
    _require(votes, np.int32, "votes")
    if not rounding:
        return votes
    low = _require(draws, np.uint8, "draws") & np.uint8((1 << rounding) - 1)
    return (votes + low) >> rounding


def decay(accumulators: Accumulators, factor: int) -> Accumulators:
    """Return ``m - ((m * factor) >> 16)``, int16: beta of eq. 9, beta = 1 - factor / 65536.

    accumulators: int16.  factor: 0..65535.
    """
    _require(accumulators, np.int16, "accumulators")
    wide = accumulators.astype(np.int64)
    return (wide - ((wide * factor) >> 16)).astype(np.int16)


def accumulate(accumulators: Accumulators, steps: Sums, bits: int) -> Accumulators:
    """Return ``accumulators + steps`` clamped to ``bits``-bit two's complement (eq. 9), int16.

    accumulators: int16.  steps: int32, same shape.
    """
    _require(accumulators, np.int16, "accumulators")
    _require(steps, np.int32, "steps")
    high = (1 << bits - 1) - 1
    clamped: Sums = np.clip(accumulators + steps, -high - 1, high)
    return clamped.astype(np.int16)


def flip(weights: Bits, accumulators: Accumulators, theta: int) -> tuple[Bits, Accumulators, Bits]:
    """Invert weights whose ``m * e(w) <= -theta`` and zero their accumulators (eq. 10, 11).

    weights: bool.  accumulators: int16, same shape.  theta: at least 1.
    Returns (weights, accumulators, flipped), new arrays; flipped: bool.
    """
    _require(weights, np.bool_, "weights")
    _require(accumulators, np.int16, "accumulators")
    flipped = np.where(weights, accumulators <= -theta, accumulators >= theta)
    return weights ^ flipped, np.where(flipped, np.int16(0), accumulators), flipped


def _require(array: Any, dtype: type[Scalar], name: str) -> NDArray[Scalar]:
    """Return the array. Raises TypeError unless it is one of this dtype."""
    if getattr(array, "dtype", None) != dtype:
        given = getattr(array, "dtype", type(array).__name__)
        raise TypeError(f"{name} must be {np.dtype(dtype)}, not {given}")
    found: NDArray[Scalar] = array
    return found
