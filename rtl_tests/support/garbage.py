"""How often Python looks for garbage."""

import gc


def seldom():
    """Look for garbage seldom, and never in what there is already.

    Elaboration makes millions of objects that stay: looking through them again and again takes a
    quarter of its time. A bench ends before its garbage is much.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
