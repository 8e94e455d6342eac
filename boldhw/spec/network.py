"""A network: a graph of layers, each of which says what it reads.

``784-72-10`` is the shorthand for a chain of dense layers. Everything that needs to know a network
(layout, cycle model, settings, driver, checkpoint) takes a :class:`Network` and asks a layer for
what it needs; no layer knows its index or its neighbours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from boldhw.errors import ConfigError
from boldhw.spec.checks import check_widths

MAX_TERMS = 1 << 14  # of a sum; so many are exact everywhere
INPUT = "input"  # name of the sample, as a source of taps
DENSE = "dense"  # kind of a layer whose outputs read everything of their sources
KINDS = (DENSE,)
THRESHOLD, SCORES = "threshold", "scores"  # an output is a bit: sum >= tau; or the sum itself
ACTIVATIONS = (THRESHOLD, SCORES)
FIELDS = ("name", "kind", "taps", "outputs", "learns", "activation")  # of a layer in JSON


@dataclass(frozen=True)
class Tap:
    """Something that a layer reads: the outputs of ``source``, at an offset in a map.

    source   name of a layer, or INPUT
    dy, dx   rows and columns by which the place read lies below and right of the output's; a dense
             layer reads every place, so both are 0
    """

    source: str
    dy: int = 0
    dx: int = 0


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
    taps         what it reads
    inputs       bits that one output reads, its fan-in
    outputs      bits, or scores, that it makes
    learns       False: its weights stay as they are
    activation   one of ACTIVATIONS
    place        where it is in the network
    """

    name: str
    kind: str
    taps: tuple[Tap, ...]
    inputs: int
    outputs: int
    learns: bool
    activation: str
    place: Place

    @property
    def weights(self) -> int:
        """Number of weights."""
        return self.inputs * self.outputs

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of its weights: (outputs, inputs)."""
        return self.outputs, self.inputs

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of what it reads, each once."""
        return tuple(dict.fromkeys(tap.source for tap in self.taps))


@dataclass(frozen=True)
class Network:
    """A graph of layers over samples of ``inputs`` bits; make one by a class method.

    inputs   bits of a sample
    layers   each behind those that it reads; the last one is the output
    """

    inputs: int
    layers: tuple[Layer, ...]

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
        """Return the chain of dense layers that a text such as ``784-72-10`` describes.

        Raises ConfigError when it is not at least two positive integers joined by hyphens.
        """
        parts = str(text).split("-")
        if len(parts) < 2 or not all(part.isdecimal() and int(part) > 0 for part in parts):
            raise ConfigError(
                f"network {text!r} is not a list of layer widths; write input, hidden and output "
                f"widths joined by hyphens, such as 784-120-10"
            )
        return cls.chain([int(part) for part in parts])

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

        A layer has a ``name``, ``taps`` (each a ``source``, and ``dy`` and ``dx`` if they are not
        0) and ``outputs``; ``kind``, ``learns`` and ``activation`` if they are not ``dense``, true
        and ``threshold``, or ``scores`` for the last one. Raises ConfigError that names the layer.
        """
        if not isinstance(described, Mapping) or set(described) != {"inputs", "layers"}:
            raise ConfigError("a network is an object with the keys inputs and layers")
        inputs, entries = described["inputs"], described["layers"]
        _check_count("inputs of the network", inputs)
        if not isinstance(entries, list | tuple) or not entries:
            raise ConfigError("layers of the network is not a list with at least one layer")
        drafts = [_draft(entry, index == len(entries) - 1) for index, entry in enumerate(entries)]
        return cls(inputs, tuple(_placed(inputs, drafts)))

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`from_dict` takes; values that it fills in are left out."""
        return {"inputs": self.inputs, "layers": [_entry(layer) for layer in self.layers]}

    def to_json(self) -> str:
        """Return the network as JSON text."""
        return json.dumps(self.to_dict())

    def __str__(self) -> str:
        """Return the shorthand of a chain, JSON of any other network."""
        return "-".join(map(str, self.widths)) if self.is_chain else self.to_json()

    @cached_property
    def is_chain(self) -> bool:
        """Whether each layer is dense, learns and reads exactly the one before."""
        return self == Network.chain([self.inputs, *(layer.outputs for layer in self.layers)])

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

    def readers(self, name: str) -> tuple[Layer, ...]:
        """Return the layers that read the layer of this name, or INPUT."""
        return tuple(layer for layer in self.layers if name in layer.sources)


