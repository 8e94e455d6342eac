"""Two-dimensional convolution: a fully connected layer at every position of the image."""

import numpy as np

from boldhw.errors import DataError
from boldhw.reference import scale
from boldhw.reference.layer import Layer
from boldhw.reference.linear import BooleanLinear, RealLinear
from boldhw.spec.numbers import ceil_div


class Conv2d(Layer):
    """Apply ``core`` to every kernel x kernel patch of the padded images.

    Padding is the value 0, which contributes 0 to a sum whatever the weight and the connective
    (Def 3.1). Votes of a weight are summed over samples and positions.

    Parameters
    ----------
    core : BooleanLinear or RealLinear
        With fan-in channels * kernel**2, inputs in the order channel, row, column.
    kernel, stride, padding : int
        Of both axes.
    """

    def __init__(self, core, kernel, stride=1, padding=0):
        self.core = core
        self.kernel, self.stride, self.padding = kernel, stride, padding
        self.parameters = core.parameters

    def forward(self, x, training=False):
        """x: numbers, shape (k, channels, h, w). Returns (k, outputs, h', w'), h' as usual.

        Raises DataError for images that are smaller than the kernel.
        """
        self._shape = x.shape
        patches = self._patches(x)
        k, rows, columns, fan_in = patches.shape
        sums = self.core.forward(patches.reshape(-1, fan_in), training)
        return sums.reshape(k, rows, columns, -1).transpose(0, 3, 1, 2)

    def backward(self, z):
        """z: Boolean or real, shape (k, outputs, h', w'). Returns (k, channels, h, w)."""
        k, outputs, rows, columns = z.shape
        signals = self.core.backward(z.transpose(0, 2, 3, 1).reshape(-1, outputs))
        return self._scatter(signals.reshape(k, rows, columns, -1))

    def _patches(self, x):
        """Return the patches, shape (k, h', w', channels * kernel**2)."""
        p, v = self.padding, self.stride
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        if min(padded.shape[2:]) < self.kernel:
            raise DataError(
                f"images of {padded.shape[2]} x {padded.shape[3]} pixels, padding included, are "
                f"smaller than the kernel of {self.kernel}; pad them by "
                f"{ceil_div(self.kernel - min(x.shape[2:]), 2)}"
            )
        windows = np.lib.stride_tricks.sliding_window_view(padded, (self.kernel,) * 2, (2, 3))
        windows = windows[:, :, ::v, ::v].transpose(0, 2, 3, 1, 4, 5)
        return windows.reshape(*windows.shape[:3], -1)

    def _scatter(self, signals):
        """Add the signals of the patches, shape (k, h', w', fan-in), up in the images."""
        k, channels, h, w = self._shape
        p, v = self.padding, self.stride
        rows, columns = signals.shape[1:3]
        total = np.zeros((k, channels, h + 2 * p, w + 2 * p), signals.dtype)
        parts = signals.reshape(k, rows, columns, channels, self.kernel, self.kernel)
        for y in range(self.kernel):
            for x in range(self.kernel):
                target = total[:, :, y : y + rows * v : v, x : x + columns * v : v]
                target += parts[..., y, x].transpose(0, 3, 1, 2)
        return total[:, :, p : p + h, p : p + w]


def boolean_conv(
    channels, outputs, kernel, generator, *, stride=1, padding=0, pooled=False, logic="xnor"
):
    """Return a convolution with Boolean weights; ``pooled`` says that MaxPool2 follows."""
    factor = (scale.pooled_conv if pooled else scale.conv)(outputs, kernel, stride)
    core = BooleanLinear(channels * kernel**2, outputs, generator, logic, outgoing=factor)
    return Conv2d(core, kernel, stride, padding)


def real_conv(channels, outputs, kernel, generator, *, stride=1, padding=0):
    """Return a convolution with real weights, for a first layer."""
    return Conv2d(RealLinear(channels * kernel**2, outputs, generator), kernel, stride, padding)
