"""A bitstream, packed and turned back into a netlist, against the golden model."""

from dataclasses import replace

import numpy as np
import pytest
from boldhost.device import Device
from boldhost.link import Link
from support import bitstream
from support.core_cases import SMALLEST

from boldhw import Network
from boldhw.check.lockstep import LockStep
from boldhw.cosim.transport import SimTransport
from boldhw.golden.hyper import Hyper

pytestmark = pytest.mark.usefixtures("keep_tools")

# As little of everything as trains two layers: nextpnr takes half a minute.
ENGINE = replace(SMALLEST, data_rows=128, signal_rows=32, max_layers=2)
WIDTHS = (11, 6, 4)


@pytest.mark.usefixtures("icebox")
def test_inference_and_updates_are_those_of_golden(tmp_path):
    """Scores, weights and accumulators after each update, through the driver and the link."""
    golden = Network(WIDTHS, ENGINE, seed=2)
    hyper = Hyper(batch=3, theta=2, grow=1.0, last_theta_factor=1)
    golden.configure(hyper.settings(ENGINE, WIDTHS))
    generator = np.random.default_rng(1)
    bits, labels = generator.random((60, 11)) < 0.5, generator.integers(0, 4, 60)
    board = SimTransport(ENGINE, verilog=bitstream.verilog_of_bitstream(ENGINE, tmp_path))
    with Device(Link(board)) as device:
        lockstep = LockStep(golden, device)
        lockstep.start()
        lockstep.infer(bits)
        stats = lockstep.train(bits, labels) + lockstep.flush()
        lockstep.infer(bits)
    assert lockstep.updates_checked >= 5
    assert min(stats.flips) > 0


def test_ports_are_declared_once():
    text = "module pins (input a, output b);\n\nwire n1, a, n2;\nwire b;\nassign b = n1;\n"
    assert bitstream._declared_once(text) == (
        "module pins (input a, output b);\n\nwire n1, n2;\n\nassign b = n1;\n"
    )
