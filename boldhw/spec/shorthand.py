"""The shorthand of a network: a row of layers, each of which reads the one before.

    784-72-10                       bits of a sample, outputs of each dense layer
    28x28x3-64k5p2-128k5p2-10       height x width x planes of a sample (one plane if left out);
                                    outputs and kernel of a convolution; outputs of a dense layer

Behind the side of a kernel come, in any order and only where they are not the usual ones: ``s``
stride (1), ``d`` dilation (1), ``z`` zeros around the map (as many as keep its size, z0: none) and
``p`` pooling (none; p2: the largest of 2 x 2).
"""

from __future__ import annotations

import re
from typing import Any

from boldhw.errors import ConfigError
from boldhw.spec.maps import LETTERS

SAMPLE = re.compile(r"(\d+)(?:x(\d+)(?:x(\d+))?)?", re.ASCII)
LAYER = re.compile(r"(\d+)(?:k(\d+)((?:[a-z]\d+)*))?", re.ASCII)
FIELD = re.compile(r"([a-z])(\d+)", re.ASCII)
NAMES = {letter: name for name, letter in LETTERS.items()}


def described(text: str) -> dict[str, Any]:
    """Return what Network.from_dict takes. Raises ConfigError, naming what is wrong."""
    first, *others = str(text).split("-")
    sample, layers = SAMPLE.fullmatch(first), [LAYER.fullmatch(part) for part in others]
    if not sample or not layers or not all(layers) or "0" in re.findall(r"\d+", first):
        raise _no_network(text)
    sizes = [int(size) for size in sample.groups() if size]
    names = ["input", *(f"layer{index + 1}" for index in range(len(layers)))]
    entries = [
        {"name": name, "taps": [{"source": source}], **_fields(text, name, match)}
        for source, name, match in zip(names[:-1], names[1:], layers, strict=True)
        if match
    ]
    return {"inputs": sizes[0] if len(sizes) == 1 else [*sizes, 1][:3], "layers": entries}


def _fields(text: str, name: str, match: re.Match[str]) -> dict[str, Any]:
    """Return outputs of a layer, and kind and kernel of a convolution."""
    outputs, side, rest = match.groups()
    if int(outputs) == 0:
        raise _no_network(text)
    if side is None:
        return {"outputs": int(outputs)}
    kernel = {"side": int(side)}
    for letter, value in FIELD.findall(rest):
        field = NAMES.get(letter)
        if field is None or field in kernel:
            raise ConfigError(
                f"{name} of network {text!r} has {letter + value!r}; behind its kernel come "
                f"{', '.join(f'{letter} ({field})' for letter, field in NAMES.items())}, each once"
            )
        kernel[field] = int(value)
    return {"outputs": int(outputs), "kind": "conv", "kernel": kernel}


def _no_network(text: str) -> ConfigError:
    return ConfigError(
        f"network {text!r} is not a list of layer widths; write input, hidden and output "
        f"widths joined by hyphens, such as 784-120-10, or with convolutions, such as "
        f"28x28-16k5p2-32k5p2-10"
    )
