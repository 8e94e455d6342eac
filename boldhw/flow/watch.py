"""What a build tells as it goes on: its steps, their seconds, and what nextpnr says."""

import time
from contextlib import contextmanager


class Watch:
    """Hears of a build; its methods do nothing. Those of one that shows it are called by threads.

    begin(step)           a step begins, such as ``synthesis``
    end(step, seconds)    it has ended
    said(seed, line)      nextpnr's log of a seed has a new last line; at most once a second
    placed(seed, found)   a seed is done: what was Placed, None if no router finishes
    """

    def begin(self, step):
        """Hear that a step begins."""

    def end(self, step, seconds):
        """Hear that a step has ended."""

    def said(self, seed, line):
        """Hear the last line in nextpnr's log of a seed."""

    def placed(self, seed, found):
        """Hear what became of a seed."""

    @contextmanager
    def step(self, name):
        """Tell beginning and end of a block; of one that fails the beginning alone."""
        self.begin(name)
        start = time.perf_counter()
        yield
        self.end(name, time.perf_counter() - start)


SILENT = Watch()


def last_line(text):
    """Return the last line of nextpnr's log that says something, without its kind; may be empty."""
    lines = [line.strip() for line in text.splitlines()]
    return next((line.removeprefix("Info:").strip() for line in reversed(lines) if line), "")
