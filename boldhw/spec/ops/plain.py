"""What ops of a plain array are restricted to: it has no logic for the rest."""

from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.fields import Op
from boldhw.spec.ops.kinds import (
    Count,
    End,
    Expand,
    Flip,
    Loss,
    Mac,
    Part,
    Segment,
    Sink,
    Turn,
    Vote,
    Window,
)

# Least and largest value. Strides, dilation, and maps whose F's count beside their borders; decay,
# means of inputs and sums of deltas; several outputs of a class.
PLAIN: dict[type[Op], dict[str, tuple[int, int]]] = {
    Segment: {"border": (0, 0), "dilation": (1, 1), "stride": (0, 1)},
    Window: {"zero_true": (1, 1), "stride": (1, 1)},
    Mac: {"planes": (1, 1), "dead": (0, 255)},
    Expand: {"stride": (1, 1)},
    Turn: {"planes": (1, 1), "stride": (1, 1)},
    Vote: {"planes": (1, 1), "rounding": (0, 1), "decay": (0, 0)},
    Flip: {"balanced": (0, 0), "clears": (0, 0), "decay": (0, 0)},
    Count: {"part": (Part.FIRST, Part.SECOND)},
    Loss: {"per_class": (1, 1)},
}


# The same, of an array that infers only; it takes these kinds of ops.
INFERENCE: dict[type[Op], dict[str, tuple[int, int]]] = {
    Segment: {"deltas": (0, 0), "advance": (0, 0)},
    Window: {},
    Mac: {"sink": (Sink.BITS, Sink.SCORES), "fold": (1, 1)},
    End: {},
}


def limits_of(size: ArraySize, kind: type[Op]) -> dict[str, tuple[int, int]]:
    """Return the least and the largest value of what ops of a kind are restricted to, by name."""
    found = PLAIN.get(kind, {}) if size.plain else {}
    return found | INFERENCE.get(kind, {}) if size.inference else found
