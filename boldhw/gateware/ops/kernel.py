"""The kernel of a segment, also of one that is a window."""

from amaranth.hdl import Mux, Signal

from boldhw.gateware.ops.ports import op_layout
from boldhw.spec.ops.edges import WINDOW_WORDS
from boldhw.spec.ops.kinds import Segment

SAME = ("in_row", "weight_row", "groups", "lanes", "stride", "top", "left", "height", "width",
        "zero_true", "border")  # fmt: skip


def kernel_of(m, size, part, window, is_window):
    """Return a segment: ``part``, or the pixel of patches that a window makes of an image.

    Values that mean nothing to a window, like jumps, are any. part, window: the descriptor as
    either kind.
    """
    found = Signal(op_layout(Segment))
    words = Mux(window.groups > size.granules, WINDOW_WORDS, 1)
    own = {"taps": 1, "across": 1, "down": 1, "dilation": 1, "words": words}
    own |= {name: getattr(window, name) for name in SAME}
    for each in Segment.values():
        value = getattr(part, each.name)
        if each.name in own:
            value = Mux(is_window, own[each.name], value)
        m.d.comb += found[each.name].eq(value)
    return found


def counts_twice(window, is_window):
    """Return a condition: T's and F's of patches vote one after the other.

    In {F,T} coding what is outside of an image is neither.
    """
    return is_window & window.border & ~window.zero_true
