"""Over a bad line every command is executed exactly once, and the weights are those of a good one.

10,000 frames go to a device in Python, some hundreds more to the simulated board; ``make soak``
sends a million. The rates are errors a bit, see ``channel.KINDS`` for what an error is.
"""

import numpy as np
import pytest
from boldhost.device import Device
from boldhost.link import Link
from support.channel import BYTE_SECONDS, Chain, Line, NoisyTransport
from support.driver_case import ENGINE, make_network, make_samples
from support.frame_exchange import RATES, exchange
from support.golden_board import GoldenBoard
from support.small_engine import SMALL
from support.small_engine import make_network as make_small_network
from support.small_engine import make_samples as make_small_samples

from boldhw.cosim.transport import SimTransport
from boldhw.spec.protocol import FRAME_WINDOW, MAX_PAYLOAD, Command


@pytest.mark.parametrize("rate", RATES)
def test_each_frame_is_executed_once(rate):
    exchange(rate, 2_500, seed=1)


@pytest.mark.parametrize("rate", [1e-4, 1e-3])
def test_a_bad_line_changes_no_weight(rate):
    """A golden board is trained over a bad line: state and counts are those of a good line."""
    (bits, labels), outcomes = make_samples(150), []
    for line_rate in (0, rate):
        board = GoldenBoard(ENGINE)
        line = Line(board, line_rate, seed=3)
        device = Device(Link(line, tries=100))
        device.load(make_network())
        for start in range(0, 150, 10):
            device.train(bits[start : start + 10], labels[start : start + 10])
        outcomes.append((device.state_crc(), device.stat(), board.executed[Command.TRAIN]))
    assert outcomes[0] == outcomes[1]
    assert device._link.resent > 0


def test_a_bad_line_changes_no_weight_of_the_hardware():
    """The generated engine behind a bad line, against the golden network without a line."""
    widths = (37, 21, 5)
    network = make_small_network(SMALL, widths)
    bits, labels = make_small_samples(widths, 5, 60)
    line = NoisyTransport(SimTransport(SMALL), 3e-4, seed=1)
    with Device(Link(line, timeout=0.1, tries=100)) as device:
        device.load(network)
        for start in range(0, 60, 5):
            part = slice(start, start + 5)
            assert device.train(bits[part], labels[part]) == network.train(bits[part], labels[part])
            assert device.state_crc() == network.state_crc()
        assert device._link.resent > 5


@pytest.mark.parametrize(("rate", "count", "least"), [(0, 400, 0.95), (1e-5, 4000, 0.80)])
def test_goodput(rate, count, least):
    """Payload bytes taken, over the bytes that the line could have carried in that time."""
    board = Chain(ENGINE)
    line = Line(board, rate, seed=2)
    link = Link(line)
    link.hello()
    link.frame_window = FRAME_WINDOW
    start = line.clock()
    payload = np.random.default_rng(1).bytes(MAX_PAYLOAD)
    link.calls(((Command.TRAIN, 0, payload) for _ in range(count)), lambda reply: None)
    goodput = count * MAX_PAYLOAD * BYTE_SECONDS / (line.clock() - start)
    assert board.executed[Command.TRAIN] == count
    assert goodput >= least, goodput
