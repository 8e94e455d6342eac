"""Checkpoints of a run of a graph; the file is that of :mod:`boldhw.golden.checkpoint`.

``header`` is a JSON text with ``graph``; of each layer, from 0, there are ``weights_L`` (bool),
``accumulators_L`` (int16), ``tau_L``, ``window_L`` (int32), and what was counted since governors
moved last, ``fires_L`` and ``gated_L`` (int64). What a trainer does with samples before an epoch
(``change``) is not kept: whoever resumes gives it again.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.data.datasets import Origin
from boldhw.data.files import DAMAGED, open_archive, read_array, replace_file
from boldhw.data.schema import Schema
from boldhw.errors import ConfigError, DataError
from boldhw.golden.checkpoint import check_seal, read_bytes, seal
from boldhw.golden.graph.attention_layer import AttentionLayer
from boldhw.golden.graph.coding import Levels
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.embedding_layer import EmbeddingLayer
from boldhw.golden.graph.fastest import kernel
from boldhw.golden.graph.layer import GraphLayer
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer, as_they_are
from boldhw.spec.checks import check_range
from boldhw.spec.network import Network

FORMAT = 1
# Of the settings of a layer.
SCALARS = ("dead", "theta", "rounding", "decay", "zero_true", "noise", "chance")
PAIRS, PAIR_COUNTS = ("window", "dead"), ("pairs", "near", "size")  # of an attention
COUNTS = ("samples", "active", "near", "size", "updates", "flips")
ARRAYS = {"weights": np.bool_, "accumulators": np.int16, "tau": np.int32, "window": np.int32,
          "fires": np.int64, "gated": np.int64}  # fmt: skip


def save(path: str | PathLike[str], trainer: GraphTrainer) -> None:
    """Write the state of a run between two epochs; ``path`` is replaced at once or not at all.

    Raises ConfigError while samples wait for an update, DataError if the file cannot be written.
    """
    graph, governors = trainer.graph, trainer.governors
    if graph.waiting:
        raise ConfigError(f"{graph.waiting} samples wait for an update; call flush() before saving")
    header = {
        "format": FORMAT,
        "graph": graph.spec.to_dict(),
        "bits": graph.bits,
        "constants": asdict(trainer.constants),
        "levels": getattr(trainer.code, "levels", None),
        "margin": graph.settings.margin,
        "head": _head(graph),
        "layers": [_scalars(layer) for layer in graph.layers],
        "governors": {"seen": governors.seen, "total": governors.total,
                      "thetas": governors.thetas, "sizes": governors.sizes,
                      "pair_sizes": governors.pair_sizes},
        "epoch": trainer.epoch,
        "epochs": trainer.epochs,
        "seed": trainer.seed,
        "stored": trainer.stored,
        "origin": asdict(trainer.origin) if trainer.origin else None,
        "schema": trainer.schema.to_dict() if trainer.schema else None,
    }  # fmt: skip
    arrays = {"header": np.array(json.dumps(header))}
    for index, layer in enumerate(graph.layers):
        arrays |= {f"{name}_{index}": array for name, array in _arrays(layer).items()}
    replace_file(path, seal(arrays))


def is_graph(path: str | PathLike[str]) -> bool:
    """Return whether a file is a checkpoint of a graph; False for what is no checkpoint at all."""
    try:
        with open_archive(Path(path).read_bytes()) as archive:
            return "graph" in json.loads(str(read_array(archive, "header", path)))
    except (OSError, DataError, *DAMAGED):
        return False


def load(path: str | PathLike[str]) -> GraphTrainer:
    """Return the run that :func:`save` wrote; it goes on with the next epoch.

    Raises DataError, naming the file and what is wrong, unless every byte is as it was written.
    """
    content = read_bytes(path)
    check_seal(path, content)
    try:
        with open_archive(content) as archive:
            return _restore(path, archive)
    except (*DAMAGED, ConfigError) as error:
        raise DataError(
            f"checkpoint {path} has a sound CRC and an unusable content: {error}"
        ) from error


def _restore(path: str | PathLike[str], archive: zipfile.ZipFile) -> GraphTrainer:
    header = json.loads(str(read_array(archive, "header", path)))
    if header["format"] != FORMAT:
        raise DataError(
            f"checkpoint {path} has format {header['format']}, this version of boldhw reads "
            f"format {FORMAT}; use the version that wrote it"
        )
    spec, constants = Network.from_dict(header["graph"]), Constants(**header["constants"])
    zero_true = [layer["settings"]["zero_true"] for layer in header["layers"]]
    # There is no head in checkpoints of earlier versions, which have classes of one output.
    head = header.get("head") or {"outputs_per_class": 1, "keep": None, "noise": 0, "draws": None}
    keep = None if head["keep"] is None else np.array(head["keep"], np.int32)
    settings = start(
        spec, constants, 1, zero_true=zero_true, bits=header["bits"], margin=header["margin"],
        outputs_per_class=head["outputs_per_class"], keep=keep, noise=head["noise"],
    )  # fmt: skip
    graph = GraphNetwork(spec, settings, 0, header["bits"], kernel())
    if head["draws"] is not None:
        graph.draws.state = np.array(head["draws"], np.uint8)
    for index, (layer, kept) in enumerate(zip(graph.layers, header["layers"], strict=True)):
        vars(layer.settings).update(kept["settings"])
        vars(layer.counts).update(kept["counts"])
        if kept["means"] is not None:
            layer.settings.means = np.array(kept["means"], np.int16)
        _restore_words(layer, kept)
        for name, array in _arrays(layer).items():
            array[...] = _read(archive, f"{name}_{index}", array, path)
    graph.configure(settings)
    levels = header["levels"]
    code = as_they_are if levels is None else Levels(tuple(levels))
    trainer = GraphTrainer(
        graph, constants, header["epochs"], 1, header["seed"], code,
        stored=header.get("stored", False),  # not in checkpoints of earlier versions
    )  # fmt: skip
    vars(trainer.governors).update(header["governors"])
    trainer.epoch = check_range("epoch", header["epoch"], 0, trainer.epochs)
    trainer.origin = Origin(**header["origin"]) if header["origin"] else None
    # None in checkpoints of earlier versions. Levels code the pictures, and there is no coder.
    if schema := header.get("schema"):
        trainer.schema = Schema.restored(schema, lambda name: read_array(archive, name, path))
    return trainer


def _head(graph: GraphNetwork) -> dict[str, Any]:
    """Return the settings of the head, and the state of its random numbers if it takes any."""
    settings = graph.settings
    return {
        "outputs_per_class": settings.outputs_per_class,
        "keep": None if settings.keep is None else settings.keep.tolist(),
        "noise": settings.noise,
        "draws": graph.draws.state.tolist() if graph.head.draws(settings) else None,
    }


def _scalars(layer: GraphLayer) -> dict[str, Any]:
    means = layer.settings.means
    return {
        "settings": {name: getattr(layer.settings, name) for name in SCALARS},
        "means": None if means is None else means.tolist(),
        # What a device did not count is 0; governors of such a run do not read it.
        "counts": {name: getattr(layer.counts, name) or 0 for name in COUNTS},
        **_words(layer),
    }


def _words(layer: GraphLayer) -> dict[str, Any]:
    """Return what an embedding or an attention has besides: a draw, or settings of its pairs."""
    if isinstance(layer, EmbeddingLayer):
        return {"draw": layer.noise.state.tolist()}
    if not isinstance(layer, AttentionLayer):
        return {}
    own, counts = layer.own, layer.pairs
    return {
        "pairs": {name: int(getattr(own, name)) for name in PAIRS} | {"tau": own.tau.tolist()},
        "pair_counts": {name: int(getattr(counts, name)) for name in PAIR_COUNTS}
        | {"chosen": counts.chosen.tolist()},
    }


def _restore_words(layer: GraphLayer, kept: dict[str, Any]) -> None:
    """Take what :func:`_words` returned. Raises ValueError for arrays of another size."""
    if isinstance(layer, EmbeddingLayer):
        layer.noise.state[...] = _like(kept["draw"], layer.noise.state)
    if isinstance(layer, AttentionLayer):
        pairs, counts = dict(kept["pairs"]), dict(kept["pair_counts"])
        layer.own.tau[...] = _like(pairs.pop("tau"), layer.own.tau)
        layer.pairs.chosen[...] = _like(counts.pop("chosen"), layer.pairs.chosen)
        vars(layer.own).update(pairs)
        vars(layer.pairs).update(counts)


def _like(values: list[int], array: NDArray[Any]) -> NDArray[Any]:
    """Return a list as an array of the type and shape of another."""
    found: NDArray[Any] = np.array(values, array.dtype)
    if found.shape != array.shape:
        raise ValueError(f"{len(values)} values are kept where there are {array.size}")
    return found


def _arrays(layer: GraphLayer) -> dict[str, NDArray[Any]]:
    """Return the arrays of a layer that are kept, by name."""
    found = {
        name: getattr(owner, name)
        for owner in (layer, layer.settings, layer.counts)
        for name in ARRAYS
        if hasattr(owner, name)
    }
    none = np.zeros(layer.counts.outputs, np.int64)
    return {name: none if array is None else array for name, array in found.items()}


def _read(
    archive: zipfile.ZipFile, name: str, like: NDArray[Any], path: str | PathLike[str]
) -> NDArray[Any]:
    array: NDArray[Any] = read_array(archive, name, path)
    if array.shape != like.shape or array.dtype != like.dtype:
        raise ValueError(f"{name} is {array.dtype} of shape {array.shape}")
    return array
