"""Sound clips in folders, one folder a class."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from boldhw.data.files import LARGEST
from boldhw.data.pictures import class_files
from boldhw.data.rows import Rows
from boldhw.data.spectra import features, names
from boldhw.errors import DataError

SUFFIXES = (".wav",)
SLOWEST, FASTEST = 1000, 200_000  # samples/s


def read_clips(folder, labels=True) -> Rows:
    """Return the clips of a folder that has one folder a class, uncompressed WAV files.

    Samples are the features of :mod:`boldhw.data.spectra`, int64. Clips may have any length, 8 to
    32 bits and several channels, whose mean is taken. Without ``labels`` they may also be in the
    folder itself.

    Raises DataError, naming the file, for one that is no such clip, is empty or has another rate
    than the first, and for an empty folder.
    """
    folder = Path(folder)
    paths = class_files(folder, SUFFIXES, labels)
    values, first = [], None
    for path in paths:
        samples, rate = _read(path)
        first = first or rate
        if rate != first:
            raise DataError(
                f"{path} has {rate} samples/s, {paths[0]} has {first}; convert all clips to one "
                f"rate"
            )
        values.append(features(samples, rate))
    return Rows(
        name=str(folder),
        values=np.array(values),
        labels=None if paths[0].parent == folder else np.array([p.parent.name for p in paths]),
        places=[path.relative_to(folder).as_posix() for path in paths],
        features=names(first),
        shape=(len(values[0]),),
        header=True,
    )


def is_clip(path) -> bool:
    """Return whether a file is named like a sound clip."""
    return path.suffix.lower() in SUFFIXES


def _read(path) -> tuple[np.ndarray, int]:
    """Return (samples of 16 bits, int64; samples/s) of a WAV file. Raises DataError."""
    try:
        with wave.open(str(path)) as clip:
            channels, width, rate, count = clip.getparams()[:4]
            if channels * width * count > LARGEST:
                raise DataError(f"{path} is longer than {LARGEST} bytes; cut it into clips")
            content = clip.readframes(count)
    except (wave.Error, EOFError, RuntimeError, ValueError) as error:
        raise DataError(
            f"{path} is damaged or no WAV file of whole numbers: {error}; save it as PCM, 16 bits"
        ) from error
    if not SLOWEST <= rate <= FASTEST:
        raise DataError(f"{path} has {rate} samples/s; {SLOWEST} to {FASTEST} can be used")
    whole = len(content) // (channels * width)
    if not whole or whole != count:
        raise DataError(
            f"{path} has {whole} samples of sound and announces {count}; record it again, "
            f"or remove it"
        )
    return _of_16_bits(content, width).reshape(-1, channels).sum(axis=1) // channels, rate


def _of_16_bits(content, width) -> np.ndarray:
    """Return samples of ``width`` bytes as integers of 16 bits, int64: the highest bits."""
    if width == 1:
        return (np.frombuffer(content, np.uint8).astype(np.int64) - 128) << 8
    parts = np.frombuffer(content, np.uint8).reshape(-1, width)[:, -2:]
    return np.ascontiguousarray(parts).view("<i2")[:, 0].astype(np.int64)
