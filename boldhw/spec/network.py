"""A network: a graph of layers, each of which says what it reads.

``784-72-10`` is the shorthand for a chain of dense layers, ``28x28-16k5p2-10`` for one with a
convolution (:mod:`boldhw.spec.shorthand`). Everything that needs to know a network (layout, cycle
model, settings, driver, checkpoint) takes a :class:`Network` and asks a layer for what it needs; no
layer knows its index or its neighbours. :mod:`boldhw.spec.maps` says in which order bits come.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from boldhw.errors import ConfigError
from boldhw.spec import shorthand
from boldhw.spec.checks import check_widths
from boldhw.spec.entries import drafted, entry_of, placed, shape_of
from boldhw.spec.head import CLASSES, Head
from boldhw.spec.layer import CONV, DENSE, INPUT, Layer, Tap
from boldhw.spec.maps import Shape
from boldhw.spec.words import Words

MAX_TERMS = 1 << 14  # of a sum; so many are exact everywhere


@dataclass(frozen=True)
class Network:
    """A graph of layers over samples of one shape; make one by a class method.

    Parameters
    ----------
    sample : Shape
        Shape of a sample.
    layers : tuple of Layer
        Each after those that it reads; the last one is the output.
    head : Head
        What the sums of the last one mean.
    ternary : bool
        The planes of a sample are three-valued: T, F or 0.
    words : Words or None
        Of samples that are words and not bits.
    """

    sample: Shape
    layers: tuple[Layer, ...]
    head: Head = Head()
    ternary: bool = False
    words: Words | None = None

    @property
    def inputs(self) -> int:
        """Bits of a sample; its longest row of words."""
        return self.sample.bits

    @classmethod
    def of(cls, network: Network | str | Sequence[int]) -> Network:
        """Return ``network`` itself, or what a text or layer widths describe.

        Raises ConfigError as :meth:`parse` and :meth:`chain` do.
        """
        if isinstance(network, Network):
            return network
        if isinstance(network, str):
            return cls.parse(network)
        return cls.chain(check_widths(network))

    @classmethod
    def parse(cls, text: str) -> Network:
        """Return the network that a text such as ``784-72-10`` or ``28x28-16k5p2-10`` describes.

        Raises ConfigError when it is neither, or when a layer cannot read what it gets.
        """
        return cls.from_dict(shorthand.described(text))

    @classmethod
    def chain(cls, widths: Sequence[int]) -> Network:
        """Return dense layers of ``widths``, inputs first, each of which reads the one before.

        Raises ConfigError for fewer than two widths, or for one below 1.
        """
        if len(widths) < 2:
            raise ConfigError(
                f"a network of widths {tuple(widths)} has no layer; give inputs and outputs, such "
                f"as (784, 10)"
            )
        names = [INPUT, *(f"layer{index + 1}" for index in range(len(widths) - 1))]
        layers = [
            {"name": name, "taps": [{"source": source}], "outputs": width}
            for source, name, width in zip(names[:-1], names[1:], widths[1:], strict=True)
        ]
        return cls.from_dict({"inputs": widths[0], "layers": layers})

    @classmethod
    def from_json(cls, text: str) -> Network:
        """Return the network in a JSON text, the inverse of :meth:`to_json`. Raises ConfigError."""
        try:
            described = json.loads(text)
        except ValueError as error:
            raise ConfigError(f"the network is not JSON: {error}") from error
        return cls.from_dict(described)

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Network:
        """Return the network of a dict with ``inputs`` and ``layers``, as JSON holds it.

        ``inputs`` is a number of bits, a list of height, width and planes, or an object with
        ``words``, the most in a sample, and ``vocabulary``, how many there are. A layer has a
        ``name``, ``taps`` (each a ``source``, and ``dy``, ``dx`` and ``gain`` if they are not 0)
        and ``outputs``; ``kind``, ``learns`` and ``activation`` if they are not ``dense``, true and
        ``threshold``, or ``scores`` for the last one. A ``conv`` has a ``kernel``, an object with
        the fields of :class:`boldhw.spec.maps.Kernel`; its sources are joined plane by plane. An
        ``embedding`` reads words; an ``attention`` has four taps, query, key, value and base, and
        an object of that name with the fields of :class:`boldhw.spec.attention.Attention`.
        ``head`` is an object with the fields of :class:`boldhw.spec.head.Head`, if it is not one of
        classes; ``ternary`` is true if samples are three-valued. Raises ConfigError that names the
        layer.
        """
        keys = {"inputs", "layers"}
        if not isinstance(described, Mapping) or set(described) - {"head", "ternary"} != keys:
            raise ConfigError(
                "a network is an object with the keys inputs and layers, and if they are not the "
                "usual ones, head and ternary"
            )
        if (ternary := described.get("ternary", False)) not in (True, False):
            raise ConfigError(f"ternary of the network is {ternary!r}; choose true or false")
        words = Words.of(entry) if isinstance(entry := described["inputs"], Mapping) else None
        sample, entries = words.shape if words else shape_of(entry), described["layers"]
        if not isinstance(entries, list | tuple) or not entries:
            raise ConfigError("layers of the network is not a list with at least one layer")
        drafts = [drafted(entry, index == len(entries) - 1) for index, entry in enumerate(entries)]
        head = Head.of(described["head"]) if "head" in described else Head()
        return cls(sample, tuple(placed(sample, words, drafts)), head, bool(ternary), words)

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`from_dict` takes; values that it fills in are left out."""
        sample = self.sample
        sizes = [sample.height, sample.width, sample.planes]
        inputs = self.words.to_dict() if self.words else sample.bits if sample.is_flat else sizes
        found: dict[str, Any] = {
            "inputs": inputs,
            "layers": [entry_of(layer) for layer in self.layers],
        }
        if self.head != Head():
            found["head"] = self.head.to_dict()
        if self.ternary:
            found["ternary"] = True
        return found

    def to_json(self) -> str:
        """Return the network as JSON text."""
        return json.dumps(self.to_dict())

    def __str__(self) -> str:
        """Return the shorthand of a network that has one, JSON of any other network."""
        layers = [f"{layer.outputs}{layer.kernel or ''}" for layer in self.layers]
        text = "-".join([str(self.sample), *layers])
        before = [INPUT, *(layer.name for layer in self.layers)]
        follows = all(
            layer.taps == (Tap(source),) for layer, source in zip(self.layers, before, strict=False)
        )
        return text if follows and self == Network.parse(text) else self.to_json()

    @property
    def label(self) -> str:
        """Name of the network in messages, short for those without a shorthand."""
        if not (text := str(self)).startswith("{"):
            return text
        first, last = self.layers[0].name, self.layers[-1].name
        return f"of {len(self.layers)} layers, {first} to {last},"

    @cached_property
    def is_chain(self) -> bool:
        """Whether each layer is dense, two-valued, learns and reads exactly the one before."""
        chain = Network.chain([self.inputs, *(layer.outputs for layer in self.layers)])
        return self == replace(chain, sample=self.sample)

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs and outputs of all layers of a chain. Raises ConfigError for another network."""
        self.check_chain()
        return (self.inputs, *(layer.outputs for layer in self.layers))

    def check_chain(self) -> None:
        """Raise ConfigError unless the network is a chain of dense layers, as engines train."""
        if not self.is_chain:
            raise ConfigError(
                "the network is not a chain of dense layers, and engines run no other; write it as "
                "layer widths, such as 784-72-10"
            )

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(fan-in, outputs) of every layer."""
        return [(layer.inputs, layer.outputs) for layer in self.layers]

    @property
    def output(self) -> Layer:
        """The layer whose sums are the scores."""
        return self.layers[-1]

    def layer(self, name: str) -> Layer:
        """Return the layer of this name. Raises ConfigError, naming the known ones."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        known = ", ".join(layer.name for layer in self.layers)
        raise ConfigError(f"layer {name!r} is not in the network; its layers are {known}")

    def frozen(self, names: Iterable[str]) -> Network:
        """Return the network in which the layers of these names, and no others, do not learn.

        Raises ConfigError for a name that no layer has, and when no layer is left that learns.
        """
        still = {self.layer(name).name for name in names}
        if len(still) == len(self.layers):
            raise ConfigError("all layers are frozen, so nothing would learn; leave one out")
        described = self.to_dict()
        for entry in described["layers"]:
            entry["learns"] = entry["name"] not in still
        return Network.from_dict(described)

    @cached_property
    def below_attention(self) -> frozenset[str]:
        """Names of the layers that an attention reads, directly or through others."""
        found: set[str] = set()
        for layer in reversed(self.layers):
            if layer.attention or layer.name in found:
                found |= set(layer.sources)
        return frozenset(found)

    def check_bits_only(self, what: str, heads: Sequence[str] = (CLASSES,)) -> None:
        """Raise ConfigError unless all maps are two-valued and the network tells classes.

        what: what takes no other network, as the error says it.  heads: kinds that it takes.
        """
        reason = ""
        if self.words:
            reason = "its samples are words"
        elif self.ternary:
            reason = "its samples are three-valued"
        elif self.head.kind not in heads:
            reason = f"its head is {self.head.kind}"
        for layer in self.layers:
            if layer.is_ternary:
                reason = reason or f"layer {layer.name} is three-valued"
            if layer.kind not in (DENSE, CONV):
                reason = reason or f"layer {layer.name} is of kind {layer.kind}"
        if reason:
            raise ConfigError(
                f"{what} take networks of two-valued maps that tell classes, and {reason}; use the "
                f"golden model"
            )

    def readers(self, name: str) -> tuple[Layer, ...]:
        """Return the layers that read the layer of this name, or INPUT."""
        return tuple(layer for layer in self.layers if name in layer.sources)


def check_terms(network: Network) -> None:
    """Raise ConfigError unless every sum of a network, forward or backward, has few enough terms.

    Forward a sum has a term per input of its layer, backward one per output of those that read it.
    """
    counts = {"a sample": (network.inputs, "inputs")} | {
        f"layer {number}": (layer.outputs, "outputs")
        for number, layer in enumerate(network.layers, 1)
    }
    for what, (count, unit) in counts.items():
        if count > MAX_TERMS:
            raise ConfigError(
                f"{what} has {count} {unit}; a sum has at most {MAX_TERMS} terms, so the most that "
                f"work are {MAX_TERMS}"
            )
