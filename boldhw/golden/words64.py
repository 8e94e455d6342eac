"""Bits as 64-bit words, so that one operation of a processor does for 64 of them."""

import numpy as np
from numpy.typing import NDArray

from boldhw.spec.arrays import Bits
from boldhw.spec.numbers import ceil_div

Words = NDArray[np.uint64]
WORD = 64


def pack(bits: Bits) -> Words:
    """Return the rows of ``bits``, bool, as uint64 words, first bit lowest, zeros behind the last.

    bits: shape (rows, n).  Returns shape (rows, ceil(n / 64)).
    """
    data = np.packbits(np.ascontiguousarray(bits), axis=1, bitorder="little")
    padded = np.zeros((len(bits), ceil_div(bits.shape[1], WORD) * WORD // 8), np.uint8)
    padded[:, : data.shape[1]] = data
    return padded.view(np.uint64)
