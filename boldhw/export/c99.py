"""A network as C99: one header and one source, without heap and without floating point.

Bits are packed into words of 32 or 64, first bit lowest. A layer gathers what a sum reads into one
row of words, in the order of its weights, so dense layers and convolutions have one inner loop:
exclusive or, mask, count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from boldhw.data.coder import Coder
from boldhw.errors import ConfigError
from boldhw.export.c99_example import EXAMPLE
from boldhw.export.c99_text import HEADER, SOURCE, TOP_OF_HEADER
from boldhw.export.model import FEATURES, Model, Pixels, integer_edges
from boldhw.spec.arrays import Bits
from boldhw.spec.engine import LICENSE
from boldhw.spec.layer import INPUT, Layer
from boldhw.spec.numbers import ceil_div

WORDS = (32, 64)
KEYWORDS = frozenset(
    """
    auto break case char const continue default do double else enum extern float for goto if inline
    int long main register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while
    """.split()
)


def write_c99(
    model: Model, name: str, inputs: str, word: int = 32, example: bool = False
) -> dict[str, str]:
    """Return the text of each file by its name: ``NAME.h``, ``NAME.c``, and ``main.c`` if asked.

    Parameters
    ----------
    model : Model
    name : str
        What the files and all names in the header begin with.
    inputs : str
        FEATURES or BITS: whether the source codes features, which are then whole numbers.
    word : int
        Bits of a packed word, 32 or 64.
    example : bool
        Add a program that reads samples from its standard input.

    Raises ConfigError for a name that is no identifier of C.
    """
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) or name in KEYWORDS:
        raise ConfigError(
            f"name {name!r} is no identifier of C; take a letter, then letters, digits and _"
        )
    values = _values(model, name, inputs, word)
    header = TOP_OF_HEADER + (HEADER[FEATURES] if inputs == FEATURES else "") + HEADER["end"]
    source = SOURCE["top"] + SOURCE["run"]
    if inputs == FEATURES:
        source += SOURCE["pixels" if isinstance(model.code, Pixels) else "edges"] + SOURCE[FEATURES]
    files = {f"{name}.h": header, f"{name}.c": source}
    if example:
        files["main.c"] = EXAMPLE[inputs]
    return {path: _filled(text, values) for path, text in files.items()}


def _filled(text: str, values: dict[str, Any]) -> str:
    """Return a text with every ``@name@`` replaced by its value."""
    return re.sub(r"@(\w+)@", lambda match: str(values[match[1]]), text)


def _values(model: Model, name: str, inputs: str, word: int) -> dict[str, Any]:
    """Return what is filled into the texts."""
    shapes = model.shapes
    words = {source: ceil_div(shape.bits, word) for source, shape in shapes.items()}
    row = max(ceil_div(layer.spec.inputs, word) for layer in model.layers)
    outputs = max(layer.spec.outputs for layer in model.layers)
    ram = (sum(words.values()) + 2 * row) * word // 8 + 4 * outputs
    weights = sum(ceil_div(layer.spec.inputs, word) * layer.spec.outputs for layer in model.layers)
    return {
        "license": LICENSE,
        "name": name,
        "NAME": name.upper(),
        "network": re.sub(r"[*/?]", "_", str(model.network)),
        "word": word,
        "inputs": model.network.inputs,
        "input_words": words[INPUT],
        "classes": len(model.classes),
        "outputs_per_class": model.outputs_per_class,
        "class_names": ",\n".join(f"    {_quoted(text)}" for text in model.classes),
        "ram": ram,
        "weight_bytes": weights * word // 8,
        "row_words": row,
        "most_outputs": outputs,
        "buffers": "\n".join(
            f"static word bits_{index}[{count}];" for index, count in enumerate(words.values())
        ),
        "maps": ",\n".join(
            f"    {{bits_{index}, {shape.height}, {shape.width}, {shape.planes}}}"
            for index, shape in enumerate(shapes.values())
        ),
        "arrays": "\n".join(_arrays(model, word)),
        "layers": ",\n".join(_layers(model)),
        **(_coding(model) if inputs == FEATURES else {}),
    }


def _coding(model: Model) -> dict[str, Any]:
    """Return what is filled into the part that codes features."""
    code = model.code
    assert code is not None, "Model.inputs gives FEATURES only where there is a code"
    edges = integer_edges(code)
    found: dict[str, Any] = {
        "features": model.features,
        "feature": "int32_t" if isinstance(code, Coder) else "uint8_t",
        "edges": _numbers(edges.tolist()),
        "edge_count": len(edges),
    }
    if isinstance(code, Coder):
        found["columns"] = _numbers(code.columns.tolist())
    return found


def _arrays(model: Model, word: int) -> list[str]:
    """Return the constant arrays of all layers."""
    names = list(model.shapes)
    found = []
    for index, layer in enumerate(model.layers):
        rows = ",\n".join(f"    {text}" for text in _rows(layer.weights, word))
        found.append(f"static const word weights_{index}[] = {{\n{rows}\n}};")
        reads = ",\n".join(
            f"    {{{names.index(source)}, {dy}, {dx}, {places}}}"
            for source, dy, dx, places in _reads(layer.spec, model)
        )
        found.append(f"static const struct read reads_{index}[] = {{\n{reads}\n}};")
        if not layer.spec.place.is_output:
            tau = _numbers(layer.tau.tolist())
            found.append(f"static const int16_t tau_{index}[] = {{\n{tau}\n}};")
    return found


def _layers(model: Model) -> list[str]:
    """Return the initialiser of each layer."""
    found = []
    for index, layer in enumerate(model.layers):
        spec, kernel = layer.spec, layer.spec.kernel
        pool, stride = (kernel.pool, kernel.stride) if kernel else (1, 1)
        tau = "0" if spec.place.is_output else f"tau_{index}"
        count = len(_reads(spec, model))
        found.append(
            f"    {{weights_{index}, {tau}, reads_{index}, {count}, {spec.inputs}, "
            f"{spec.makes.height}, {spec.makes.width}, {spec.outputs}, {stride}, {pool}, "
            f"{int(layer.zero_true)}, {index + 1}}}"
        )
    return found


def _reads(layer: Layer, model: Model) -> list[tuple[str, int, int, int]]:
    """Return (source, dy, dx, places) of what an output at (0, 0) reads, in order of its weights.

    Neighbours in a row of a source are read at once where they follow each other in the weights.
    """
    if layer.kernel is None:
        shapes = ((source, model.shapes[source]) for source in layer.sources)
        return [(name, dy, 0, shape.width) for name, shape in shapes for dy in range(shape.height)]
    found: list[tuple[str, int, int, int]] = []
    for tap in layer.reach:
        last = found[-1] if found else None
        if last and (last[0], last[1], last[2] + last[3]) == (tap.source, tap.dy, tap.dx):
            found[-1] = (*last[:3], last[3] + 1)
        else:
            found.append((tap.source, tap.dy, tap.dx, 1))
    return found


def _rows(weights: Bits, word: int) -> list[str]:
    """Return the words of each row of weights as C."""
    count = ceil_div(weights.shape[1], word)
    padded = np.zeros((len(weights), count * word), np.bool_)
    padded[:, : weights.shape[1]] = weights
    words = np.packbits(padded, axis=1, bitorder="little").view(f"<u{word // 8}")
    form = "0x{:08x}u" if word == 32 else "UINT64_C(0x{:016x})"
    return [
        ", ".join(form.format(value) for value in part.tolist())
        for row in words
        for part in np.array_split(row, ceil_div(count, 6))
    ]


def _numbers(values: Sequence[int]) -> str:
    """Return integers as the lines of an initialiser."""
    texts = ["(-2147483647 - 1)" if value == -(1 << 31) else str(value) for value in values]
    lines = [texts[start : start + 12] for start in range(0, len(texts), 12)]
    return ",\n".join(f"    {', '.join(line)}" for line in lines)


def _quoted(text: str) -> str:
    """Return a text as a string of C, its bytes in UTF-8; three digits end an escape."""
    plain = set(range(32, 127)) - set(b'"\\?@')
    return '"' + "".join(
        chr(byte) if byte in plain else f"\\{byte:03o}" for byte in text.encode()
    ) + '"'  # fmt: skip
