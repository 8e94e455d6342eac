"""The UPduino 3: an iCE40UP5K without a serial port of its own.

Its 12 MHz oscillator reaches the design once the jumper OSC is soldered; a USB serial adapter with
3.3 V levels goes to two header pins.
"""

from dataclasses import replace
from typing import Any

from boldboards.icebreaker import ICEBREAKER, OSCILLATOR_HZ

RX, TX = "28", "38"  # the pins gpio_28 and gpio_38 of the left header


def _platform() -> Any:
    from amaranth.build import Attrs
    from amaranth_boards.resources import UARTResource
    from amaranth_boards.upduino_v3 import UpduinoV3Platform

    platform = UpduinoV3Platform()
    attributes = Attrs(IO_STANDARD="SB_LVCMOS")
    platform.add_resources([UARTResource(0, rx=RX, tx=TX, attrs=attributes)])
    return platform


def _clock(clock_hz: int) -> Any:
    from boldboards.ice40 import Ice40Clock

    return Ice40Clock("clk12", OSCILLATOR_HZ, clock_hz, at_pin=False)


UPDUINO_V3 = replace(
    ICEBREAKER,
    name="upduino_v3",
    memories="30 block RAMs of 4 kbit, 4 single-port RAMs of 256 kbit",
    store="none",
    store_bytes=0,
    memory=None,
    store_config=None,
    store_network=None,
    link_text="USB serial adapter on pins 28 and 38, 3 Mbaud",
    loader="upduino3.0",
    platform=_platform,
    clock=_clock,
)
