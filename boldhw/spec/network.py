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
from boldhw.spec.attention import ROLES, Attention
from boldhw.spec.checks import check_range, check_widths
from boldhw.spec.head import Head
from boldhw.spec.layer import (
    ACTIVATIONS,
    ATTENTION,
    CONV,
    DENSE,
    EMBEDDING,
    INPUT,
    KINDS,
    MAX_GAIN,
    SCORES,
    TERNARY,
    THRESHOLD,
    Layer,
    Place,
    Tap,
)
from boldhw.spec.maps import Kernel, Shape, joined
from boldhw.spec.words import Words, embedded

MAX_TERMS = 1 << 14  # of a sum; so many are exact everywhere
FIELDS = (
    "name",
    "kind",
    "taps",
    "outputs",
    "learns",
    "activation",
    "kernel",
    "attention",
)  # of a layer in JSON


@dataclass(frozen=True)
class Network:
    """A graph of layers over samples of one shape; make one by a class method.

    sample   shape of a sample
    layers   each behind those that it reads; the last one is the output
    head     what the sums of the last one mean
    ternary  the planes of a sample are three-valued: T, F or 0
    words    of samples that are words and not bits
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
        sample, entries = words.shape if words else _sample(entry), described["layers"]
        if not isinstance(entries, list | tuple) or not entries:
            raise ConfigError("layers of the network is not a list with at least one layer")
        drafts = [_draft(entry, index == len(entries) - 1) for index, entry in enumerate(entries)]
        head = Head.of(described["head"]) if "head" in described else Head()
        return cls(sample, tuple(_placed(sample, words, drafts)), head, bool(ternary), words)

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`from_dict` takes; values that it fills in are left out."""
        sample = self.sample
        sizes = [sample.height, sample.width, sample.planes]
        inputs = self.words.to_dict() if self.words else sample.bits if sample.is_flat else sizes
        found: dict[str, Any] = {
            "inputs": inputs,
            "layers": [_entry(layer) for layer in self.layers],
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

    def readers(self, name: str) -> tuple[Layer, ...]:
        """Return the layers that read the layer of this name, or INPUT."""
        return tuple(layer for layer in self.layers if name in layer.sources)


def _check_count(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{name} is {value!r}; it must be an integer from 1")


def _sample(inputs: Any) -> Shape:
    """Return the shape of a sample. Raises ConfigError."""
    sizes = inputs if isinstance(inputs, list | tuple) and len(inputs) == 3 else (1, 1, inputs)
    for size in sizes:
        _check_count("inputs of the network", size)
    return Shape(*sizes)


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
        "learns": entry.get("kind") != ATTENTION,
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
    draft["taps"] = _taps(name, draft.get("taps"), draft["kind"])
    return draft | _parts(draft)


def _parts(draft: dict[str, Any]) -> dict[str, Any]:
    """Return kernel and attention of a layer, None where its kind has none. Raises ConfigError."""
    name, kind = draft["name"], draft["kind"]
    for field, article, owner in (("kernel", "a", CONV), ("attention", "an", ATTENTION)):
        if draft.get(field) is not None and kind != owner:
            raise ConfigError(
                f"layer {name} is {kind} and has {article} {field}; leave it out, or make it "
                f"{owner}"
            )
    if kind != CONV:
        _check_places(name, kind, draft["taps"])
    return {
        "kernel": Kernel.of(draft.get("kernel"), name) if kind == CONV else None,
        "attention": Attention.of(draft.get("attention"), name) if kind == ATTENTION else None,
    }


def _taps(name: str, entries: Any, kind: str) -> tuple[Tap, ...]:
    if not isinstance(entries, list | tuple) or not entries:
        raise ConfigError(f"layer {name} reads nothing; give it taps")
    try:
        taps = tuple(Tap(**entry) for entry in entries)
    except TypeError as error:
        raise ConfigError(
            f"taps of layer {name} are {entries!r}; each is an object with a source, dy, dx and "
            f"gain"
        ) from error
    if kind == ATTENTION and len(taps) != len(ROLES):
        raise ConfigError(
            f"layer {name} has {len(taps)} taps; attention has {len(ROLES)}: {', '.join(ROLES)}"
        )
    if kind != ATTENTION and len({(tap.source, tap.dy, tap.dx) for tap in taps}) < len(taps):
        raise ConfigError(f"layer {name} reads a source twice at a place; name each one once")
    for tap in taps:
        check_range(f"gain of layer {name}", tap.gain, 0, 0 if tap.source == INPUT else MAX_GAIN)
    if len({(tap.source, tap.gain) for tap in taps}) > len({tap.source for tap in taps}):
        raise ConfigError(
            f"taps of layer {name} give one source several gains; give all taps of a source one"
        )
    return taps


def _check_places(name: str, kind: str, taps: Sequence[Tap]) -> None:
    for tap in taps:
        if (tap.dy, tap.dx) != (0, 0):
            raise ConfigError(
                f"layer {name} is {kind} and reads {tap.source} at ({tap.dy}, {tap.dx}); only a "
                f"convolution reads at an offset, so dy and dx are 0"
            )


def _placed(
    sample: Shape, words: Words | None, drafts: Sequence[dict[str, Any]]
) -> Iterable[Layer]:
    """Yield the layers of all drafts, with their fan-in and place. Raises ConfigError."""
    shapes = {INPUT: sample}
    readers: dict[str, list[str]] = {}
    for draft in drafts:
        for tap in draft["taps"]:
            if tap.source not in shapes:
                raise ConfigError(
                    f"layer {draft['name']} reads {tap.source!r}, which is not before it; it can "
                    f"read {', '.join(shapes)}"
                )
            readers.setdefault(tap.source, []).append(draft["name"])
        if draft["name"] in shapes:
            raise ConfigError(f"two layers are called {draft['name']!r}; names must differ")
        draft |= _read(draft, words, {tap.source: shapes[tap.source] for tap in draft["taps"]})
        shapes[draft["name"]] = draft["makes"]
    last = drafts[-1]["name"]
    for draft in drafts:
        name = draft["name"]
        if name != last and name not in readers:
            raise ConfigError(f"nothing reads layer {name}; leave it out or read it")
        if name == last and draft["kind"] in (EMBEDDING, ATTENTION):
            raise ConfigError(
                f"layer {name} is {draft['kind']} and the last one; put a layer with scores "
                f"behind it"
            )
        if draft["kind"] in (EMBEDDING, ATTENTION) and draft["activation"] == TERNARY:
            raise ConfigError(
                f"activation of layer {name} is {TERNARY}; an {draft['kind']} has bits"
            )
        if (draft["activation"] == SCORES) != (name == last):
            raise ConfigError(
                f"activation of layer {name} is {draft['activation']}; the last layer has scores, "
                f"all others do not"
            )
        yield Layer(
            **draft,
            place=Place(
                reads_input=any(tap.source == INPUT for tap in draft["taps"]),
                is_output=name == last,
                feeds_hidden=any(reader != last for reader in readers.get(name, ())),
            ),
        )


def _read(
    draft: dict[str, Any], words: Words | None, sources: Mapping[str, Shape]
) -> dict[str, Any]:
    """Return what a layer reads of its sources, its fan-in, and what it makes of them."""
    name, outputs = draft["name"], draft["outputs"]
    if draft["kind"] == EMBEDDING:
        return embedded(words, tuple(sources), outputs, name)
    found = _read_maps(draft, sources)
    if words:
        if INPUT in sources:
            raise ConfigError(f"layer {name} reads words; only an embedding does, read one instead")
        words.check(found["makes"], name)
    return found


def _read_maps(draft: dict[str, Any], sources: Mapping[str, Shape]) -> dict[str, Any]:
    """Return the same of a layer that reads bits."""
    name, outputs, kernel = draft["name"], draft["outputs"], draft["kernel"]
    if draft["attention"]:
        roles = [sources[tap.source] for tap in draft["taps"]]
        makes = draft["attention"].makes(roles, outputs, name)
        bits = sum(shape.planes for shape in roles)
        return {
            "inputs": makes.height * makes.width + 1,
            "reads": Shape(makes.height, makes.width, bits),
            "makes": makes,
        }
    if kernel is None:
        bits = sum(shape.bits for shape in sources.values())
        return {"inputs": bits, "reads": Shape(1, 1, bits), "makes": Shape(1, 1, outputs)}
    reads = joined(sources, name)
    planes = sum(sources[tap.source].planes for tap in draft["taps"])
    return {
        "inputs": kernel.side**2 * planes,
        "reads": reads,
        "makes": kernel.makes(reads, outputs, name),
    }


def _entry(layer: Layer) -> dict[str, Any]:
    """Return a layer as JSON holds it."""
    entry: dict[str, Any] = {
        "name": layer.name,
        "taps": [
            {"source": tap.source} | {k: v for k in ("dy", "dx", "gain") if (v := getattr(tap, k))}
            for tap in layer.taps
        ],
        "outputs": layer.outputs,
    }
    if layer.kind != DENSE:
        entry["kind"] = layer.kind
    for part in ("kernel", "attention"):
        if found := getattr(layer, part):
            entry[part] = found.to_dict()
    if not layer.learns and not layer.attention:
        entry["learns"] = False
    if layer.is_ternary:
        entry["activation"] = layer.activation
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
