"""A layer of a network: what it reads, what it makes and where it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from boldhw.spec.attention import Attention
from boldhw.spec.maps import Kernel, Shape

INPUT = "input"  # name of the sample, as a source of taps
DENSE = "dense"  # kind of a layer whose outputs read everything of their sources
CONV = "conv"  # kind of a layer whose outputs read a map through a kernel, at each place
EMBEDDING = "embedding"  # kind of a layer whose outputs at a place are the row of its word
ATTENTION = "attention"  # kind of a layer whose places add up values of places that they choose
KINDS = (DENSE, CONV, EMBEDDING, ATTENTION)
# An output is a bit: sum >= tau; or three-valued: T, F or 0; or the sum itself.
THRESHOLD, TERNARY, SCORES = "threshold", "ternary", "scores"
ACTIVATIONS = (THRESHOLD, TERNARY, SCORES)
MAX_GAIN = 7


@dataclass(frozen=True)
class Tap:
    """Something that a layer reads: the outputs of ``source``, at an offset in a map.

    source   name of a layer, or INPUT
    dy, dx   rows and columns by which the place read lies below and right of the output's; a dense
             layer reads every place, so both are 0
    gain     what goes back through it is shifted left by so many bits; the taps of a layer that
             read one source have one gain
    """

    source: str
    dy: int = 0
    dx: int = 0
    gain: int = 0


@dataclass(frozen=True)
class Place:
    """What its surroundings mean for a layer.

    reads_input    a tap reads the sample, so no signal goes back through that tap
    is_output      its sums are the scores
    feeds_hidden   a layer that reads it is not the output
    """

    reads_input: bool
    is_output: bool
    feeds_hidden: bool


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer of a network.

    name         unique in the network
    kind         one of KINDS
    taps         what it reads; those of a convolution are read through its kernel, those of an
                 attention are query, key, value and base
    inputs       bits that one output reads, its fan-in; of an attention, terms of a sum
    outputs      bits, or scores, that it makes; a convolution makes them at each place
    learns       False: its weights stay as they are
    activation   one of ACTIVATIONS
    place        where it is in the network
    reads        shape of its sources together; a dense layer reads one place
    makes        shape of what it makes
    kernel       of a convolution
    attention    of an attention
    """

    name: str
    kind: str
    taps: tuple[Tap, ...]
    inputs: int
    outputs: int
    learns: bool
    activation: str
    place: Place
    reads: Shape
    makes: Shape
    kernel: Kernel | None = None
    attention: Attention | None = None

    @property
    def reach(self) -> tuple[Tap, ...]:
        """What an output at (0, 0) reads, in the order of its weights."""
        if self.kernel is None:
            return self.taps
        return tuple(
            replace(tap, dy=dy + tap.dy, dx=dx + tap.dx)
            for dy, dx in self.kernel.offsets
            for tap in self.taps
        )

    @property
    def weights(self) -> int:
        """Number of weights."""
        outputs, inputs = self.shape
        return inputs * outputs

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of its weights: (outputs, inputs); of an embedding, (words, outputs)."""
        if self.kind == EMBEDDING:
            return self.inputs, self.outputs
        return self.outputs, 0 if self.kind == ATTENTION else self.inputs

    @property
    def compared(self) -> int:
        """Planes of the query of an attention, and of its key."""
        return (self.reads.planes - 2 * self.outputs) // 2

    @property
    def is_ternary(self) -> bool:
        """Whether its outputs are three-valued."""
        return self.activation == TERNARY

    @property
    def gains(self) -> dict[str, int]:
        """Gain of what goes back to each source."""
        return {tap.source: tap.gain for tap in self.taps}

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of what it reads, each once."""
        return tuple(dict.fromkeys(tap.source for tap in self.taps))
