"""The fastest network there is, after it has shown that its bits are those of the definition."""

from __future__ import annotations

import numpy as np

from boldhw.errors import CheckError, ToolError
from boldhw.golden.graph.heads.head import Targets
from boldhw.golden.graph.kernel import Map, NumpyKernel
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.places import Places
from boldhw.golden.graph.settings import GraphSettings
from boldhw.spec.network import Network

SAMPLES = 24  # that both kernels train on; an untrained network finds nearly all of them active


def kernel() -> type[NumpyKernel]:
    """Return CompiledKernel, or NumpyKernel without numba."""
    try:
        from boldhw.golden.graph.compiled import CompiledKernel
    except ToolError:
        return NumpyKernel
    return CompiledKernel


def restored(places: Places) -> NumpyKernel:
    """Return the kernel that a pickled one becomes: compiled where numba is, elsewhere not."""
    return kernel()(places)


def fastest(
    spec: Network, settings: GraphSettings, seed: int, bits: int, samples: Map, targets: Targets
) -> GraphNetwork:
    """Return a new GraphNetwork with the compiled kernel, or the NumPy one without numba.

    samples, targets: as GraphNetwork.train takes them.  The first of them train copies with either
    kernel up to an update. Raises CheckError if one bit then differs.
    """
    definition = GraphNetwork(spec, settings, seed, bits)
    if (found := kernel()) is NumpyKernel:
        return definition
    compiled = GraphNetwork(spec, settings, seed, bits, found)
    copy = compiled.copy()
    for graph in (definition, copy):
        graph.train(samples[:SAMPLES], targets[:SAMPLES], stop_at_update=True)
        graph.flush()
    for one, other in zip(definition.layers, copy.layers, strict=True):
        for name in ("weights", "accumulators"):
            if not np.array_equal(getattr(one, name), getattr(other, name)):
                raise CheckError(
                    f"{name} of layer {one.spec.name} differ between the compiled golden model and "
                    f"the NumPy one; report this, and uninstall numba to go on"
                )
    return compiled
