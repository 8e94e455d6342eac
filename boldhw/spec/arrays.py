"""Names for the kinds of arrays that the packages give each other."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]  # samples, weights, gates
Labels = NDArray[np.integer[Any]]  # of any width
Bytes = NDArray[np.uint8]  # packed words, random draws
Sums = NDArray[np.int32]  # sums of XNORs, scores, votes
Accumulators = NDArray[np.int16]
Signals = NDArray[np.int8]  # three-valued: T = 1, F = -1, 0
Scalar = TypeVar("Scalar", bound=np.generic)  # what an array of any kind holds
Seed = int | Sequence[int] | np.random.SeedSequence
