import pytest
import simulate

from boldhw.gateware.uart import UartReceiver, UartTransmitter

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
