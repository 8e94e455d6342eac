"""What every layer has: parameters, a forward and a backward pass."""

from dataclasses import dataclass

import numpy as np


@dataclass(eq=False)
class Parameter:
    """Weights of one kind in one layer.

    ``value`` is T = 1 and F = -1 if ``boolean``. ``votes`` is the aggregated variation of the loss
    with it (eq. 7), for real weights the gradient; a backward pass sets it.
    """

    value: np.ndarray
    boolean: bool
    votes: np.ndarray | None = None


class Layer:
    """A layer without weights; layers keep what their backward pass needs from the forward one."""

    parameters: tuple[Parameter, ...] = ()

    def forward(self, x, training=False):
        """Return the outputs for inputs ``x``, samples along the first axis."""
        raise NotImplementedError

    def backward(self, z):
        """Return the signals of the inputs from those of the outputs; set the parameters' votes."""
        raise NotImplementedError
