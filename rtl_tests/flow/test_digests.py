"""Digests of hardware: names, hierarchy and order do not count, everything else does."""

import json

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from boldhw.cli.main import main
from boldhw.flow.digests import BOARDS, ENGINES, designs, netlist_digest

pytestmark = pytest.mark.usefixtures("keep_tools")


class Adder(wiring.Component):
    def __init__(self, one):
        self.one = one
        super().__init__({"value": In(4), "more": Out(4)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.more.eq(self.value + self.one)
        return m


class Unit(wiring.Component):
    """A memory, a register and an adder; each argument changes one thing."""

    def __init__(self, name="count", split=False, one=1, init=0, swap=False, word=5):
        self.choices = name, split, one, init, swap, word
        super().__init__({"a": In(4), "b": In(4), "o": Out(4)})

    def elaborate(self, platform):
        name, split, one, init, swap, word = self.choices
        m = Module()
        count, more = Signal(4, name=name, init=init), Signal(4)
        m.submodules.memory = memory = Memory(shape=4, depth=4, init=[word])
        port = memory.read_port(domain="comb")
        first, second = (self.b, self.a) if swap else (self.a, self.b)
        if split:
            m.submodules.adder = adder = Adder(one)
            m.d.comb += [adder.value.eq(count), more.eq(adder.more)]
        else:
            m.d.comb += more.eq(count + one)
        m.d.comb += port.addr.eq(count)
        with m.If(self.a[0]):
            m.d.sync += count.eq(more)
        m.d.comb += self.o.eq((first - second) ^ count ^ port.data)
        return m


def digest(**choices):
    return netlist_digest(rtlil.convert(Unit(**choices), name="top", emit_src=False), "top")


@pytest.mark.parametrize("same", [{"name": "zebra"}, {"split": True}])
def test_names_and_hierarchy_do_not_count(same):
    assert rtlil.convert(Unit(**same), name="top") != rtlil.convert(Unit(), name="top")
    assert digest(**same) == digest()


@pytest.mark.parametrize("other", [{"one": 2}, {"init": 1}, {"swap": True}, {"word": 4}])
def test_hardware_counts(other):
    """A constant, an initial value, swapped operands, one bit of a memory's contents."""
    assert digest(**other) != digest()


def test_every_engine_and_board_is_guarded():
    names = {name for name, _ in designs()}
    expected = {f"{name}.{part}" for name in ENGINES for part in ("core", "engine")}
    assert names == expected | {f"{name}.board" for name in BOARDS}
    assert len(ENGINES) >= 8


def test_verb_compares_with_earlier_digests(tmp_path, capsys):
    """The same, then a renamed and a changed one."""
    path = tmp_path / "digests.json"
    assert main(["dev", "digests", "inference.core", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    path.write_text(json.dumps(found))
    verb = ["dev", "digests", "inference.core", "--json", "--against", str(path)]
    for key, word, code in (("", "same", 0), ("rtlil", "renamed", 0), ("netlist", "changed", 1)):
        if key:
            found["designs"]["inference.core"][key] = "0"
            path.write_text(json.dumps(found))
        assert main(verb) == code
        assert json.loads(capsys.readouterr().out)["designs"]["inference.core"]["compared"] == word


def test_what_holds_no_digests_is_refused(tmp_path, capsys):
    path = tmp_path / "digests.json"
    path.write_text("{}")
    assert main(["dev", "digests", "--against", str(path)]) == 2
    assert "holds no digests" in capsys.readouterr().err
    assert main(["dev", "digests", "nothing"]) == 2
    assert "plain.core" in capsys.readouterr().err
