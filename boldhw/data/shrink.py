"""Pictures with fewer rows and columns, for networks that a small device holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from boldhw.data.rows import Rows
from boldhw.errors import DataError

MOST = 64  # that rows and columns are divided by


def smaller(rows: Rows, factor: int) -> Rows:
    """Return Rows whose pictures are :func:`shrunk`; as they are where the factor is 1.

    Raises DataError, by name, for samples that are no pictures.
    """
    if factor == 1:
        return rows
    if len(rows.shape) not in (2, 3):
        raise DataError(
            f"{rows.name} has no pictures but features, which have no rows and columns; leave out "
            f"--smaller"
        )
    height, width, *colours = rows.shape
    values = shrunk(rows.values, rows.shape, factor, rows.name)
    return replace(rows, values=values, shape=(height // factor, width // factor, *colours))


def shrunk(
    pictures: NDArray[np.uint8], shape: tuple[int, ...], factor: int, name: str
) -> NDArray[np.uint8]:
    """Return pictures of ``factor`` times fewer rows and columns.

    A pixel is the mean of a square, rounded down; rows and columns beyond the last whole square are
    left out.

    Parameters
    ----------
    pictures : uint8, shape (count, pixels)
        Row by row, the colours of a pixel one after the other.
    shape : tuple of int
        Rows and columns of a picture, and its colours if it has several.
    factor : int
        From 1.
    name : str
        What messages call the pictures.

    Returns
    -------
    uint8, shape (count, pixels / factor**2)

    Raises
    ------
    DataError
        For pictures that are smaller than a square, and for values that are not uint8.
    """
    height, width, *colours = shape
    if pictures.dtype != np.uint8:
        raise DataError(
            f"{name} has values of the type {pictures.dtype}; pictures that --smaller takes have "
            f"uint8: leave it out"
        )
    if factor > min(height, width):
        raise DataError(
            f"{name} has pictures of {height} x {width} pixels; --smaller {factor} leaves nothing "
            f"of them: {min(height, width)} at most"
        )
    rows, columns = height // factor, width // factor
    whole = pictures.reshape(len(pictures), height, width, -1)
    squares = whole[:, : rows * factor, : columns * factor].reshape(
        len(pictures), rows, factor, columns, factor, -1
    )
    means = squares.sum(axis=(2, 4), dtype=np.uint32) // factor**2
    return means.astype(np.uint8).reshape(len(pictures), -1)
