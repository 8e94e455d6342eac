"""A network of sign weights and batch norms that is trained in floating point, as others do.

Courbariaux et al., "Binarized Neural Networks" (arXiv 1602.02830): real weights behind the signs,
a straight-through estimator, Adam; one hidden layer.
"""

import numpy as np

EPSILON = 1e-5


def sign(values):
    return np.where(values >= 0, np.float32(1), np.float32(-1))


def trained(x, labels, hidden, classes, epochs=30, seed=0, batch=50):
    """Return a state dict as PyTorch names it. x: float32, -1 and 1, shape (samples, inputs)."""
    generator = np.random.default_rng(seed)
    w1, w2 = (
        generator.uniform(-1, 1, shape).astype(np.float32)
        for shape in ((hidden, x.shape[1]), (classes, hidden))
    )
    state = {"w1": w1, "w2": w2, "gamma": np.ones(hidden, np.float32),
             "beta": np.zeros(hidden, np.float32)}  # fmt: skip
    moments = {name: [np.zeros_like(value), np.zeros_like(value)] for name, value in state.items()}
    steps = 0
    for epoch in range(epochs):
        order = generator.permutation(len(x))
        for start in range(0, len(order), batch):
            steps += 1
            rows = order[start : start + batch]
            slopes = _slopes(state, x[rows], labels[rows], classes)
            _adam(state, moments, slopes, steps, 0.01 * 0.9**epoch)
    sums = x @ sign(state["w1"]).T
    return {
        "fc1.weight": state["w1"],
        "bn1.running_mean": sums.mean(axis=0), "bn1.running_var": sums.var(axis=0),
        "bn1.weight": state["gamma"], "bn1.bias": state["beta"], "fc2.weight": state["w2"],
    }  # fmt: skip


def scores(state, x):
    """Return the scores that the state gives, in float64."""
    sums = x.astype(np.float64) @ sign(state["fc1.weight"]).T
    mean, variance, gamma, beta = (
        state[f"bn1.{key}"].astype(np.float64)
        for key in ("running_mean", "running_var", "weight", "bias")
    )
    scale = gamma / np.sqrt(variance + EPSILON)
    return sign(sums * scale + (beta - mean * scale)) @ sign(state["fc2.weight"]).T


def _slopes(state, x, labels, classes):
    """Return the gradient of the cross entropy for each array of the state."""
    s1, s2 = sign(state["w1"]), sign(state["w2"])
    sums = x @ s1.T
    deviation = np.sqrt(sums.var(axis=0) + EPSILON)
    normal = (sums - sums.mean(axis=0)) / deviation
    before = normal * state["gamma"] + state["beta"]
    bits = sign(before)
    logits = bits @ s2.T / np.float32(np.sqrt(s2.shape[1]))
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    error = (chances - np.eye(classes, dtype=np.float32)[labels]) / len(x)
    error /= np.float32(np.sqrt(s2.shape[1]))
    back = error @ s2 * (np.abs(before) <= 1)
    inner = back * state["gamma"]
    inner = (inner - inner.mean(axis=0) - normal * (inner * normal).mean(axis=0)) / deviation
    return {"w1": inner.T @ x, "w2": error.T @ bits, "gamma": (back * normal).sum(axis=0),
            "beta": back.sum(axis=0)}  # fmt: skip


def _adam(state, moments, slopes, step, rate):
    for name, slope in slopes.items():
        first, second = moments[name]
        first += 0.1 * (slope - first)
        second += 0.001 * (slope**2 - second)
        size = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        state[name] -= (rate * size).astype(np.float32)
        if name.startswith("w"):
            np.clip(state[name], -1, 1, out=state[name])
