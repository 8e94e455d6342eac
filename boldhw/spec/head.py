"""The head of a network: what the sums of its last layer mean, and what they are trained towards.

classes     one place; the best score tells the class of a sample
pixels      the best score of each place tells the class of that place
residuals   the score of each place and sub-pixel is a number in fixed point
summed      scores of all places are added up; the best sum tells the class of a sample
last        the best score of the last place tells the class of a sample
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boldhw.errors import ConfigError
from boldhw.spec.checks import check_range
from boldhw.spec.maps import Shape

CLASSES, PIXELS, RESIDUALS = "classes", "pixels", "residuals"
SUMMED, LAST = "summed", "last"
FIELDS = {
    CLASSES: (),
    PIXELS: ("void",),
    RESIDUALS: ("shift", "fraction"),
    SUMMED: (),
    LAST: (),
}
MAX_LABEL = (1 << 15) - 1
MAX_SHIFT = 15


@dataclass(frozen=True, kw_only=True)
class Head:
    """Kind of a head, and what belongs to the kind.

    kind       a key of FIELDS
    void       pixels: the label of places that teach and count nothing; None: there is none
    shift      residuals: bits dropped from a sum before it is a score
    fraction   residuals: bits of a score behind the point
    """

    kind: str = CLASSES
    void: int | None = None
    shift: int = 0
    fraction: int = 0

    @classmethod
    def of(cls, entry: Any) -> Head:
        """Return the head of a JSON object; ``kind`` has to be there. Raises ConfigError."""
        if not isinstance(entry, Mapping) or entry.get("kind") not in tuple(FIELDS):
            raise ConfigError(
                f"head of the network is {entry!r}; it is an object with a kind, one of "
                f"{', '.join(FIELDS)}"
            )
        kind = entry["kind"]
        unknown = set(entry) - {"kind", *FIELDS[kind]}
        if unknown:
            allowed = ", ".join(("kind", *FIELDS[kind]))
            raise ConfigError(
                f"head of the network has a field {min(unknown)!r}; the fields of {kind} are "
                f"{allowed}"
            )
        if entry.get("void") is not None:
            check_range("void of the head", entry["void"], 0, MAX_LABEL)
        for name in ("shift", "fraction"):
            check_range(f"{name} of the head", entry.get(name, 0), 0, MAX_SHIFT)
        return cls(**entry)

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`of` takes; values that it fills in are left out."""
        usual = Head(kind=self.kind)
        changed = (name for name in FIELDS[self.kind] if getattr(self, name) != vars(usual)[name])
        return {"kind": self.kind} | {name: getattr(self, name) for name in changed}

    def check(self, makes: Shape, layer: str) -> None:
        """Raise ConfigError, naming the last layer, unless it makes what the head takes."""
        if self.kind == CLASSES and not makes.is_flat:
            raise ConfigError(
                f"layer {layer} makes scores of {makes}; classes need one score each: make the "
                f"last layer dense, or give the network a head that takes a map, {PIXELS}, "
                f"{RESIDUALS}, {SUMMED} or {LAST}"
            )
