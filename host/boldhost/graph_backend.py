"""A graph that trains on a board of op lists, in place of the golden one."""

from __future__ import annotations

from typing import Any

from boldhost.counted import MASK
from boldhost.graph_device import GraphDevice, Progress
from boldhw.errors import ConfigError
from boldhw.spec.arrays import Bits, Labels, Sums
from boldhw.spec.order import Order
from boldhw.spec.stats import TrainStats


class GraphBackend:
    """A golden graph whose training and inference a device does; a trainer takes it for one.

    It has all that the golden graph has. Before samples go in, the device gets the settings that
    governors have moved; after each call what counters of the device have grown by is added to
    those of the graph. Signals other than 0 are counted by none: their counter is None. Weights and
    accumulators of the graph are those of :meth:`load` until :meth:`read`.

    Parameters
    ----------
    graph : GraphNetwork
        What is trained, with accumulators as wide as those of the device.
    device : GraphDevice
        What trains.
    counted : bool
        Whether governors need counters of T's and gates. Those that do not have constants with
        ``counted=False``; then a device may lack these counters, which are None in the graph.
    """

    def __init__(self, graph: Any, device: GraphDevice, counted: bool = True) -> None:
        self.graph, self.device, self.counted = graph, device, counted

    def __getattr__(self, name: str) -> Any:
        return getattr(self.graph, name)

    def load(self) -> None:
        """Load the graph into the device. Raises ConfigError if it does not fit.

        So it does for an array that does not count what governors need.
        """
        uncounted = self.device.size.uncounted
        if uncounted and self.counted:
            raise ConfigError(
                "the array is made with uncounted=True, and governors need its counters; use an "
                "array that counts, or governors whose constants have counted=False"
            )
        self.device.load(self.graph)
        for layer in self.graph.layers:
            counts = layer.counts
            counts.nonzero = None
            if uncounted:
                counts.fires = counts.gated = counts.near = None
        self._before = self.device.read_counters()

    def read(self) -> None:
        """Copy weights and accumulators of the device into the graph."""
        self.device.read_into(self.graph)

    @property
    def waiting(self) -> int:
        """Active samples that wait for the next update."""
        return self.device.gathered

    def start_order(self, order: Order) -> None:
        """Take samples in an Order from now on: those of a device's store, if it has one."""
        self.device.start_order(order)

    def train(self, bits: Bits, targets: Labels, stop_at_update: bool = False) -> TrainStats:
        """Train on samples in order, as the golden graph does."""
        self.device.configure(self.graph.settings)
        return self._counted(self.device.train(bits, targets, stop_at_update))

    def flush(self) -> TrainStats:
        """Update with the votes given so far, if any; return its TrainStats."""
        self.device.configure(self.graph.settings)
        return self._counted(self.device.flush())

    def infer(self, bits: Bits, progress: Progress | None = None) -> Sums:
        """Return the scores, int32, shape (samples, classes)."""
        self.device.configure(self.graph.settings)
        return self.device.infer(bits, progress)

    def _counted(self, stats: TrainStats) -> TrainStats:
        """Add to the counters of layers what those of the device have grown by."""
        if not (stats.samples or stats.updates):
            return stats
        after = self.device.read_counters()
        for layer, old, new in zip(self.graph.layers, self._before, after, strict=True):
            counts = layer.counts
            counts.updates += stats.updates if layer.spec.learns else 0
            counts.flips += new.flips - old.flips & MASK
            if layer.spec.place.is_output:
                continue
            counts.samples += stats.samples
            counts.active += stats.active
            counts.size += new.size - old.size & MASK
            if counts.fires is not None:
                gated = _grown(old.gated, new.gated)
                counts.fires += _grown(old.fires, new.fires)
                counts.gated += gated
                counts.near += int(gated.sum())
        self._before = after
        return stats


def _grown(old: Any, new: Any) -> Any:
    """Return by how much counters have grown, modulo 2**32."""
    return new - old & MASK
