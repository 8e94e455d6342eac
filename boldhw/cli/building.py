"""How ``boldhw build`` goes on, on stderr: a live display on a terminal, lines anywhere."""

import time
from contextlib import contextmanager

from boldhw.cli.output import say
from boldhw.flow.watch import Watch

EVERY = 30  # seconds between two lines of nextpnr where there is no terminal


class Lines(Watch):
    """Says a line for each step, and now and then what nextpnr says."""

    def __init__(self):
        self._last = {}

    def begin(self, step):
        """Say that a step begins."""
        say(f"{step} ...")

    def end(self, step, seconds):
        """Say how long it took."""
        say(f"{step}: {seconds:.1f} s")

    def said(self, seed, line):
        """Say a line of nextpnr, unless there was one a moment ago."""
        now = time.monotonic()
        if now - self._last.get(seed, -EVERY) >= EVERY:
            self._last[seed] = now
            say(f"seed {seed}: {line}")

    def placed(self, seed, found):
        """Say what became of a seed."""
        say(f"seed {seed}: {f'{found.fmax_mhz} MHz' if found else 'the router never finishes'}")


class Display(Lines):
    """Shows the step that goes on with its seconds, and below it nextpnr's last line of each seed.

    bar: a rich Progress whose tasks have seconds.
    """

    def __init__(self, bar):
        super().__init__()
        self._bar, self._step, self._seeds = bar, None, {}

    def begin(self, step):
        """Show a step."""
        self._step = self._bar.add_task(step)

    def end(self, step, seconds):
        """Leave its line with the seconds behind."""
        for task in (self._step, *self._seeds.values()):
            self._bar.remove_task(task)
        self._seeds.clear()
        super().end(step, seconds)

    def said(self, seed, line):
        """Show a line of nextpnr."""
        text = f"seed {seed}: {line}"
        if seed in self._seeds:
            self._bar.update(self._seeds[seed], description=text)
        else:
            self._seeds[seed] = self._bar.add_task(text)

    def placed(self, seed, found):
        """Leave the line of a seed behind."""
        if seed in self._seeds:
            self._bar.remove_task(self._seeds.pop(seed))
        super().placed(seed, found)


@contextmanager
def shown():
    """Yield the Watch for the terminal there is, if there is one."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    text = TextColumn(
        "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")
    )
    columns = SpinnerColumn(), TimeElapsedColumn(), text
    with Progress(*columns, console=console, transient=True) as bar:
        yield Display(bar)
