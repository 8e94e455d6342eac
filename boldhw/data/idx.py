"""IDX files: an array each, its type and sizes in front.

A set is four of them: samples and labels to train and to test with. Its samples are pictures, bytes
in three dimensions with labels that are bytes, as MNIST has them; or numbers of any type of the
format in any number of dimensions, the first one of which counts samples.
"""

from __future__ import annotations

import gzip
import math
import re
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from boldhw.data.files import DAMAGED, read_exactly
from boldhw.data.rows import listed
from boldhw.errors import DataError

FILES = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)
# Names that files with the same content have elsewhere: gzipped or not, with a dot for a hyphen,
# with test for t10k, behind the name of a set, such as emnist-digits-, with other dimensions and
# types. What counts is what the file itself says of those.
NAME = re.compile(
    r"(?!\.)(?P<set>.*?)(?P<part>train|t10k|test)-(?P<kind>images|labels)"
    r"[.-]idx\d+[.-](ubyte|byte|short|int|float|double)(?:\.gz)?",
    re.IGNORECASE,
)
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MOST_DIMENSIONS = 32  # that NumPy has at least
GZIP_START = b"\x1f\x8b"


class Header(NamedTuple):
    """What an IDX file says of itself: NumPy's name of its type, big-endian, and dimensions."""

    type: str
    dimensions: int


PICTURES, NUMBERS = Header(">u1", 3), Header(">u1", 1)


def read_pictures(folder) -> list[np.ndarray]:
    """Return uint8 pictures and labels to train with, then those to test with.

    Raises DataError for a folder without the files of one set, and for other arrays.
    """
    return [
        _read(path, header)
        for pair in _pairs(_set(Path(folder)))
        for path, header in zip(pair, (PICTURES, NUMBERS), strict=True)
    ]


def read_arrays(folder) -> dict[str, np.ndarray]:
    """Return ``x_train``, ``y_train``, ``x_test`` and ``y_test``, arrays of any type and shape.

    Raises DataError like :func:`read_pictures`.
    """
    paths = [path for pair in _pairs(_set(Path(folder))) for path in pair]
    names = ("x_train", "y_train", "x_test", "y_test")
    return {name: _read(path) for name, path in zip(names, paths, strict=True)}


def has_files(folder) -> bool:
    """Return whether anything in a folder has the name of an IDX file."""
    return any(NAME.fullmatch(path.name) for path in folder.iterdir())


def has_arrays(folder) -> bool:
    """Return whether a folder has a set of IDX files that holds other arrays than pictures."""
    try:
        pairs = _pairs(_set(Path(folder)))
        found = [[_header(path) for path in pair] for pair in pairs]
    except (DataError, *DAMAGED):
        return False  # what reads pictures says what is wrong
    return found != [[PICTURES, NUMBERS]] * 2


def parse(file: IO[bytes], path, expected: Header | None = None) -> np.ndarray:
    """Return the array of an open IDX file, in the byte order of this machine.

    ``path`` is its name; ``expected`` is what it must hold, or None. Raises DataError.
    """
    try:
        start = file.read(4)
        header = _parsed(start)
        if header is None or expected not in (None, header):
            raise DataError(f"{path} {_other(start, header, expected)}")
        sizes = file.read(4 * header.dimensions)
        if len(sizes) != 4 * header.dimensions:
            raise DataError(f"{path} ends before its {header.dimensions} sizes; fetch it again")
        shape, kind = np.frombuffer(sizes, ">u4").tolist(), np.dtype(header.type)
        content = read_exactly(file, math.prod(shape) * kind.itemsize, path)
        array = np.frombuffer(content, kind).reshape(shape)
        return array.astype(kind.newbyteorder("="), copy=False)
    except DAMAGED as error:
        raise DataError(f"{path} is damaged: {error}; fetch it again") from error


def _parsed(start: bytes) -> Header | None:
    """Return what the first four bytes of a file say, None for those of no IDX file."""
    if len(start) < 4 or start[:2] != bytes(2) or start[2] not in TYPES:
        return None
    return Header(TYPES[start[2]], start[3]) if 1 <= start[3] <= MOST_DIMENSIONS else None


def _other(start: bytes, header: Header | None, expected: Header | None) -> str:
    """Return what is wrong with the first bytes of a file, and what to do."""
    if header is None or expected is None:
        found = f"0x{start.hex()}" if start else "nothing"
        return (
            f"starts with {found}: it is no IDX file, which starts with 0x0000, one of "
            f"{', '.join(f'0x{code:02x}' for code in TYPES)} for its type, and 1 to "
            f"{MOST_DIMENSIONS} dimensions; fetch it again"
        )
    return (
        f"holds {np.dtype(header.type).name} in {header.dimensions} dimensions, and the other "
        f"files are those of pictures: give it {np.dtype(expected.type).name} in "
        f"{expected.dimensions}"
    )


@contextmanager
def _opened(path):
    """Open a file, unpacked if it begins like a gzipped one."""
    with open(path, "rb") as file:
        if not file.peek(len(GZIP_START)).startswith(GZIP_START):
            yield file
            return
        with gzip.open(file) as content:
            yield content


def _read(path, expected: Header | None = None) -> np.ndarray:
    with _opened(path) as file:
        return parse(file, path, expected)


def _header(path) -> Header | None:
    with _opened(path) as file:
        return _parsed(file.read(4))


def _set(folder) -> dict[tuple[bool, bool], list[Path]]:
    """Return {role: paths} of the one set of IDX files in a folder."""
    sets: dict[str, dict[tuple[bool, bool], list[Path]]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and (match := NAME.fullmatch(path.name)):
            sets.setdefault(match["set"], {}).setdefault(_role(path.name), []).append(path)
    whole = [name for name, paths in sets.items() if len(paths) == len(FILES) * 2]
    if len(whole) > 1:
        raise DataError(
            f"{folder} holds several sets of IDX files: {listed(whole)}; put the files of one "
            f"into a folder of their own"
        )
    if not whole:
        raise DataError(_no_set(folder, sets))
    return sets[whole[0]]


def _pairs(paths) -> list[list[Path]]:
    """Return the files of samples and labels to train with, then of those to test with."""
    return [[_only(paths[_role(name)]) for name in names] for names in FILES]


def _role(name) -> tuple[bool, bool]:
    """Return what the name of an IDX file says it holds: (of the training set, samples)."""
    match = NAME.fullmatch(name)
    assert match is not None, f"{name} is no name of an IDX file"
    return match["part"].lower() == "train", match["kind"].lower() == "images"


def _no_set(folder, sets) -> str:
    """Return what is missing in a folder that has no whole set of IDX files."""
    prefix, paths = max(sets.items(), key=lambda item: len(item[1]), default=("", {}))
    missing = [prefix + name for names in FILES for name in names if _role(name) not in paths]
    there = [path.name + "/" * path.is_dir() for path in sorted(folder.iterdir())]
    return (
        f"{folder} has no file {' and no '.join(missing)}; it has {listed(there) or 'nothing'}; "
        f"copy what is missing there, gzipped or not, or give it one folder of pictures or sound "
        f"clips for each class"
    )


def _only(paths) -> Path:
    """Return the file among those with the same role, the unpacked one if it is there twice."""
    if len({path.name.removesuffix(".gz") for path in paths}) > 1:
        raise DataError(
            f"{paths[0]} and {paths[1].name} may both be meant; put one into another folder"
        )
    return paths[0]
