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
    config: EngineConfig,
    seed: Seed,
    settings: Settings,
    samples: Bits,
    labels: Labels,
) -> Network:
    """Return a new network with these settings, as :func:`compiled` makes it."""
    definition = Network(widths, config, seed)
    definition.configure(settings)
    return compiled(definition, samples, labels)


def fastest_kind() -> type[Network]:
    """Return CompiledNetwork, or Network without numba: their bits are the same."""
    try:
        from boldhw.golden.compiled import CompiledNetwork
    except ToolError:
        return Network
    return CompiledNetwork


def compiled(network: Network, samples: Bits, labels: Labels | None) -> Network:
    """Return a CompiledNetwork in the state of a network, or the network without numba.

    samples: bool, shape (count, inputs).  labels: integers, or None if it will infer only.  Copies
    of both infer the first samples and, with labels and an engine that trains, train on them up to
    an update. Raises CheckError if one bit then differs.
    """
    if (kind := fastest_kind()) is Network:
        return network
    found = kind(network.graph, network.config)
    vars(found).update(vars(network.copy()))
    copies = network.copy(), found.copy()
    scores = [copy.infer(samples[:SAMPLES]) for copy in copies]
    if labels is not None and network.config.training:
        for copy in copies:
            copy.train(samples[:SAMPLES], labels[:SAMPLES], stop_at_update=True)
            copy.flush()
    states = {
        name: [getattr(copy, name) for copy in copies] for name in ("weights", "accumulators")
    }
    for name, (ours, theirs) in {"scores": scores, **states}.items():
        if not all(np.array_equal(*pair) for pair in zip(ours, theirs, strict=True)):
            raise CheckError(
                f"{name} differ between the compiled golden model and the NumPy one; report this, "
                f"and uninstall numba to go on"
            )
    return found
