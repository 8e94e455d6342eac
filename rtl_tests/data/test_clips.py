"""Folders of sound clips, one folder a class."""

import wave

import numpy as np
import pytest

from boldhw.data import spectra
from boldhw.data.clips import read_clips
from boldhw.data.sources import Reading, load, load_to_predict
from boldhw.errors import DataError

RATE = 8000


def samples(hertz, seed):
    generator = np.random.default_rng(seed)
    times = np.arange(generator.integers(600, 2000))
    noise = generator.normal(size=len(times)) * 1500
    return np.rint(8000 * np.sin(2 * np.pi * hertz * times / RATE) + noise).astype(np.int64)


def save(path, clip, width=2, channels=1, rate=RATE):
    """Write samples of 16 bits with ``width`` bytes each, alike in all channels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = np.repeat(clip, channels)
    if width == 1:
        content = ((whole >> 8) + 128).astype(np.uint8).tobytes()
    else:
        content = (whole << 8 * (width - 2)).astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width]
        content = content.tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", "not compressed"))
        file.writeframes(content)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with ten clips of two tones."""
    for index in range(20):
        name, hertz = (("low", 400), ("high", 1800))[index % 2]
        save(tmp_path / name / f"{index:02}.wav", samples(hertz, index))
    return tmp_path


def test_clips_are_spectra(folder):
    rows = read_clips(folder)
    assert rows.labels.tolist() == ["high"] * 10 + ["low"] * 10
    assert (rows.places[0], rows.places[10]) == ("high/01.wav", "low/00.wav")
    assert rows.features == spectra.names(RATE)
    assert rows.values[0].tolist() == spectra.features(samples(1800, 1), RATE).tolist()


def test_clips_are_a_data_set(folder):
    dataset = load(folder)
    assert not dataset.pictures
    assert dataset.schema.classes == ("high", "low")
    assert (len(dataset.y_train), len(dataset.y_test)) == (16, 4)
    bits = dataset.samples()[0]
    assert bits.dtype == np.bool_
    assert bits.shape[1] == len(dataset.schema.coder.edges)


@pytest.mark.parametrize(("width", "channels"), [(1, 1), (2, 2), (3, 1), (4, 3)])
def test_other_widths_and_channels(tmp_path, width, channels):
    clip = samples(400, 1) if width > 1 else samples(400, 1) >> 8 << 8
    for name in "ab":
        save(tmp_path / name / "1.wav", clip, width, channels)
    found = read_clips(tmp_path).values
    assert found[0].tolist() == spectra.features(clip, RATE).tolist()


def test_clips_to_predict(folder):
    schema = load(folder).schema
    rows = load_to_predict(str(folder / "low"), Reading(), schema)
    assert (rows.labels, len(rows.values)) == (None, 10)
    for name in "ab":
        save(folder / "slow" / name / "1.wav", samples(400, 1), rate=4000)
    with pytest.raises(DataError, match="no column 'part 1, .* Hz'.*, which the network was train"):
        load_to_predict(str(folder / "slow"), Reading(), schema)


@pytest.mark.parametrize("kind", ["alike", "other"])
def test_folders_train_and_test(folder, kind):
    for part, seed in (("train", 50), ("test", 60)):
        for name, hertz in (("low", 400), ("high", 1800)):
            rate = 4000 if (kind, part) == ("other", "test") else RATE
            save(folder / "divided" / part / name / "1.wav", samples(hertz, seed), rate=rate)
    if kind == "alike":
        dataset = load(folder / "divided")
        assert (len(dataset.y_train), len(dataset.y_test), dataset.schema.split) == (2, 2, None)
        expected = spectra.features(samples(1800, 60), RATE)
        assert dataset.x_test[0].tolist() == expected.tolist()
    else:
        with pytest.raises(DataError, match="samples of train and test have other features"):
            load(folder / "divided")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: save(f / "low/x.wav", samples(9, 1), rate=4000),
         "low/x.wav has 4000 samples/s, .*01.wav has 8000; convert all clips to one rate"),
        (lambda f: save(f / "low/x.wav", samples(9, 1)[:0]), "low/x.wav has 0 samples of sound"),
        (lambda f: (f / "low/x.wav").write_bytes(b""), "low/x.wav is damaged or no WAV file"),
        (lambda f: (f / "low/x.wav").write_bytes(b"RIFF____WAVEfmt "), "x.wav is damaged or no"),
        (lambda f: (f / "low/x.wav").write_bytes((f / "low/00.wav").read_bytes()[:200]),
         "low/x.wav has 78 samples of sound and announces .*; record it again, or remove it"),
        (lambda f: (f / "low/x.mp3").touch(), "low/x.mp3 is a file of another kind; .* .wav alone"),
        (lambda f: save(f / "low/x.wav", samples(9, 1), rate=10), "10 samples/s; 1000 to 200000"),
        (lambda f: (f / "empty").mkdir(), "empty is empty; a folder is a class"),
    ],
)  # fmt: skip
def test_folders_that_are_refused(folder, spoil, words):
    spoil(folder)
    with pytest.raises(DataError, match=words):
        load(folder)


def test_a_clip_of_real_numbers(folder):
    path = folder / "low/00.wav"
    content = bytearray(path.read_bytes())
    content[20] = 3  # the format of floats
    path.write_bytes(content)
    with pytest.raises(
        DataError, match="no WAV file of whole numbers: .*; save it as PCM, 16 bits"
    ):
        load(folder)
