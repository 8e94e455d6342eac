"""What the device of a build offers."""


def is_up5k(platform):
    """Say whether a design is elaborated for an iCE40UP5K."""
    return getattr(platform, "device", None) == "iCE40UP5K"


def has_large_blocks(platform):
    """Return whether a design is for a device whose block RAM holds 18 kbit: ECP5, Gowin.

    That of an iCE40 holds 4 kbit and writes single bits; a simulator takes any memory.
    """
    return getattr(platform, "family", None) == "ecp5" or is_gowin(platform)


def is_gowin(platform):
    """Say whether a design is elaborated for a Gowin device."""
    return (getattr(platform, "family", None) or "").startswith("GW")
