"""Sound in integers: how loud each band is in each part of a clip, as a small circuit computes it.

Every step states the bits of its result, for samples of 16 bits and windows of ``2**w`` samples:

- window: a sample times a factor of 8 bits, without the last 8: 16 bits, signed
- transform: products with cosines and sines of 10 bits, summed, without the last w: 25 bits, signed
- power: squares of both, summed over the bins of a band, and the mean over frames: 49 bits
- loudness: 8 times the logarithm to base 2, cut off: 9 bits
- features: loudness less the mean of all, 10 bits, signed; and that mean
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

SEGMENTS = 12  # parts of a clip, all of the same length
BANDS = 24
WINDOW_SECONDS = 0.032  # about; it is a power of two of samples
SAMPLE_BITS, FACTOR_BITS, TWIDDLE_BITS, FRACTION_BITS = 16, 8, 10, 3


def window_of(rate) -> int:
    """Return the samples of a window at ``rate`` samples/s, a power of two from 64 to 2048."""
    return min(max(64, 1 << round(np.log2(rate * WINDOW_SECONDS))), 2048)


def names(rate) -> tuple[str, ...]:
    """Return the names of the features of a clip with ``rate`` samples/s."""
    window = window_of(rate)
    edges = [int(edge) * rate // window for edge in _edges(window, rate)]
    bands = [f"{low}-{high} Hz" for low, high in zip(edges[:-1], edges[1:], strict=True)]
    parts = [f"part {part}, {band}" for part in range(1, SEGMENTS + 1) for band in bands]
    return (*parts, "loudness")


def features(samples, rate) -> np.ndarray:
    """Return the features of a clip, int64, shape (SEGMENTS * BANDS + 1,).

    samples: integers of 16 bits, signed, shape (samples,), at least one.
    """
    window = window_of(rate)
    frames = _frames(samples.astype(np.int64), window)
    power = _power(frames, window, rate)
    count = len(power)
    starts = np.arange(SEGMENTS) * count // SEGMENTS
    ends = np.maximum(starts + 1, (np.arange(SEGMENTS) + 1) * count // SEGMENTS)
    means = [power[a:b].sum(axis=0) // (b - a) for a, b in zip(starts, ends, strict=True)]
    loudness = _logarithm(np.concatenate(means))
    mean = loudness.sum() // len(loudness)
    return np.append(loudness - mean, mean)


def _frames(samples, window) -> np.ndarray:
    """Return the windowed frames, half a window apart, int64, shape (frames, window)."""
    hop = window // 2
    count = 1 + max(0, -(-(len(samples) - window) // hop))
    padded = np.zeros((count - 1) * hop + window, np.int64)
    padded[: len(samples)] = samples
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    return frames * _tables(window)[0] >> FACTOR_BITS


def _power(frames, window, rate) -> np.ndarray:
    """Return the power of each band, int64, shape (frames, BANDS)."""
    # Floats of 53 bits hold these sums of integers exactly, and multiply several times as fast.
    sums = (frames.astype(np.float64) @ _tables(window)[1]).astype(np.int64)
    parts = sums >> window.bit_length() - 1
    squares = parts * parts
    bins = squares[:, : window // 2] + squares[:, window // 2 :]
    return np.add.reduceat(bins, _edges(window, rate)[:-1], axis=1)


def _logarithm(values) -> np.ndarray:
    """Return 8 log2 of integers, cut off, with a straight line between powers of two; of 0: 0."""
    mantissa, exponent = np.frexp(np.maximum(values, 1).astype(np.float64))
    fraction = np.floor((2 * mantissa - 1) * (1 << FRACTION_BITS)).astype(np.int64)
    return (exponent.astype(np.int64) - 1 << FRACTION_BITS) + fraction


@lru_cache
def _tables(window) -> tuple[np.ndarray, np.ndarray]:
    """Return (factors of the window, int64; cosines and sines of all bins as whole floats)."""
    times = np.arange(window)
    factors = np.sin(np.pi * (times + 0.5) / window) ** 2 * ((1 << FACTOR_BITS) - 1)
    angles = 2 * np.pi / window * (np.outer(times, np.arange(window // 2)) % window)
    most = (1 << TWIDDLE_BITS - 1) - 1
    twiddles = np.concatenate([np.cos(angles), np.sin(angles)], axis=1) * most
    return np.rint(factors).astype(np.int64), np.rint(twiddles)


@lru_cache
def _edges(window, rate) -> np.ndarray:
    """Return the first bin of each band, and the end: bands as wide as the ear's (mel scale)."""
    mel = 2595 * np.log10(1 + rate / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, mel, BANDS + 1) / 2595) - 1)
    edges = np.rint(hertz * window / rate).astype(np.int64)
    edges[0] = 1  # bin 0 is the mean of the samples, no sound
    for band in range(1, BANDS + 1):  # at least one bin each
        edges[band] = max(edges[band], edges[band - 1] + 1)
    return np.minimum(edges, window // 2)
