"""Run the example bench on Verilog that ``boldhw verilog`` wrote, with cocotb's own runner."""

from pathlib import Path

from cocotb_tools.runner import get_results, get_runner


def run(verilog, module, folder, files, sim="icarus"):
    """Simulate; raise AssertionError unless the bench passes.

    verilog: file.  module: what ``--name`` was.  folder: to work in.  files: EXAMPLE and LEARNED.
    """
    runner = get_runner(sim)
    runner.build(sources=[verilog], hdl_toplevel=module, build_dir=folder, timescale=("1ns", "1ps"))
    results = runner.test(
        test_module="bench_engine", hdl_toplevel=module, hdl_toplevel_lang="verilog",
        build_dir=folder, test_dir=folder, results_xml=str(Path(folder) / "results.xml"),
        extra_env=files,
    )  # fmt: skip
    assert get_results(results) == (1, 0), "tests that ran, tests that failed"
