"""The fastest chain there is, after it has shown that its bits are those of the definition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from boldhw.errors import CheckError, ToolError
from boldhw.golden.network import Network
from boldhw.spec.arrays import Bits, Labels, Seed
from boldhw.spec.engine import EngineConfig
from boldhw.spec.network import Network as Graph
from boldhw.spec.settings import Settings

SAMPLES = 24  # that both train on; an untrained network finds nearly all of them active


def fastest(
    widths: Graph | str | Sequence[int],
    engine: EngineConfig,
    seed: Seed,
    settings: Settings,
    samples: Bits,
    labels: Labels,
) -> Network:
    """Return a new CompiledNetwork with these settings, or a Network without numba.

    samples: bool, shape (count, inputs).  labels: integers.  The first of them train copies of
    both up to an update. Raises CheckError if one bit then differs.
    """
    definition = Network(widths, engine, seed)
    definition.configure(settings)
    try:
        from boldhw.golden.compiled import CompiledNetwork
    except ToolError:
        return definition
    compiled = CompiledNetwork(widths, engine, seed)
    compiled.configure(settings)
    if not engine.training:
        return compiled
    copy = compiled.copy()
    for network in (definition, copy):
        network.train(samples[:SAMPLES], labels[:SAMPLES], stop_at_update=True)
        network.flush()
    for name in ("weights", "accumulators"):
        pairs = zip(getattr(definition, name), getattr(copy, name), strict=True)
        if not all(np.array_equal(*pair) for pair in pairs):
            raise CheckError(
                f"{name} differ between the compiled golden model and the NumPy one; report this, "
                f"and uninstall numba to go on"
            )
    return compiled
