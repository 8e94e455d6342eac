"""What a verb prints: its result on stdout, everything else on stderr."""

import functools
import json
import os
import sys
from contextlib import contextmanager, redirect_stdout

import click

from boldhw.errors import naming


def verb(*, name=None, text=None, exit_code=lambda result: 0):
    """Make a click command of a function that returns its result as a JSON-able dict.

    The command gains ``--json``. ``text`` turns the result into the words printed without it;
    ``exit_code`` says from the result how the process ends.
    """

    def wrap(function):
        @click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
        @functools.wraps(function)
        def run(as_json, **options):
            with stdout_to_stderr():
                result = function(**options)
            write(json.dumps(result) if as_json else (text or key_values)(result))
            return exit_code(result)

        return click.command(name or function.__name__)(run)

    return wrap


@contextmanager
def stdout_to_stderr():
    """Send what anyone prints on stdout, child processes included, to stderr."""
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)


def key_values(result):
    """Return one aligned ``key  value`` line per entry of a result."""
    width = max(map(len, result))
    return "\n".join(f"{key:<{width}}  {_short(value)}" for key, value in result.items())


def _short(value):
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value)


def table(rows, columns):
    """Return the ``columns`` of a list of dicts as aligned lines under a heading."""
    cells = [columns] + [[str(_short(row[column])) for column in columns] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    lines = ["  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)) for row in cells]
    return "\n".join(line.rstrip() for line in lines)


def say(message):
    """Print a line for the person at the terminal."""
    write(message, err=True)


def write(text, err=False):
    """Print a line on stdout or stderr. A reader that has left, as head does, just misses it."""
    try:
        with naming("standard error" if err else "standard output"):
            click.echo(text, err=err)
    except OSError as error:
        nobody = os.open(os.devnull, os.O_WRONLY)  # takes what is left to print, at the end too
        os.dup2(nobody, (sys.stderr if err else sys.stdout).fileno())
        os.close(nobody)
        if not isinstance(error, BrokenPipeError):
            raise


@contextmanager
def progress(total, text, unit=None):
    """Show a bar of ``total`` steps on stderr, nothing when stderr is no terminal.

    Time elapsed and time left are shown, and with a ``unit`` steps per second. Yields
    ``step(count, text)``: move on by ``count`` steps and show ``text`` behind the bar.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    class Rate(ProgressColumn):
        def render(self, task):
            return f"{task.speed:,.0f} {unit}" if task.speed else ""

    console = Console(stderr=True)
    columns = (
        BarColumn(), TextColumn("{task.percentage:.0f} %"), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(), *([Rate()] if unit else []),
    )  # fmt: skip
    with Progress(
        *columns,
        TextColumn("{task.description}"),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as bar:
        task = bar.add_task(text, total=total)
        yield lambda count, text: bar.update(task, advance=count, description=text)
