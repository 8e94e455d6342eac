"""What ``boldhw build`` shows while it works: lines anywhere, a live display on a terminal."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from boldhw.cli import building
from boldhw.cli.building import Display, Lines, shown
from boldhw.flow.build import Placed
from boldhw.flow.watch import Watch


class Failed(Exception):
    """What ends a step."""


def test_lines_of_steps_and_seeds(capfd, monkeypatch):
    times = iter([0.0, 5.0, 7.0, 31.0])
    monkeypatch.setattr("boldhw.cli.building.time.monotonic", lambda: next(times))
    with shown() as watch:
        assert type(watch) is Lines
        with watch.step("place and route"):
            for seed, line in ((1, "one"), (1, "two"), (2, "three"), (1, "four")):
                watch.said(seed, line)
            watch.placed(1, Placed(1, 25.5, 10))
            watch.placed(2, None)
    err = capfd.readouterr().err.splitlines()
    assert err[:-1] == [
        "place and route ...",
        "seed 1: one",
        "seed 2: three",
        "seed 1: four",
        "seed 1: 25.5 MHz",
        "seed 2: the router never finishes",
    ]
    assert err[-1].startswith("place and route: ")


def test_a_step_that_fails_has_no_end():
    heard, watch = [], Watch()
    watch.begin, watch.end = heard.append, lambda *each: heard.append(each)
    with pytest.raises(Failed), watch.step("synthesis"):
        raise Failed
    assert heard == ["synthesis"]
    with watch.step("synthesis"):
        pass
    assert heard[-1][0] == "synthesis"


def test_the_display_has_a_line_a_seed():
    with Progress(console=Console(file=io.StringIO(), force_terminal=True)) as bar:
        watch = Display(bar)
        texts = lambda: [task.description for task in bar.tasks]  # noqa: E731
        watch.begin("place and route")
        watch.said(1, "placing")
        watch.said(2, "packing")
        watch.said(1, "routing")
        assert texts() == ["place and route", "seed 1: routing", "seed 2: packing"]
        watch.placed(1, Placed(1, 25.5, 10))
        assert texts() == ["place and route", "seed 2: packing"]
        watch.end("place and route", 2.0)
        assert texts() == []


def test_a_terminal_gets_the_display(monkeypatch):
    file = io.StringIO()
    terminal = Console(file=file, force_terminal=True, width=60)
    monkeypatch.setattr("rich.console.Console", lambda **_: terminal)
    monkeypatch.setattr(building, "say", terminal.print)
    with shown() as watch:
        assert type(watch) is Display
        with watch.step("place and route"):
            watch.said(1, "a [red]line[/] of nextpnr " + 60 * "x")
    text = file.getvalue()
    assert "seed 1: a [red]line[/] of nextpnr xxx" in text
    assert 60 * "x" not in text
