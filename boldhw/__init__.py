"""Hardware that trains Boolean networks by flipping weights."""

_EXPORTS = {"Network": "boldhw.golden.network", "Trainer": "boldhw.golden.trainer"}

__all__ = ["Network", "Trainer"]


def __getattr__(name):
    """Import the golden model when it is asked for: gateware goes without NumPy."""
    if name not in _EXPORTS:
        raise AttributeError(f"module 'boldhw' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_EXPORTS[name]), name)
