"""What a window says besides what a segment says, too."""


def counts_twice(part, is_window):
    """Return a condition: T's and F's of patches vote one after the other.

    In {F,T} coding what is outside of an image is neither. part: the descriptor as a segment, which
    has these values in the same places.
    """
    return is_window & part.border & ~part.zero_true
