"""Fully connected layers: with Boolean weights, and with real ones for the first and the last."""

import numpy as np

from boldhw.reference import scale
from boldhw.reference.layer import Layer, Parameter
from boldhw.reference.logic import neuron, project, slope


class BooleanLinear(Layer):
    """Sums of a connective of weights and inputs: s = w0 + sum_i L(w_i, x_i) (eq. 1).

    Parameters
    ----------
    fan_in, outputs : int
    generator : numpy.random.Generator
        Tosses the initial weights, fair coins.
    logic : str
        xnor, xor, and, or.
    bias : bool
        Adds the Boolean weight w0, whose input is T.
    outgoing : float
        Factor of the signals of the inputs; ``scale.linear(outputs)`` unless given.
    boolean_signals : bool
        Send the logic values of the signals only, in place of real ones.
    """

    def __init__(
        self, fan_in, outputs, generator, logic="xnor", bias=False, outgoing=None,
        boolean_signals=False,
    ):  # fmt: skip
        self.weights = _coins(generator, (outputs, fan_in))
        self.bias = _coins(generator, (outputs,)) if bias else None
        self.parameters = (self.weights,) if self.bias is None else (self.weights, self.bias)
        self.logic = logic
        self.outgoing = scale.linear(outputs) if outgoing is None else outgoing
        self.boolean_signals = boolean_signals

    def forward(self, x, training=False):
        """x: T, F, 0, integers or reals, shape (k, m). Returns the sums, shape (k, n)."""
        self._x = x
        sums = neuron(x, self.weights.value, self.logic)
        return sums if self.bias is None else sums + self.bias.value

    def backward(self, z):
        """z: Boolean or real, shape (k, n). Returns shape (k, m) (eq. 7, 8)."""
        self.weights.votes = z.T @ slope(self.logic, self._x)
        if self.bias is not None:
            self.bias.votes = z.sum(axis=0)
        signals = z @ slope(self.logic, self.weights.value)
        return project(signals) if self.boolean_signals else self.outgoing * signals


class RealLinear(Layer):
    """x @ w.T + b with real weights, drawn from N(0, 1 / fan_in); b starts at 0."""

    def __init__(self, fan_in, outputs, generator):
        values = generator.normal(0, fan_in**-0.5, (outputs, fan_in)).astype(np.float32)
        self.weights = Parameter(values, boolean=False)
        self.bias = Parameter(np.zeros(outputs, np.float32), boolean=False)
        self.parameters = (self.weights, self.bias)

    def forward(self, x, training=False):
        """x: numbers, shape (k, m). Returns shape (k, n)."""
        self._x = x
        return x @ self.weights.value.T + self.bias.value

    def backward(self, z):
        """z: real, shape (k, n). Returns shape (k, m)."""
        self.weights.votes = z.T @ self._x
        self.bias.votes = z.sum(axis=0)
        return z @ self.weights.value


def _coins(generator, shape):
    return Parameter(np.where(generator.random(shape) < 0.5, -1, 1).astype(np.float32), True)
