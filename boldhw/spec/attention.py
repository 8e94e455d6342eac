"""How an attention layer compares places, and what it asks of its four sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boldhw.errors import ConfigError
from boldhw.spec.maps import Shape

ROLES = ("query", "key", "value", "base")  # of the taps, in this order
MAX_WIDTH = 64  # bits of a head: one machine word holds them
SHARES = 256  # a density of so many is all


@dataclass(frozen=True)
class Attention:
    """How places are chosen; either ``top`` or ``density`` is 0.

    heads     parts into which the planes of all sources are cut; each chooses places on its own
    top       places with the largest scores, for each place; those that tie with the last one pass
    density   share of all pairs of places, in 1/256, that a threshold of the scores is moved to
    """

    heads: int = 1
    top: int = 0
    density: int = 0

    @classmethod
    def of(cls, entry: Any, layer: str) -> Attention:
        """Return the attention of a JSON object. Raises ConfigError that names the layer."""
        if not isinstance(entry, Mapping) or not set(entry) <= {"heads", "top", "density"}:
            raise ConfigError(
                f"attention of layer {layer} is {entry!r}; it is an object with top or density, "
                f"and with heads if there are several"
            )
        if ("top" in entry) == ("density" in entry):
            raise ConfigError(
                f"attention of layer {layer} chooses places by {' and '.join(entry) or 'nothing'}; "
                f"give either top or density"
            )
        for name, highest in (("heads", None), ("top", None), ("density", SHARES - 1)):
            value = entry.get(name, 1)
            if type(value) is not int or value < 1 or (highest and value > highest):
                limit = f"from 1 to {highest}" if highest else "from 1"
                raise ConfigError(
                    f"{name} of layer {layer} is {value!r}; it must be an integer {limit}"
                )
        return cls(**entry)

    def to_dict(self) -> dict[str, int]:
        """Return what :meth:`of` takes; values that it fills in are left out."""
        values = {"heads": self.heads, "top": self.top, "density": self.density}
        return {name: value for name, value in values.items() if value > (name == "heads")}

    def makes(self, sources: Sequence[Shape], outputs: int, layer: str) -> Shape:
        """Return the shape of the outputs. sources: in the order of ROLES.

        Query and key have planes to compare, value and base have those of the output; a head has
        1 to MAX_WIDTH of either. Raises ConfigError that names the layer.
        """
        query, key, value, base = sources
        found = ", ".join(f"{role} {shape}" for role, shape in zip(ROLES, sources, strict=True))
        if query != key or value != base or (query.height, query.width) != (
            value.height, value.width,
        ):  # fmt: skip
            raise ConfigError(
                f"layer {layer} reads {found}; query and key must have one shape, value and base "
                f"too, and all the same rows and columns"
            )
        if outputs != value.planes:
            raise ConfigError(
                f"layer {layer} has {outputs} outputs and a value of {value.planes} planes; make "
                f"them equal"
            )
        for role, shape in (("query", query), ("value", value)):
            width, rest = divmod(shape.planes, self.heads)
            if rest or not 1 <= width <= MAX_WIDTH:
                raise ConfigError(
                    f"layer {layer} shares {shape.planes} planes of its {role} among {self.heads} "
                    f"heads; each must get the same number, at most {MAX_WIDTH}"
                )
        return Shape(value.height, value.width, outputs)
