"""Heads of a graph: one module for each kind of :mod:`boldhw.spec.head`."""

from boldhw.golden.graph.heads.classes import ClassesHead
from boldhw.golden.graph.heads.head import Head
from boldhw.golden.graph.heads.last import LastHead
from boldhw.golden.graph.heads.pixels import PixelsHead
from boldhw.golden.graph.heads.residuals import ResidualsHead
from boldhw.golden.graph.heads.summed import SummedHead
from boldhw.spec.head import CLASSES, LAST, PIXELS, RESIDUALS, SUMMED
from boldhw.spec.network import Network

HEADS: dict[str, type[Head]] = {
    CLASSES: ClassesHead,
    PIXELS: PixelsHead,
    RESIDUALS: ResidualsHead,
    SUMMED: SummedHead,
    LAST: LastHead,
}


def head_of(network: Network) -> Head:
    """Return the head of a network. Raises ConfigError if its last layer does not fit."""
    return HEADS[network.head.kind](network)
