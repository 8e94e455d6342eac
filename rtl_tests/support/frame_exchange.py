"""Frames over a bad line: each must be executed once, in order."""

import numpy as np
from boldhost.link import Link
from support.channel import Chain, Line, link_of_chain
from support.driver_case import ENGINE

from boldhw.spec.protocol import FRAME_WINDOW, MAX_PAYLOAD

RATES = [1e-6, 1e-5, 1e-4, 1e-3]
SHORT_PAYLOAD = 40  # for the worst line: 92 of 100 of the longest frames are harmed there
# A cut of 600 bytes swallows 54 copies of the shortest frame, one after the other, and another cut
# may follow at once: in a million frames 100 silences in a row do happen.
TRIES = 1000


def requests(count, longest, seed):
    """Yield random commands; their payloads have up to ``longest`` bytes."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        kind = int(generator.integers(2, 12))
        yield kind, int(generator.integers(1 << 16)), generator.bytes(generator.integers(longest))


def exchange(rate, count, seed):
    """Send ``count`` frames over a bad line; assert that each is executed once, in order."""
    longest = MAX_PAYLOAD if rate < 1e-3 else SHORT_PAYLOAD
    board = Chain(ENGINE)
    line = Line(board, rate, seed)
    link = Link(line, tries=TRIES)
    link.hello()
    link.frame_window = FRAME_WINDOW
    greeted, state = board.executed.total(), 0
    expected = requests(count, longest, seed)

    def receive(reply):
        nonlocal state
        state, wanted = link_of_chain(state, *next(expected))
        assert reply == wanted

    link.calls(requests(count, longest, seed), receive)
    assert (board.executed.total() - greeted, board.state) == (count, state)
    assert (link.resent > 0) == (sum(noise.counts.total() for noise in line.noises) > 0)
