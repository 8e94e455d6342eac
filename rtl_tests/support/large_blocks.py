"""Units as they are built for certain devices."""

from types import SimpleNamespace

ECP5, GOWIN = (SimpleNamespace(family=family) for family in ("ecp5", "GW2AR-18C"))


def with_large_blocks(unit, platform=ECP5):
    """Return a subclass of a unit that elaborates as for an ECP5, or a Gowin, on any platform."""

    class LargeBlocks(unit):
        def elaborate(self, _):
            return super().elaborate(platform)

    return LargeBlocks
