"""What the device of a build offers."""

from types import SimpleNamespace

# What a design is elaborated for without a board, by family. The functions below take these as
# they take the platforms of the boards.
PLATFORMS = {
    "generic": None,
    "ice40": SimpleNamespace(device="iCE40UP5K"),
    "ecp5": SimpleNamespace(family="ecp5"),
    "gowin": SimpleNamespace(family="GW2AR-18C"),
}


def is_up5k(platform):
    """Return whether a design is elaborated for an iCE40UP5K."""
    return getattr(platform, "device", None) == "iCE40UP5K"


def has_large_blocks(platform):
    """Return whether a design is for a device whose block RAM holds 18 kbit: ECP5, Gowin.

    That of an iCE40 holds 4 kbit and writes single bits; a simulator takes any memory.
    """
    return getattr(platform, "family", None) == "ecp5" or is_gowin(platform)


def is_gowin(platform):
    """Return whether a design is elaborated for a Gowin device."""
    return (getattr(platform, "family", None) or "").startswith("GW")
