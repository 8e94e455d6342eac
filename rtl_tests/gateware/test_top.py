# amaranth: UnusedElaboratable=no
import os
import re
import subprocess
import sys
from dataclasses import asdict

import pytest
from support import simulate

from boldhw.errors import ConfigError
from boldhw.gateware.top import UartEngine
from boldhw.gateware.verilog import engine_verilog, instantiation_template
from boldhw.spec.engine import EngineConfig

CONFIG = EngineConfig(
    elements=2, lanes=4, batch=4, accumulator_bits=4, weight_rows=16, data_rows=128, signal_rows=8
)
CLOCK_HZ, BAUD = 24_000_000, 3_000_000


def test_uart_engine(sim):
    parameters = {"config": asdict(CONFIG), "clock_hz": CLOCK_HZ, "baud": BAUD}
    component = UartEngine(CONFIG, CLOCK_HZ, BAUD)
    simulate.run(component, "bench_top", sim, tests=1, parameters=parameters)


@pytest.mark.parametrize(("clock_hz", "baud"), [(12_000_000, 5_000_000), (12_000_000, 2_700_000)])
def test_baud_that_cannot_be_made_is_refused(clock_hz, baud):
    with pytest.raises(ConfigError, match=r"nearest rate that works is baud=(\d+)") as refusal:
        UartEngine(CONFIG, clock_hz, baud)
    works = int(str(refusal.value).split("baud=")[-1])
    assert clock_hz / works >= 3.99


@pytest.fixture(scope="module")
def verilog():
    return engine_verilog(CONFIG, CLOCK_HZ)


def test_verilog_is_the_same_in_every_process(verilog):
    """The order of sets in this process leaves no trace in the text."""
    program = (
        "import sys; from test_top import CONFIG, CLOCK_HZ;"
        "from boldhw.gateware.verilog import engine_verilog;"
        "sys.stdout.write(engine_verilog(CONFIG, CLOCK_HZ))"
    )
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": path},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == verilog


def test_verilog_names_the_design(verilog):
    digest = CONFIG.digest().hex()
    assert verilog.startswith(f"// boldhw design {digest}, clock {CLOCK_HZ} Hz\n")
    template = instantiation_template(CONFIG)
    assert digest in template
    header = verilog.split("module boldhw(")[1].split(")")[0]
    ports = {port.strip() for port in header.split(",")}
    assert ports == set(re.findall(r"\.(\w+)\(", template))
