"""The time lines in the docstrings of the passes are what the passes do.

In a time line a port of one bit is 1 or ``.``; another one has a number, or ``.`` where its value
does not matter.
"""

import inspect
from dataclasses import replace
from functools import cache

import pytest
from support.core_trace import CONFIG, pass_ports

from boldhw.gateware.passes.backward import BackwardPass
from boldhw.gateware.passes.forward import ForwardPass
from boldhw.gateware.passes.streaming_backward import StreamingBackwardPass
from boldhw.gateware.passes.update import UpdatePass

STREAMING = replace(CONFIG, dual_port=True)
# Of each time line of a docstring, in order: the engine, the pass, and its cycle 0 in cycles of the
# pass.
PLACES = {
    ForwardPass: [(CONFIG, "forward", 0), (CONFIG, "forward", 21), (STREAMING, "forward", 0)],
    BackwardPass: [(CONFIG, "backward", 33)],
    StreamingBackwardPass: [(STREAMING, "backward", 14)],
    UpdatePass: [(CONFIG, "update", 6), (STREAMING, "update", 5), (STREAMING, "update", 54)],
}
LINES = [(each, index) for each, places in PLACES.items() for index in range(len(places))]

ports_of = cache(pass_ports)


def time_lines(docstring):
    """Return the time lines of a docstring: of each a list of (port, its entries by cycle)."""
    found, inside = [], False
    for line in docstring.splitlines():
        name, *cells = line.split() or [""]
        if name == "cycle":
            found.append([])
            assert cells == [str(cycle) for cycle in range(len(cells))]
            count = len(cells)
        elif inside and name:
            assert len(cells) == count, line
            found[-1].append((name, cells))
        inside = bool(name) and (inside or name == "cycle")
    return found


def differences(line, ports, first):
    """Return (port, cycle) of each entry of a time line that is not what the ports do."""
    found = []
    for name, cells in line:
        port = ports[name]
        for cycle, cell in enumerate(cells):
            value = port.values[first + cycle]
            silent = value == 0 if port.width == 1 else True
            if not (silent if cell == "." else int(cell) == value):
                found.append((name, cycle))
    return found


@pytest.mark.parametrize(("component", "index"), LINES)
def test_a_time_line_is_what_the_pass_does(component, index):
    config, name, first = PLACES[component][index]
    line = time_lines(inspect.cleandoc(component.__doc__))[index]
    assert differences(line, ports_of(config)[name], first) == []


@pytest.mark.parametrize("component", PLACES)
def test_every_time_line_is_checked(component):
    assert len(time_lines(inspect.cleandoc(component.__doc__))) == len(PLACES[component])


@pytest.mark.parametrize(("component", "index"), LINES)
def test_a_planted_entry_is_found(component, index):
    """An entry of each port, in its first cycle that has one, is another one."""
    config, name, first = PLACES[component][index]
    ports = ports_of(config)[name]
    for port, cells in time_lines(inspect.cleandoc(component.__doc__))[index]:
        cycle = next(cycle for cycle, cell in enumerate(cells) if cell != ".")
        wrong = "." if ports[port].width == 1 else str(int(cells[cycle]) + 1)
        planted = [*cells[:cycle], wrong, *cells[cycle + 1 :]]
        assert differences([(port, planted)], ports, first) == [(port, cycle)]
