"""What trains or runs a graph: the golden model, a simulated board of op lists, or a board."""

from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
from boldhost.graph_backend import GraphBackend
from boldhost.graph_device import GraphDevice
from boldhost.link import Link
from boldhost.stored import StoredGraphDevice

from boldhw.cli import options
from boldhw.cli.output import say
from boldhw.cli.store import fill
from boldhw.golden.graph.network import GraphNetwork
from boldhw.spec.ops import packing
from boldhw.spec.ops.program import compiled
from boldhw.spec.store import pack_store

GOLDEN, SIM = "golden", "sim"


class Backend:
    """What a command line names as backend of a graph.

    Attributes: ``size``, the ArraySize of the engine whose accumulators and batch a run gets, None
    for the golden model as it is; ``device``, the GraphDevice once there is one, else None;
    ``stored``, whether samples are to come from its store.

    Parameters
    ----------
    name : str
        golden, sim or a port.
    choice : boldhw.cli.arrays.Choice
        The engine that was asked for, if any was.
    clock_hz : int or None
        Clock of a simulated board.
    """

    def __init__(self, name, choice, clock_hz=None):
        self.name, self.clock_hz = name, clock_hz
        self.device: Any = None
        asked = choice.is_wanted or choice.board or choice.config
        self.stored = choice.has_store
        self.design: Any = choice.array() if asked or name == SIM else None
        self.size: Any = self.design.size if self.design else None

    @contextmanager
    def connected(self):
        """Have a port open in this context; then ``size`` is that of its device."""
        with nullcontext() if self.name in (GOLDEN, SIM) else self.open() as self.device:
            if self.device:
                self.size = self.device.size
            yield self

    @contextmanager
    def running(self, graph, samples=None):
        """Yield what runs a graph in this context: itself, or a GraphBackend that it is loaded in.

        samples: function that returns bits and labels to train on, which a store then holds.

        Raises ConfigError for a graph that the engine does not hold.
        """
        image, held = None, None
        if self.size is not None:
            program = compiled(graph.spec, self.size, graph.settings)  # now, not with the board
            if self.stored and samples:
                held = bits, labels = samples()
                if self.name == SIM and self.design.store == "flash":
                    words = packing.pack_samples(program.memory, bits)
                    image = pack_store(self.design, words, labels)
        if self.name == GOLDEN:
            yield graph
        elif self.device:
            yield self._loaded(graph, held)
        else:
            with self.open(image) as self.device:
                yield self._loaded(graph, held)

    @contextmanager
    def inferring(self, graph):
        """Yield what infers with a graph in this context; see :meth:`running`."""
        if self.name == GOLDEN:
            yield graph
            return
        with self.connected():
            found = to_infer(graph, self.size.accumulator_bits, self.size.batch)
            with self.running(found) as backend:
                yield backend

    @property
    def cycles(self):
        """Clock cycles of all lists that the device has run; None without one."""
        if not self.device:
            return None
        return sum(v for name, v in self.device.stat().items() if name.startswith("cycles_"))

    def open(self, image=None):
        """Return the device, which is its own context manager; a simulated board is built.

        image: what the flash of a simulated board holds. Raises ConfigError for golden, which is
        none.
        """
        if self.name == SIM:
            say("Building the simulated board, a minute or two the first time ...")
            if self.stored:
                return self._simulated(image)
        if self.stored:
            return options.open_device(self.name, self.design, StoredGraphDevice, self.clock_hz)
        return options.open_device(self.name, self.size, GraphDevice, self.clock_hz)

    def _simulated(self, image):
        """Return a simulated board with a store. image: what its flash holds, or None."""
        from boldhw.cosim.transport import SimTransport

        transport = SimTransport(self.design, clock_hz=self.clock_hz, flash=image)
        return StoredGraphDevice(Link(transport), self.design)

    def _loaded(self, graph, held):
        """Return a GraphBackend of the device. held: what its store is to hold, or None."""
        backend = GraphBackend(graph, self.device, counted=not self.size.uncounted)
        backend.load()
        if held:
            fill(self.device, *held)
        return backend


def to_infer(graph, bits, batch):
    """Return a copy of a graph for a device whose accumulators have these bits.

    Its accumulators are 0, thetas and batch no larger than they can be: scores depend on none.
    """
    settings = graph.copy().settings
    settings.batch = min(settings.batch, batch)
    for own in settings.layers:
        own.theta = min(own.theta, (1 << bits - 1) - 1)
    copy = GraphNetwork(graph.spec, settings, 0, bits)
    for layer, old in zip(copy.layers, graph.layers, strict=True):
        layer.weights = np.array(old.weights)
    return copy
