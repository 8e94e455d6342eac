"""Host driver of boldhw devices. Needs NumPy, pyserial and cobs, no HDL tools."""

from boldhost.device import Device

__all__ = ["Device"]
