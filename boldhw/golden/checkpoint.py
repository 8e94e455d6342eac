"""Checkpoints of a training run: whole, or refused by name.

A checkpoint is an ``.npz`` file that ``numpy.load(path, allow_pickle=False)`` reads: ``header``, a
JSON text, ``weights_L`` (bool) and ``accumulators_L`` (int16) of every layer, from 0, and, if a
coder makes the inputs, its ``coder_columns`` (int64) and ``coder_edges`` (float64). The comment at
the very end of the zip archive is the CRC-32 of every byte before it, so no byte of the file, those
of the zip format included, can change unnoticed.
"""

import io
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from boldhw.data.datasets import Origin
from boldhw.data.files import DAMAGED, LARGEST, open_archive, read_array, replace_file
from boldhw.data.schema import Schema
from boldhw.errors import ConfigError, DataError
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer
from boldhw.spec.arrays import Accumulators, Scalar
from boldhw.spec.checks import check_range
from boldhw.spec.engine import EngineConfig
from boldhw.spec.settings import Settings

FORMAT = 1
COMMENT = b"boldhw CRC-32 %08x"
COMMENT_SIZE = len(COMMENT % 0)


def save(path: str | PathLike[str], trainer: Trainer) -> None:
    """Write the state of a Trainer between two epochs; ``path`` is replaced at once or not at all.

    The weights are those of ``trainer.network``: with another backend, read them back first.
    Raises ConfigError while samples are gathered, DataError if the file cannot be written.
    """
    if trainer.network.gathered:
        raise ConfigError(
            f"{trainer.network.gathered} samples are gathered; call flush() before saving"
        )
    replace_file(path, seal(_arrays(trainer)))


def load(path: str | PathLike[str]) -> Trainer:
    """Return the Trainer that :func:`save` wrote; its ``run`` goes on with the next epoch.

    Raises DataError, naming the file and what is wrong, unless every byte is as it was written.
    """
    return parse(Path(path), read_bytes(path))


def read_bytes(path: str | PathLike[str]) -> bytes:
    """Return the bytes of a file. Raises DataError."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"checkpoint {path} cannot be read: {error.strerror}") from error


def parse(path: str | PathLike[str], content: bytes) -> Trainer:
    """Return the Trainer in the bytes of a checkpoint, like :func:`load`; ``path`` is its name."""
    check_seal(path, content)
    try:
        with open_archive(content) as archive:
            return _restore(path, archive)
    except (*DAMAGED, ConfigError) as error:
        raise DataError(
            f"checkpoint {path} has a sound CRC and an unusable content: {error}"
        ) from error


def _arrays(trainer: Trainer) -> dict[str, NDArray[Any]]:
    network = trainer.network
    header = {
        "format": FORMAT,
        "widths": network.widths,
        "engine": asdict(network.config),
        "hyper": asdict(trainer.hyper),
        "registers": network.settings.to_dict(),
        "epoch": trainer.epoch,
        "epochs": trainer.epochs,
        "seed": trainer.seed,
        "stored": trainer.stored,
        "origin": asdict(trainer.origin) if trainer.origin else None,
        "schema": trainer.schema.to_dict() if trainer.schema else None,
        "decay": trainer.decay,
    }
    if trainer.frozen:
        header["frozen"] = trainer.frozen
    arrays: dict[str, NDArray[Any]] = {"header": np.array(json.dumps(header))}
    if trainer.schema:
        arrays |= trainer.schema.to_arrays()
    for layer, weights in enumerate(network.weights):
        arrays[f"weights_{layer}"] = weights
        arrays[f"accumulators_{layer}"] = network.accumulators[layer]
    return arrays


def _restore(path: str | PathLike[str], archive: ZipFile) -> Trainer:
    header = json.loads(str(read_array(archive, "header", path)))
    if header["format"] != FORMAT:
        raise DataError(
            f"checkpoint {path} has format {header['format']}, this version of boldhw reads "
            f"format {FORMAT}; use the version that wrote it"
        )
    widths = tuple(header["widths"])
    # Before the network is made, so that it is no larger than what the file holds.
    weights = _read_layers(archive, "weights", widths, np.bool_, path)
    accumulators = _read_layers(archive, "accumulators", widths, np.int16, path)
    network = Network(widths, EngineConfig(**header["engine"]))
    network.configure(Settings.of_columns(**header["registers"]))
    _check_accumulators(network.config.accumulator_bits, accumulators)
    network.weights, network.accumulators = weights, accumulators
    trainer = Trainer(
        network, Hyper(**header["hyper"]), header["epochs"], header["seed"],
        stored=header.get("stored", False), frozen=header.get("frozen", ()),
    )  # fmt: skip
    check_range("epoch", header["epoch"], 0, trainer.epochs)
    trainer.epoch, trainer.decay = header["epoch"], tuple(header["decay"])
    # None in checkpoints of earlier versions, and of programs that did not say.
    origin = header.get("origin")
    trainer.origin = Origin(**origin) if origin else None
    if schema := header.get("schema"):
        trainer.schema = Schema.restored(schema, lambda name: read_array(archive, name, path, True))
        _check_schema(trainer.schema, widths[0])
    trainer.settings(None).check(network.config, network.graph)
    return trainer


def _check_schema(schema: Schema, inputs: int) -> None:
    """Raise ValueError unless the coder makes the inputs of the network."""
    if schema.coder and len(schema.coder.edges) != inputs:
        raise ValueError(
            f"its coder makes {len(schema.coder.edges)} bits, the network takes {inputs}"
        )


def _check_accumulators(bits: int, accumulators: Sequence[Accumulators]) -> None:
    """Raise ConfigError for values that no accumulator of so many bits can hold."""
    high = (1 << bits - 1) - 1
    for layer, array in enumerate(accumulators):
        for value in (array.min(), array.max()):
            check_range(f"a value of accumulators_{layer}", int(value), -high - 1, high)


def _read_layers(
    archive: ZipFile,
    name: str,
    widths: Sequence[int],
    dtype: type[Scalar],
    path: str | PathLike[str],
) -> list[NDArray[Scalar]]:
    """Return one array per layer, each of the shape that its layer takes."""
    for index, width in enumerate(widths):
        check_range(f"width {index}", width, 1, LARGEST)
    arrays = []
    for layer, shape in enumerate(zip(widths[1:], widths[:-1], strict=True)):
        array = read_array(archive, f"{name}_{layer}", path)
        if array.shape != shape or array.dtype != dtype:
            raise ValueError(f"{name}_{layer} is {array.dtype} of shape {array.shape}")
        arrays.append(array)
    return arrays


def seal(arrays: Mapping[str, Any]) -> bytes:
    """Return the bytes of the .npz, its empty zip comment replaced by the CRC of all the rest."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    content = buffer.getvalue()[:-2] + COMMENT_SIZE.to_bytes(2, "little")
    return content + COMMENT % zlib.crc32(content)


def check_seal(path: str | PathLike[str], content: bytes) -> None:
    """Raise DataError unless every byte of a checkpoint is as it was written."""
    body, comment = content[:-COMMENT_SIZE], content[-COMMENT_SIZE:]
    expected = COMMENT % zlib.crc32(body)
    if comment != expected:
        found = ascii(comment.decode("latin-1"))
        raise DataError(
            f"checkpoint {path} is damaged or cut off: it ends with {found}, its {len(body)} bytes "
            f"need '{expected.decode()}'; go back to an earlier checkpoint"
        )
