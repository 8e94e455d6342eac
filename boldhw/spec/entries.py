"""A layer as JSON holds it, and the layers that a list of them describes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from boldhw.errors import ConfigError
from boldhw.spec.attention import ROLES, Attention
from boldhw.spec.checks import check_range
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


def _check_count(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{name} is {value!r}; it must be an integer from 1")


def shape_of(inputs: Any) -> Shape:
    """Return the shape of a sample. Raises ConfigError."""
    sizes = inputs if isinstance(inputs, list | tuple) and len(inputs) == 3 else (1, 1, inputs)
    for size in sizes:
        _check_count("inputs of the network", size)
    return Shape(*sizes)


def drafted(entry: Any, is_output: bool) -> dict[str, Any]:
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


def placed(sample: Shape, words: Words | None, drafts: Sequence[dict[str, Any]]) -> Iterable[Layer]:
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


def entry_of(layer: Layer) -> dict[str, Any]:
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
