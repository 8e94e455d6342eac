"""Band energies in whole numbers: right by a slow reference, and of the widths that are stated."""

import math

import numpy as np
import pytest

from boldhw.data import spectra

RATE = 8000
GENERATOR = np.random.default_rng(9)


def tone(hertz, count=4000, rate=RATE, level=20000):
    return np.rint(level * np.sin(2 * np.pi * hertz * np.arange(count) / rate)).astype(np.int64)


def in_python(samples, rate):
    """Return the features by loops over Python's integers, which have no width."""
    window = spectra.window_of(rate)
    hop, shift = window // 2, window.bit_length() - 1
    factors = [round(255 * math.sin(math.pi * (n + 0.5) / window) ** 2) for n in range(window)]
    edges = spectra._edges(window, rate).tolist()
    frames = 1 + max(0, math.ceil((len(samples) - window) / hop))
    powers = []
    for frame in range(frames):
        part = [int(s) for s in samples[frame * hop : frame * hop + window]]
        part = [s * f >> 8 for s, f in zip(part, factors, strict=False)]
        bands = [0] * spectra.BANDS
        for band in range(spectra.BANDS):
            for k in range(edges[band], edges[band + 1]):
                angles = [2 * math.pi / window * (k * n % window) for n in range(len(part))]
                sums = (
                    sum(s * round(511 * wave(a)) for s, a in zip(part, angles, strict=True))
                    for wave in (math.cos, math.sin)
                )
                bands[band] += sum((value >> shift) ** 2 for value in sums)
        powers.append(bands)
    found = []
    for part in range(spectra.SEGMENTS):
        start = part * frames // spectra.SEGMENTS
        end = max(start + 1, (part + 1) * frames // spectra.SEGMENTS)
        for band in range(spectra.BANDS):
            value = sum(power[band] for power in powers[start:end]) // (end - start)
            found.append(logarithm(value))
    mean = sum(found) // len(found)
    return [*(value - mean for value in found), mean]


def logarithm(value):
    value = max(value, 1)
    exponent = value.bit_length() - 1
    return 8 * exponent + ((value << 3 >> exponent) & 7)


@pytest.mark.parametrize(
    ("count", "rate"), [(1, 2000), (63, 2000), (64, 2000), (700, 2000), (300, 8000)]
)
def test_features_are_those_of_a_slow_reference(count, rate):
    """Clips shorter than a window, and those with fewer frames than parts, too."""
    samples = GENERATOR.integers(-(1 << 15), 1 << 15, count)
    assert spectra.features(samples, rate).tolist() == in_python(samples, rate)


@pytest.mark.parametrize("hertz", [100, 440, 1000, 2500, 3900])
def test_a_tone_is_loudest_in_its_band(hertz):
    found = spectra.features(tone(hertz), RATE)[:-1].reshape(spectra.SEGMENTS, spectra.BANDS)
    bands = [name.partition(", ")[2] for name in spectra.names(RATE)[: spectra.BANDS]]
    assert len(set(found.argmax(axis=1).tolist())) == 1
    low, high = (int(edge) for edge in bands[found[0].argmax()].removesuffix(" Hz").split("-"))
    assert low - RATE / 256 <= hertz <= high + RATE / 256


def test_a_louder_clip_differs_in_loudness_alone():
    """Four times the samples are 16 times the power: 4 in log2, 32 in eighths."""
    quiet = GENERATOR.integers(-4000, 4000, 6000)
    soft, loud = (spectra.features(clip, RATE) for clip in (quiet, 4 * quiet))
    assert abs(loud[-1] - soft[-1] - 32) <= 1
    assert abs(loud[:-1] - soft[:-1]).max() <= 2


def test_a_change_in_time_is_seen_in_its_part():
    clip = np.concatenate([tone(500, 3000), tone(2500, 3000)])
    loudest = spectra.features(clip, RATE)[:-1].reshape(spectra.SEGMENTS, -1).argmax(axis=1)
    assert (loudest[:5] == loudest[0]).all()
    assert (loudest[7:] == loudest[11]).all()
    assert loudest[0] < loudest[11]


@pytest.mark.parametrize("rate", [1000, 8000, 44100, 200_000])
@pytest.mark.parametrize("clip", ["least", "greatest", "square", "sine", "silence"])
def test_no_value_is_wider_than_is_stated(rate, clip):
    """At the loudest sounds there are; powers stay below 2 ** 49."""
    window = spectra.window_of(rate)
    times = np.arange(4 * window)
    samples = {
        "least": np.full(len(times), -(1 << 15)),
        "greatest": np.full(len(times), (1 << 15) - 1),
        "square": np.where(times // 8 % 2, -(1 << 15), (1 << 15) - 1),
        "sine": tone(rate / 16, len(times), rate, 32767),
        "silence": np.zeros(len(times), np.int64),
    }[clip]
    frames = spectra._frames(samples, window)
    assert abs(frames).max() <= 1 << 15
    factors, twiddles = spectra._tables(window)
    assert (factors.min(), factors.max()) >= (0, 254)
    assert abs(twiddles).max() == 511
    power = spectra._power(frames, window, rate)
    assert 0 <= power.min() <= power.max() < 1 << 49
    found = spectra.features(samples, rate)
    assert -(1 << 9) <= found.min() <= found.max() < 1 << 9
    assert found.shape == (len(spectra.names(rate)),)


def test_logarithm():
    values = np.array([0, 1, 2, 3, 4, 5, 7, 8, 9, 1 << 48, (1 << 49) - 1])
    assert spectra._logarithm(values).tolist() == [logarithm(int(value)) for value in values]
    assert spectra._logarithm(values).max() < 1 << 9


@pytest.mark.parametrize("rate", [1000, 8000, 16000, 44100, 48000, 200_000])
def test_bands_follow_each_other(rate):
    edges = spectra._edges(spectra.window_of(rate), rate)
    assert (np.diff(edges) > 0).all()
    assert (edges[0], edges[-1]) == (1, spectra.window_of(rate) // 2)
