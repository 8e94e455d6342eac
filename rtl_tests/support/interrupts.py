"""Ctrl-C for the processes that tests start."""

import signal


def heed_interrupts():
    """Undo what a shell does to jobs in the background: they would not see Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
