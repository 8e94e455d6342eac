"""A 1-bit network from the state of a PyTorch module: sign weights, batch norms, biases.

The keys are those of PyTorch: ``X.weight`` and ``X.bias`` of a linear or convolutional layer,
``Y.running_mean``, ``Y.running_var``, ``Y.weight`` and ``Y.bias`` of the batch norm behind it, in
the order of the forward pass. A weight is the sign of a real number, as Brevitas and Larq have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from boldhw.data.files import DAMAGED, open_archive, read_array
from boldhw.errors import ConfigError, DataError, ToolError
from boldhw.export.arrays import PLANES_FIRST, Norm, from_arrays
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.spec.network import Network

PASSED_OVER = ("num_batches_tracked",)
QUANTISERS = "_quant."  # of Brevitas: scales above 0, which no sign depends on


def read_state(path: str | PathLike[str]) -> dict[str, Any]:
    """Return the arrays of an .npz file, or of a file of ``torch.save`` with PyTorch installed.

    Raises DataError, and ToolError without PyTorch for a file that only it reads.
    """
    try:
        if Path(path).suffix == ".npz":
            with open_archive(Path(path).read_bytes()) as archive:
                names = [name.removesuffix(".npy") for name in archive.namelist()]
                return {name: read_array(archive, name, path, real=True) for name in names}
    except (OSError, *DAMAGED) as error:
        raise DataError(f"{path} cannot be read as an .npz file: {error}") from error
    try:
        import torch
    except ImportError as error:
        raise ToolError(
            f"{path} needs the package torch; or save the state where it is installed: "
            f"numpy.savez('state.npz', **{{k: v.numpy() for k, v in model.state_dict().items()}})"
        ) from error
    found = torch.load(path, map_location="cpu", weights_only=True)
    return {key: value.numpy() for key, value in found.items()}


def from_state_dict(
    network: Network | str, state: Mapping[str, Any], *, epsilon: float = 1e-5, **options: Any
) -> GraphTrainer:
    """Return a run of no epochs with the network of a module.

    Parameters
    ----------
    network : Network or str
        The graph, whose layers are those of the module in order.
    state : mapping
        Arrays by name, of :func:`read_state` or ``module.state_dict()``.
    epsilon : float
        Of the batch norms.
    **options
        Of :func:`boldhw.export.arrays.from_arrays`; dense layers read maps plane by plane.

    Raises
    ------
    ConfigError
        For a batch norm or a bias of the last layer, whose scores have none, and for keys that are
        not understood.
    DataError
        For arrays that do not fit.
    """
    spec = Network.parse(network) if isinstance(network, str) else network
    weights, norms = _parsed(state, epsilon)
    if norms and norms[-1] is not None:
        raise ConfigError(
            f"the last layer, {list(weights)[-1]}, has a batch norm or a bias, and scores have "
            f"none; train it without (bias=False, and no batch norm behind it)"
        )
    thresholds = [norm or 0 for norm in norms[:-1]]
    options = {"order": PLANES_FIRST, **options}
    return from_arrays(spec, list(weights.values()), thresholds, **options)


def _parsed(
    state: Mapping[str, Any], epsilon: float
) -> tuple[dict[str, np.ndarray], list[Norm | None]]:
    """Return ({layer: weights}, [Norm behind each, or None]). Raises ConfigError."""
    arrays = {
        key: np.asarray(value) for key, value in state.items()
        if not key.endswith(PASSED_OVER) and QUANTISERS not in key
    }  # fmt: skip
    weights: dict[str, np.ndarray] = {}
    norms: list[Norm | None] = []
    for key, array in arrays.items():
        stem, _, kind = key.rpartition(".")
        if kind == "weight" and array.ndim > 1:
            weights[stem] = array
            norms.append(None)
            if (bias := arrays.get(f"{stem}.bias")) is not None:
                norms[-1] = Norm(-bias, 1.0, epsilon=0.0)
        elif kind == "running_mean":
            if not weights:
                raise ConfigError(f"batch norm {stem} is in front of all layers; leave it out")
            norms[-1] = _behind(norms[-1], stem, arrays, epsilon)
        elif not _is_known(stem, kind, arrays):
            raise ConfigError(
                f"{key} is no weight, bias or batch norm of a layer; leave it out of the state"
            )
    return weights, norms


def _behind(bias: Norm | None, stem: str, arrays: Mapping[str, Any], epsilon: float) -> Norm:
    """Return a batch norm by its name, behind a bias if there is one."""
    mean = arrays[f"{stem}.running_mean"] + (bias.mean if bias else 0)
    if f"{stem}.running_var" not in arrays:
        raise ConfigError(f"batch norm {stem} has no {stem}.running_var; save the whole state")
    return Norm(
        mean,
        arrays[f"{stem}.running_var"],
        arrays.get(f"{stem}.weight", 1.0),
        arrays.get(f"{stem}.bias", 0.0),
        epsilon,
    )


def _is_known(stem: str, kind: str, arrays: Mapping[str, Any]) -> bool:
    """Return whether a key is a part of a layer or of a batch norm."""
    if f"{stem}.running_mean" in arrays:
        return kind in ("running_var", "weight", "bias")
    return kind == "bias" and f"{stem}.weight" in arrays
