"""What a trained network computes, and nothing of how it was trained.

Every format is written from a :class:`Model`, which comes from a checkpoint of either kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike

import numpy as np

from boldhw.data.coder import Coder
from boldhw.errors import ConfigError
from boldhw.golden import checkpoint as checkpoints
from boldhw.golden.graph import checkpoint as graphs
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.golden.trainer import Trainer
from boldhw.spec.arrays import Bits, Sums
from boldhw.spec.layer import INPUT, Layer
from boldhw.spec.maps import Shape
from boldhw.spec.network import Network

FEATURES, BITS = "features", "bits"
INPUTS = (FEATURES, BITS)  # what an exported network can take
INT32 = np.iinfo(np.int32)


@dataclass(frozen=True)
class Pixels:
    """Codes pictures: bit ``place * len(levels) + i`` is T where the pixel is above ``levels[i]``.

    places   pixels of a picture, each 0 to 255
    levels   edges, each 0 to 254
    """

    places: int
    levels: tuple[int, ...]


@dataclass(frozen=True)
class ModelLayer:
    """One layer at work.

    spec       where it is, what it reads and makes
    weights    bool, shape (n, m), n outputs and m bits that one of them reads
    tau        int32, shape (n,): an output is T where its sum reaches it; not used by the last one
    zero_true  True: F of what it reads is 0; False: it is -1
    """

    spec: Layer
    weights: Bits
    tau: Sums
    zero_true: bool


@dataclass(frozen=True)
class Model:
    """A network that answers.

    network             the graph
    layers              a ModelLayer for each layer, first layer first
    outputs_per_class   outputs of the last layer whose sums are added to one score
    classes             names, one for each score
    code                what makes bits of features; None if the checkpoint does not know it
    """

    network: Network
    layers: tuple[ModelLayer, ...]
    outputs_per_class: int
    classes: tuple[str, ...]
    code: Pixels | Coder | None

    @property
    def shapes(self) -> dict[str, Shape]:
        """Shape of the sample and of what each layer makes, by name."""
        made = {layer.spec.name: layer.spec.makes for layer in self.layers}
        return {INPUT: self.network.sample} | made

    @property
    def features(self) -> int | None:
        """Number of features that ``code`` takes, None without one."""
        if isinstance(self.code, Pixels):
            return self.code.places
        return self.code.features if self.code else None

    @property
    def is_integer(self) -> bool:
        """Whether the features are whole numbers, as far as their code tells.

        Pixels are. Edges between whole numbers are multiples of one half.
        """
        if isinstance(self.code, Coder):
            return bool(np.all(2 * self.code.edges == np.rint(2 * self.code.edges)))
        return self.code is not None

    def inputs(self, wanted: str | None, integer: bool) -> str:
        """Return FEATURES or BITS: what a format takes.

        Parameters
        ----------
        wanted : str or None
            What the user asked for; None is FEATURES where that is exact.
        integer : bool
            The format has no real numbers; features are then whole numbers.

        Raises ConfigError for features that the checkpoint cannot code.
        """
        if wanted == BITS:
            return BITS
        if wanted is None:
            return FEATURES if self.code and (self.is_integer or not integer) else BITS
        if self.code is None:
            raise ConfigError(
                "the checkpoint does not say how features become bits; leave out --inputs features"
            )
        if integer:
            integer_edges(self.code)
        return FEATURES


def integer_edges(code: Pixels | Coder) -> Sums:
    """Return int32 edges: a whole number is above one where it is above the edge itself.

    Raises ConfigError for an edge out of the range of int32.
    """
    if isinstance(code, Pixels):
        return np.array(code.levels, np.int32)
    floors = np.floor(code.edges)
    if floors.min() < INT32.min or floors.max() > INT32.max:
        raise ConfigError(
            f"edges of features run from {floors.min():g} to {floors.max():g}, past the 32 bits of "
            f"a whole number; export with --inputs bits"
        )
    return floors.astype(np.int32)


def read_model(path: str | PathLike[str]) -> Model:
    """Return the Model in a checkpoint of a chain or of a graph. Raises DataError."""
    if graphs.is_graph(path):
        return model_of(graphs.load(path))
    return model_of(checkpoints.load(path))


def model_of(trainer: Trainer | GraphTrainer) -> Model:
    """Return the Model of a run, which keeps its own copy of the weights.

    Raises ConfigError for a graph of three-valued maps, words, or another head than classes.
    """
    return _of_graph(trainer) if isinstance(trainer, GraphTrainer) else _of_chain(trainer)


def _of_chain(trainer: Trainer) -> Model:
    network, settings = trainer.network, trainer.network.settings
    layers = [
        ModelLayer(spec, weights.copy(), np.full(spec.outputs, own.tau, np.int32), own.zero_true)
        for spec, weights, own in zip(
            network.graph.layers, network.weights, settings.layers, strict=True
        )
    ]
    code: Pixels | Coder | None = None
    if trainer.schema and trainer.schema.coder:
        code = trainer.schema.coder
    elif trainer.origin:
        code = Pixels(network.graph.inputs, (trainer.origin.threshold,))
    names = trainer.schema.classes if trainer.schema else ()
    classes = _named(names, settings.classes)
    return Model(network.graph, tuple(layers), settings.outputs_per_class, classes, code)


def _of_graph(trainer: GraphTrainer) -> Model:
    graph = trainer.graph
    graph.spec.check_bits_only("exports")
    layers = [
        ModelLayer(
            layer.spec, layer.weights.copy(), layer.settings.tau.copy(), layer.settings.zero_true
        )
        for layer in graph.layers
    ]
    sample, levels = graph.spec.sample, getattr(trainer.code, "levels", ())
    code = Pixels(sample.height * sample.width, levels) if sample.planes == len(levels) else None
    names = trainer.schema.classes if trainer.schema else ()
    classes = _named(names, graph.classes)
    return Model(graph.spec, tuple(layers), graph.settings.outputs_per_class, classes, code)


def _named(names: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Return a name for each score; outputs beyond the classes are named by their number."""
    if not names:
        return tuple(map(str, range(count)))
    return (*names, *(f"output {index}" for index in range(len(names), count)))
