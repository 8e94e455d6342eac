"""The Verilog of a test's component is kept until a source changes, each one for itself."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from support import kept, simulate


class Wire(wiring.Component):
    """Hands on some bits; its part is never used when the Verilog is kept."""

    def __init__(self, bits=1):
        self.parts = [None, _Part(bits)]
        super().__init__({"a": In(bits), "o": Out(bits)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.part = self.parts[1]
        m.d.comb += [self.parts[1].a.eq(self.a), self.o.eq(self.parts[1].a)]
        return m


class _Part(wiring.Component):
    def __init__(self, bits):
        super().__init__({"a": In(bits)})

    def elaborate(self, platform):
        return Module()


@pytest.fixture
def build(monkeypatch, tmp_path):
    """Return a function that builds as a test that starts anew; the names of what was made."""
    made, convert = [], simulate.to_verilog
    monkeypatch.setattr(kept, "BUILD", tmp_path)
    monkeypatch.setattr(simulate, "compiled", lambda text, sim, ports: text)
    monkeypatch.setattr(
        simulate, "to_verilog", lambda *words: made.append(words) or f"{len(made)}{convert(*words)}"
    )

    def start_anew(*components):
        simulate.BUILDS.clear()
        return [simulate.build(component, "verilator") for component in components]

    return start_anew, made


def test_the_same_test_elaborates_once(build):
    start_anew, made = build
    assert start_anew(Wire()) == start_anew(Wire())
    assert len(made) == 1


def test_each_component_of_a_test_is_kept_for_itself(build):
    start_anew, made = build
    first, second = start_anew(Wire(), Wire())
    assert (first[0], second[0]) == ("1", "2")
    assert start_anew(Wire(), Wire()) == [first, second]
    assert start_anew(Wire(2))[0].startswith("3")
    assert len(made) == 3


def test_another_source_is_something_else(build, monkeypatch):
    start_anew, made = build
    start_anew(Wire())
    monkeypatch.setattr(kept, "sources", lambda: "others")
    start_anew(Wire())
    assert len(made) == 2


def test_outside_of_a_test_nothing_is_kept(build, monkeypatch):
    start_anew, made = build
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    start_anew(Wire())
    start_anew(Wire())
    assert len(made) == 2
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "a test (teardown)")


def test_components_made_from_the_same_are_elaborated_once(build):
    _, made = build
    found = [simulate.build(Wire(bits), "verilator", made_from=bits) for bits in (1, 2, 1, 2)]
    assert found[:2] == found[2:]
    assert found[0] != found[1]
    assert len(made) == 2


def test_what_two_need_at_once_is_made_once(monkeypatch, tmp_path):
    """The second comes while the first one works, and waits for it."""
    monkeypatch.setattr(kept, "BUILD", tmp_path)
    made = []

    def make():
        made.append(pool.submit(kept.text, "name", lambda: "other"))
        sleep(0.1)
        return "text"

    with ThreadPoolExecutor(1) as pool:
        assert kept.text("name", make) == "text"
        assert made[0].result() == "text"