def _check_count(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{name} is {value!r}; it must be an integer from 1")


def _draft(entry: Any, is_output: bool) -> dict[str, Any]:
    """Return the fields of a layer's entry, those that are left out filled in."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        raise ConfigError(f"{entry!r} is not a layer; a layer is an object with a name")
    name = entry["name"]
    unknown = set(entry) - set(FIELDS)
    if unknown:
        raise ConfigError(
            f"layer {name} has a field {min(unknown)!r}; the fields are {', '.join(FIELDS)}"
        )
    draft = {
        "kind": DENSE,
        "learns": True,
        "activation": SCORES if is_output else THRESHOLD,
        **entry,
    }
    _check_count(f"outputs of layer {name}", draft.get("outputs"))
    for field, choices in (("kind", KINDS), ("activation", ACTIVATIONS), ("learns", (True, False))):
        if draft[field] not in choices or type(draft[field]) is not type(choices[0]):
            raise ConfigError(
                f"{field} of layer {name} is {draft[field]!r}; choose "
                f"{' or '.join(map(str, choices))}"
            )
    draft["taps"] = _taps(name, draft.get("taps"))
    return draft


def _taps(name: str, entries: Any) -> tuple[Tap, ...]:
    if not isinstance(entries, list | tuple) or not entries:
        raise ConfigError(f"layer {name} reads nothing; give it taps")
    try:
        taps = tuple(Tap(**entry) for entry in entries)
    except TypeError as error:
        raise ConfigError(
            f"taps of layer {name} are {entries!r}; each is an object with a source, and dy and dx"
        ) from error
    for tap in taps:
        if (tap.dy, tap.dx) != (0, 0):
            raise ConfigError(
                f"layer {name} is dense and reads {tap.source} at ({tap.dy}, {tap.dx}); a dense "
                f"layer reads every place, so dy and dx are 0"
            )
    if len({tap.source for tap in taps}) < len(taps):
        raise ConfigError(f"layer {name} is dense and reads a source twice; name each one once")
    return taps


def _placed(inputs: int, drafts: Sequence[dict[str, Any]]) -> Iterable[Layer]:
    """Yield the layers of all drafts, with their fan-in and place. Raises ConfigError."""
    bits = {INPUT: inputs}
    readers: dict[str, list[str]] = {}
    for draft in drafts:
        for tap in draft["taps"]:
            if tap.source not in bits:
                raise ConfigError(
                    f"layer {draft['name']} reads {tap.source!r}, which is not before it; it can "
                    f"read {', '.join(bits)}"
                )
            readers.setdefault(tap.source, []).append(draft["name"])
        if draft["name"] in bits:
            raise ConfigError(f"two layers are called {draft['name']!r}; names must differ")
        bits[draft["name"]] = draft["outputs"]
    last = drafts[-1]["name"]
    for draft in drafts:
        name = draft["name"]
        if name != last and name not in readers:
            raise ConfigError(f"nothing reads layer {name}; leave it out or read it")
        if (draft["activation"] == SCORES) != (name == last):
            raise ConfigError(
                f"activation of layer {name} is {draft['activation']}; the last layer has scores, "
                f"all others have bits"
            )
        yield Layer(
            **draft,
            inputs=sum(bits[tap.source] for tap in draft["taps"]),
            place=Place(
                reads_input=any(tap.source == INPUT for tap in draft["taps"]),
                is_output=name == last,
                feeds_hidden=any(reader != last for reader in readers.get(name, ())),
            ),
        )


def _entry(layer: Layer) -> dict[str, Any]:
    """Return a layer as JSON holds it."""
    entry: dict[str, Any] = {
        "name": layer.name,
        "taps": [
            {"source": tap.source} | {k: v for k in ("dy", "dx") if (v := getattr(tap, k))}
            for tap in layer.taps
        ],
        "outputs": layer.outputs,
    }
    if layer.kind != DENSE:
        entry["kind"] = layer.kind
    if not layer.learns:
        entry["learns"] = False
    return entry


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
