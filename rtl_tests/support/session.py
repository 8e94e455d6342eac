"""What a run of tests skips, and the order of its files."""

import shutil
from pathlib import Path

# Programs that Debian has and PyPI has not: what they are for, and the package.
PROGRAMS = {
    "iverilog": ("the second simulator, Icarus Verilog", "iverilog"),
    "icebox_vlog": ("reading a packed bitstream back", "fpga-icestorm"),
}

# Files that take minutes. They start first: one that started last would keep a single core busy.
LONGEST = (
    "gateware/ops/test_op_netlist.py", "gateware/core/test_core.py",
    "gateware/ops/test_op_engine.py", "gateware/ops/test_vote.py", "gateware/link/test_bridge.py",
    "gateware/ops/test_op_core.py", "flow/test_estimate.py", "system/test_system.py",
    "gateware/ops/test_op_mac.py", "gateware/ops/test_op_accesses.py", "system/test_ends.py",
    "gateware/test_verilog.py", "gateware/core/test_netlist.py", "gateware/command/test_command.py",
    "gateware/store/test_sdram.py", "proofs/test_formal.py", "gateware/ops/test_update.py",
    "cli/test_main.py", "system/test_crash.py", "gateware/array/test_popcount.py",
    "flow/test_bitstream.py", "flow/test_build.py", "boards/test_boards.py", "system/test_types.py",
    "cli/test_cli.py", "export/test_export_verilog.py", "gateware/ops/test_op_window.py",
    "docs/test_site.py",
)  # fmt: skip


def missing(program):
    """Return why tests with a program are skipped, nothing if they are not."""
    purpose, package = PROGRAMS[program]
    if shutil.which(program):
        return ""
    return f"{program} is missing, {purpose}; install it with: sudo apt-get install {package}"


def skipped():
    """Return lines that say what will be skipped, and why."""
    reasons = [reason for program in PROGRAMS if (reason := missing(program))]
    return [f"will skip: {reason}" for reason in reasons] or ["nothing will be skipped"]


def longest_first(items):
    """Put the tests of LONGEST in front, in its order; all others stay in theirs."""
    folder = Path(__file__).parents[1]
    order = {folder / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path, len(order)))
