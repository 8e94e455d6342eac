"""What each operator of ONNX makes of bits and sums; :mod:`boldhw.export.onnx_nodes` calls them.

A function takes the walk, the values of its inputs, its attributes by name and the name of the node
for ConfigError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from boldhw.errors import ConfigError
from boldhw.export.arrays import Norm
from boldhw.export.onnx_reads import convolution_taps, dense_taps
from boldhw.export.onnx_values import OUTSIDE, Bits, Sums, joined

CLASS = object()  # the value of what names the best class
JOINING = ("Add", "Concat")  # operators that may read several values of the network


def _same(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Any:
    return given[0]


def _dense(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Sums:
    """MatMul and Gemm."""
    bits, weights, *bias = given
    if about.get("alpha", 1.0) != 1.0 or about.get("beta", 1.0) != 1.0 or about.get("transA", 0):
        raise ConfigError(f"node {name} scales or transposes what it reads; leave that out")
    weights = np.asarray(weights).T if not about.get("transB", 0) else np.asarray(weights)
    taps, scale, zero_true = dense_taps(walk, bits, weights, name)
    sums = Sums(taps, scale, np.zeros(len(scale)), zero_true)
    return sums.changed(1, bias[0], name) if bias else sums


def _conv(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Sums:
    bits, weights, *bias = given
    sums = convolution_taps(walk, bits, np.asarray(weights), about, name)
    return sums.changed(1, np.asarray(bias[0])[:, None, None], name) if bias else sums


def _norm(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Sums:
    sums, gamma, beta, mean, variance = given
    if about.get("training_mode", 0):
        raise ConfigError(f"node {name} is in training mode; export the network for inference")
    norm = Norm(mean, variance, gamma, beta, about.get("epsilon", 1e-5))
    scale, offset = norm.affine
    if sums.is_map:
        scale, offset = scale[:, None, None], offset[:, None, None]
    return sums.changed(scale, offset, name)


def _pool(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Sums:
    sums, two = given[0], [2, 2]
    plain = about.get("kernel_shape") == two and about.get("strides") == two
    if not plain or any(about.get("pads", ())) or sums.pool > 1 or (sums.scale <= 0).any():
        raise ConfigError(
            f"node {name} is no pooling of 2 x 2 with strides of 2 right behind a convolution; put "
            f"batch norms with negative factors behind it"
        )
    return replace(sums, pool=2)


def _sign(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Bits:
    """Sign is 0 for 0: refused where a sum can be that."""
    sums = given[0]
    inputs = joined(sums).shape[1]
    padded = sums.is_map and any(tap.top or tap.left for tap in sums.taps)
    reached = np.arange(-inputs, inputs + 1, 1 if sums.zero_true or padded else 2)
    if any((scale * reached + offset == 0).any() for scale, offset in zip(
        sums.scale, sums.offset, strict=True)):  # fmt: skip
        raise ConfigError(
            f"node {name} is Sign, which is 0 for 0, and a sum can be 0; write x >= 0 "
            f"(GreaterOrEqual), or BipolarQuant of QONNX"
        )
    return walk.threshold(sums, -1, 1)


def _bipolar(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Bits:
    scale = np.asarray(given[1], np.float64)
    if scale.size != 1:
        raise ConfigError(f"node {name} has a scale for each unit; outputs have one")
    return walk.threshold(given[0], -float(scale.reshape(())), float(scale.reshape(())))


def _reaches(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Bits:
    moved = given[0].changed(1, -np.asarray(given[1], np.float64), name)
    return walk.threshold(moved, 0, 1)


def _arithmetic(operator: str) -> Callable[..., Any]:
    """Return what adds, subtracts, multiplies or divides by a constant that comes second."""

    def act(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Any:
        first, second = given
        if isinstance(second, Bits | Sums):
            return _added(first, second, name)
        value = np.asarray(second, np.float64)
        if not np.isfinite(value).all() or (operator == "Div" and not value.all()):
            raise ConfigError(f"node {name} has a constant that is not finite, or divides by 0")
        factor = {"Mul": value, "Div": 1 / value if operator == "Div" else 1}.get(operator, 1)
        more = {"Add": value, "Sub": -value}.get(operator, 0)
        if isinstance(first, Sums):
            return first.changed(factor, more, name)
        if value.size != 1 or (np.any(more) and (first.index == OUTSIDE).any()):
            raise ConfigError(
                f"node {name} changes bits one by one, or the zeros around a map; bits take one "
                f"number, in front of the padding"
            )
        times, plus = (float(np.reshape(each, ())) for each in (factor, more))
        return replace(first, low=first.low * times + plus, high=first.high * times + plus)

    return act


def _added(one: Any, other: Any, name: str) -> Sums:
    """Return the sums of two convolutions of one size, which read different things."""
    if not isinstance(one, Sums) or not isinstance(other, Sums):
        raise ConfigError(f"node {name} adds bits; only sums of convolutions are added")
    for field in ("rows", "columns", "stride", "dilation", "zero_true"):
        if getattr(one, field) != getattr(other, field):
            raise ConfigError(f"node {name} adds sums whose {field} differ")
    alike = np.array_equal(one.scale, other.scale) and one.pool == other.pool == 1
    sides = {tap.weights.shape[1] for tap in one.taps + other.taps}
    if not one.is_map or not alike or len(sides) > 1:
        raise ConfigError(f"node {name} adds sums that are no taps of one convolution")
    return replace(one, taps=one.taps + other.taps, offset=one.offset + other.offset)


def _swapped(operator: str) -> Callable[..., Any]:
    """Return what adds to a constant, or multiplies it."""
    act = _arithmetic(operator)
    return lambda walk, given, about, name: act(walk, given[::-1], about, name)


def _taken_away(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Any:
    """Return a constant less a value of the network."""
    negative = _arithmetic("Mul")(walk, [given[1], -1.0], about, name)
    return _arithmetic("Add")(walk, [negative, given[0]], about, name)


def _placed(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Bits:
    """Reshape, Flatten and others that keep the order of bits."""
    bits = given[0]
    if len(given) == 1 and about.get("axis", 1) != 1:
        raise ConfigError(
            f"node {name} flattens from axis {about['axis']}; samples stay apart at 1"
        )
    shape = np.asarray(given[1]).tolist()[1:] if len(given) > 1 else [-1]
    return bits.at(bits.index.reshape(shape))


def _turned(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Bits:
    order = list(about.get("perm", range(given[0].index.ndim, -1, -1)))
    if order[0] != 0:
        raise ConfigError(f"node {name} moves the samples of a batch; keep them first")
    return given[0].at(given[0].index.transpose([axis - 1 for axis in order[1:]]))


def _concatenated(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Bits:
    same = {(bits.low, bits.high) for bits in given if isinstance(bits, Bits)}
    if len(same) != 1 or not all(isinstance(bits, Bits) for bits in given) or about["axis"] == 0:
        raise ConfigError(f"node {name} joins values that are not bits of one coding")
    axis = about["axis"] - (about["axis"] > 0)
    return given[0].at(np.concatenate([bits.index for bits in given], axis=axis))


def _padded(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Bits:
    """Pad with zeros; negative padding cuts off."""
    every = np.asarray(given[1]).reshape(2, -1)
    pads = every[:, 1:]
    plain = about.get("mode", b"constant") == b"constant" and not every[:, 0].any()
    if not plain or len(given) > 3 or (len(given) == 3 and np.any(given[2])):
        raise ConfigError(f"node {name} pads with something else than zeros around maps")
    index = np.pad(given[0].index, np.maximum(pads, 0).T, constant_values=OUTSIDE)
    ends = [size + min(0, int(last)) for size, last in zip(index.shape, pads[1], strict=True)]
    cut = [slice(max(0, -int(low)), high) for low, high in zip(pads[0], ends, strict=True)]
    return given[0].at(index[tuple(cut)])


def _split(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Sums:
    """Reshape of scores to (classes, parts), or of a map of one place to a row."""
    sums = given[0]
    shape = np.asarray(given[1]).tolist()[1:] if len(given) > 1 else [-1]
    places = (sums.rows or 1) // sums.pool * ((sums.columns or 1) // sums.pool)
    if places == 1 and shape in ([-1], [sums.outputs]):
        return sums
    if places != 1 or len(shape) != 2 or shape[0] * shape[1] != sums.outputs:
        raise ConfigError(f"node {name} reshapes sums; only outputs of the last layer are grouped")
    return replace(sums, parts=shape[1])


def _summed(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Sums:
    axes = np.asarray(given[1]).tolist() if len(given) > 1 else list(about.get("axes", ()))
    if axes not in ([2], [-1]) or about.get("keepdims", 1):
        raise ConfigError(f"node {name} adds other sums than those of one class")
    return replace(given[0], added=True)


def _best(walk: Any, given: list[Any], about: dict[str, Any], name: str) -> Any:
    return CLASS


OPERATORS: dict[tuple[str, str], Callable[..., Any]] = {
    ("MatMul", "bits"): _dense, ("Gemm", "bits"): _dense, ("Conv", "bits"): _conv,
    ("BatchNormalization", "sums"): _norm, ("MaxPool", "sums"): _pool,
    ("Sign", "sums"): _sign, ("BipolarQuant", "sums"): _bipolar,
    ("GreaterOrEqual", "sums"): _reaches,
    ("Reshape", "bits"): _placed, ("Flatten", "bits"): _placed, ("Transpose", "bits"): _turned,
    ("Concat", "bits"): _concatenated, ("Pad", "bits"): _padded,
    ("Reshape", "sums"): _split, ("Flatten", "sums"): _split, ("ReduceSum", "sums"): _summed,
    ("ArgMax", "sums"): _best,
    ("Sub", "swapped"): _taken_away,
    **{(kind, of): _same for kind in ("Cast", "Identity", "Dropout") for of in ("bits", "sums")},
    **{(kind, of): _arithmetic(kind) for kind in ("Add", "Sub", "Mul", "Div")
       for of in ("bits", "sums")},
    **{(kind, "swapped"): _swapped(kind) for kind in ("Add", "Mul")},
}  # fmt: skip
