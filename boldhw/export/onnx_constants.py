"""Operators of ONNX whose inputs are all constants, such as quantisers of weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from boldhw.errors import ConfigError
from boldhw.export.onnx_writer import onnx_package


def constant(kind: str, given: list[Any], about: dict[str, Any], name: str) -> Any:
    """Return what an operator makes of constants.

    kind: its name.  given: arrays.  about: its attributes.  name: of the node, for ConfigError.
    """
    if kind == "Constant" and len(about) == 1:
        (value,) = about.values()
        return onnx_package().numpy_helper.to_array(value) if "value" in about else value
    if kind not in FOLDED:
        raise ConfigError(f"node {name} has constants alone and is not understood")
    return FOLDED[kind]([np.asarray(value) for value in given], about)


def _bipolar(given: list[Any], about: dict[str, Any]) -> Any:
    return np.where(given[0] >= 0, given[1], -given[1])


FOLDED: dict[str, Callable[[list[Any], dict[str, Any]], Any]] = {
    "BipolarQuant": _bipolar,
    "Sign": lambda given, about: np.sign(given[0]),
    "Identity": lambda given, about: given[0],
    "Cast": lambda given, about: given[0],
    "Transpose": lambda given, about: np.transpose(given[0], about.get("perm")),
    "Reshape": lambda given, about: given[0].reshape(given[1].tolist()),
    "Add": lambda given, about: given[0] + given[1],
    "Sub": lambda given, about: given[0] - given[1],
    "Mul": lambda given, about: given[0] * given[1],
    "Div": lambda given, about: given[0] / given[1],
    "Neg": lambda given, about: -given[0],
}
