"""Losses: softmax cross entropy of samples and of pixels, and the squared error of residuals.

Each returns (loss, z): a mean over what counts, and its gradient with the scores.
"""

import numpy as np


def softmax_cross_entropy(scores, labels):
    """Return (loss, z) of the paper's classifiers.

    scores: real, shape (k, classes).  labels: integers, shape (k,), 0..classes-1.
    """
    losses, signals = _cross_entropy(scores, labels)
    return float(losses.mean()), signals / len(scores)


def pixel_cross_entropy(scores, labels, void, weights=None):
    """Return (loss, z) of classes of pixels; pixels labelled ``void`` count nothing.

    scores: real, shape (k, h, w, classes).  labels: integers, shape (k, h, w).  weights: real,
    shape (classes,), what a pixel of each class counts; None: all alike. The mean is 0 where no
    pixel counts.
    """
    counted = labels != void
    own = labels[counted]
    shares = (np.ones(scores.shape[-1]) if weights is None else weights)[own]
    shares = (shares / (shares.sum() or 1)).astype(scores.dtype)
    losses, signals = _cross_entropy(scores[counted], own)
    found = np.zeros_like(scores)
    found[counted] = signals * shares[:, None]
    return float(losses @ shares), found


def squared_error(scores, targets):
    """Return (loss, z) of numbers; those whose target is NaN count nothing.

    scores, targets: real, of one shape. The mean is 0 where none counts.
    """
    errors = np.where(np.isnan(targets), 0, scores - targets)
    count = max(1, int(np.count_nonzero(~np.isnan(targets))))
    return float((errors**2).sum() / count), (2 / count) * errors


def _cross_entropy(scores, labels):
    """Return the loss of each row, and its gradient with the scores of the row."""
    rows = np.arange(len(scores))
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    signals = np.exp(logs)
    signals[rows, labels] -= 1
    return -logs[rows, labels], signals
