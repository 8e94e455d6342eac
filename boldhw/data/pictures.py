"""Pictures in folders, one folder a class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from boldhw.data.files import LARGEST
from boldhw.data.rows import Rows
from boldhw.errors import DataError, missing_package

SUFFIXES = (".png", ".jpg", ".jpeg")
GREY, COLOUR = "L", "RGB"


def read_pictures(folder, labels=True) -> Rows:
    """Return the pictures of a folder that has one folder a class, PNG or JPEG.

    Samples are uint8, row by row, the three values of a coloured pixel one after the other. Without
    ``labels`` the pictures may also be in the folder itself.

    Raises DataError, naming the file, for one that is no picture, is transparent or has another
    size or other colours than the first, and for an empty folder; ToolError without Pillow.
    """
    folder = Path(folder)
    paths = class_files(folder, SUFFIXES, labels)
    pictures, first = [], None
    for path in paths:
        picture = read_picture(path, len(paths))
        first = first or (picture.shape, path)
        _check_alike(picture.shape, path, *first)
        pictures.append(picture)
    names = [path.relative_to(folder).as_posix() for path in paths]
    return Rows(
        name=str(folder),
        values=np.array(pictures).reshape(len(paths), -1),
        labels=None if paths[0].parent == folder else np.array([p.parent.name for p in paths]),
        places=names,
        shape=pictures[0].shape,
    )


def class_files(folder, suffixes, labels=True) -> list[Path]:
    """Return the files of every class folder, class by class, sorted by name.

    Hidden files are left out. Raises DataError for an empty folder and for files of other kinds.
    """
    folders = visible(folder, Path.is_dir)
    if labels and len(folders) < 2:
        raise DataError(
            f"{folder} has {len(folders)} folders; give it one folder for each class, at least two"
        )
    paths = []
    for each in folders or [folder]:
        found = visible(each, lambda path: True)
        if not found:
            raise DataError(
                f"{each} is empty; a folder is a class: put its files there, or remove the folder"
            )
        for path in found:
            if path.is_dir() or path.suffix.lower() not in suffixes:
                raise DataError(
                    f"{path} is {'a folder' if path.is_dir() else 'a file of another kind'}; a "
                    f"folder of a class holds files {', '.join(suffixes)} alone: move it elsewhere"
                )
        paths += found
    return paths


def visible(folder, wanted) -> list[Path]:
    """Return what is in a folder and not hidden, sorted by name."""
    found = sorted(folder.iterdir())
    return [p for p in found if p.name[0] != "." and p.name != "Thumbs.db" and wanted(p)]


def is_picture(path) -> bool:
    """Return whether a file is named like a picture."""
    return path.suffix.lower() in SUFFIXES


def read_picture(path, count) -> np.ndarray:
    """Return a picture, uint8, shape (rows, columns), or (rows, columns, 3). Raises DataError."""
    try:
        from PIL import Image
    except ImportError as error:
        raise missing_package("a folder of pictures", "pillow", "pictures") from error
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height * 3 * count > LARGEST:
                raise DataError(
                    f"{path} has {picture.width} x {picture.height} pixels; {count} such pictures "
                    f"are too large, scale them down, for example to 32 x 32"
                )
            return np.asarray(_plain(picture, path))
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(
            f"{path} is damaged or no picture: {error}; save it again as PNG or JPEG"
        ) from error


def _plain(picture, path):
    """Return a picture in grey or in colours. Raises DataError if it is anything else."""
    if picture.mode == "1":
        return picture.convert(GREY)
    if picture.mode in ("P", "RGBA", "LA"):
        whole = picture.convert("LA" if picture.mode == "LA" else "RGBA")
        if whole.getchannel("A").getextrema()[0] < 255:
            raise DataError(
                f"{path} is transparent in places; give it a background and save it again"
            )
        return whole.convert(GREY if picture.mode == "LA" else COLOUR)
    if picture.mode not in (GREY, COLOUR):
        raise DataError(
            f"{path} has pixels of the kind {picture.mode}; save it with 8 bits, grey or RGB"
        )
    return picture


def _check_alike(shape, path, first, first_path) -> None:
    """Raise DataError unless a picture has the shape of the first one."""
    if shape == first:
        return
    if shape[:2] != first[:2]:
        raise DataError(
            f"{path} has {shape[1]} x {shape[0]} pixels, {first_path} has {first[1]} x {first[0]}; "
            f"scale all pictures to one size"
        )
    kinds = ["in colour" if len(each) > 2 else "grey" for each in (shape, first)]
    raise DataError(
        f"{path} is {kinds[0]}, {first_path} is {kinds[1]}; save all pictures alike, for example "
        f"in grey"
    )
