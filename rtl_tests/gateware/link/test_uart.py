import pytest
from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from support import simulate

from boldhw.gateware.link.uart import UartReceiver, UartTransmitter

DIVIDERS = [8, 26]  # 3 Mbaud at 24 MHz; 460,800 baud at 12 MHz


@pytest.mark.parametrize("divider", DIVIDERS)
def test_receiver(sim, divider):
    parameters = {"divider": divider}
    simulate.run(UartReceiver(divider), "bench_uart_receiver", sim, tests=6, parameters=parameters)


@pytest.mark.parametrize("divider", DIVIDERS)
def test_transmitter(sim, divider):
    parameters = {"divider": divider}
    simulate.run(
        UartTransmitter(divider), "bench_uart_transmitter", sim, tests=3, parameters=parameters
    )


class BothEnds(wiring.Component):
    """A receiver and a transmitter side by side."""

    pin_in: In(1, init=1)
    o: Out(stream.Signature(8))
    i: In(stream.Signature(8))
    pin_out: Out(1, init=1)

    def __init__(self, divider):
        self.divider = divider
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.receiver = receiver = UartReceiver(self.divider)
        m.submodules.transmitter = transmitter = UartTransmitter(self.divider)
        wiring.connect(m, receiver.o, wiring.flipped(self.o))
        wiring.connect(m, wiring.flipped(self.i), transmitter.i)
        m.d.comb += [receiver.pin.eq(self.pin_in), self.pin_out.eq(transmitter.pin)]
        return m


def test_ten_thousand_bytes_against_another_uart():
    parameters = {"divider": 8, "bytes": 10_000}
    simulate.run(BothEnds(8), "bench_uart_line", "verilator", tests=2, parameters=parameters)
