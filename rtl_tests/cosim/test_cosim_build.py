"""Verilog becomes a library once, whole or not at all, and each missing tool is named."""

import errno
import os
import sys
import time
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from boldboards.icebreaker import ENGINE as ICEBREAKER
from support.echo import echo_verilog

from boldhw import programs
from boldhw.cosim import build
from boldhw.errors import ToolError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache directory."""
    monkeypatch.setattr(build.platformdirs, "user_cache_dir", lambda name: tmp_path / name)
    return tmp_path / "boldhw" / "models"


def test_a_library_is_built_once(cache, monkeypatch):
    library = build.build_library(echo_verilog())
    assert list(cache.glob("*.so")) == [library]
    monkeypatch.setattr(build, "_build", None)
    assert build.build_library(echo_verilog()) == library


def test_what_goes_into_a_library_names_it(cache, monkeypatch):
    monkeypatch.setattr(build, "_build", lambda work, *_: _touch(work / "model.so"))
    libraries = [
        build.build_library(echo_verilog()),
        build.build_library(echo_verilog(offset=1)),
        build.build_library(echo_verilog(), trace=True),
    ]
    monkeypatch.setattr(build, "FAST", "-O1")
    libraries.append(build.build_library(echo_verilog()))
    monkeypatch.setenv("CXXFLAGS", "-O2 -g")
    libraries.append(build.build_library(echo_verilog()))
    monkeypatch.setattr(build, "_version", lambda package: "9")
    libraries.append(build.build_library(echo_verilog()))
    assert len(set(libraries)) == 6


def test_the_runtime_is_compiled_once_for_all_models(cache, monkeypatch):
    build.build_library(echo_verilog())
    objects = {path: path.stat().st_mtime_ns for path in cache.glob("*.o")}
    assert len(objects) == len(build.RUNTIME)
    build.build_library(echo_verilog(offset=1))
    assert {path: path.stat().st_mtime_ns for path in cache.glob("*.o")} == objects
    build.build_library(echo_verilog(), trace=True)  # other flags, and one file more
    assert len(list(cache.glob("*.o"))) == 2 * len(objects) + 1


def _touch(path):
    path.touch()
    return path


def test_the_verilog_of_an_engine_is_made_once(cache, monkeypatch, tmp_path):
    made = []
    fake = SimpleNamespace(
        CLOCK_HZ=1, engine_verilog=lambda config, clock_hz: made.append(config) or f"// {config}"
    )
    monkeypatch.setitem(sys.modules, "boldhw.gateware.verilog", fake)
    other = replace(ICEBREAKER, batch=8)
    texts = [build.build_verilog(config) for config in (ICEBREAKER, other, ICEBREAKER)]
    assert made == [ICEBREAKER, other]
    assert texts == [f"// {config}" for config in (ICEBREAKER, other, ICEBREAKER)]
    monkeypatch.setattr(build, "GATEWARE", tmp_path / "gateware")  # other sources
    build.build_verilog(ICEBREAKER)
    assert len(made) == 3
    for number, source in enumerate(("gateware/command/unit.py", "spec/table.py"), 4):
        (tmp_path / source).parent.mkdir(parents=True)
        (tmp_path / source).touch()  # sources in folders count too
        build.build_verilog(ICEBREAKER)
        assert len(made) == number


def test_code_is_made_for_the_processor_not_for_the_host(cache, monkeypatch, tmp_path):
    """Fault 20: machines that share a cache, or a host whose processor was changed."""
    monkeypatch.setattr(build, "_build", lambda work, *_: _touch(work / "model.so"))
    verilog = echo_verilog()
    monkeypatch.setattr(build, "PROCESSOR", tmp_path / "cpuinfo")
    names = []
    for flags in ("sse avx", "sse avx avx512f"):
        for host in ("one", "two"):
            (tmp_path / "cpuinfo").write_text(f"processor: 0\nMHz: {host}\nflags: {flags}\n")
            monkeypatch.setattr(build.platform, "node", lambda host=host: host)
            names.append(build.build_library(verilog).name)
    assert names[0] == names[1] != names[2] == names[3]


def test_what_a_killed_process_left_is_removed(cache, monkeypatch):
    """Fault 20: once it is a day old, for another process may be at work."""
    monkeypatch.setattr(build, "_build", lambda work, *_: _touch(work / "model.so"))
    old, new = cache / "build-old", cache / "build-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "model.v").touch()
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))
    library = build.build_library(echo_verilog())
    assert sorted(cache.iterdir()) == sorted([new, library])


def test_a_program_that_is_not_needed_any_more_is_ended(monkeypatch, tmp_path):
    """Fault 20: with all that it has started, when another one fails."""
    script = tmp_path / "compiler"
    script.write_text(f"#!/bin/sh\nsleep 600 & echo $! > {tmp_path}/started; wait")
    script.chmod(0o755)
    fail = f"until [ -s {tmp_path}/started ]; do sleep 0.1; done; exit 3"
    monkeypatch.setattr(build.os, "cpu_count", lambda: 2)
    with pytest.raises(ToolError, match="sh failed with exit code 3"):
        build._run_all(
            partial(build._run, command, tmp_path) for command in ([script], ["sh", "-c", fail])
        )
    left = Path(f"/proc/{(tmp_path / 'started').read_text().strip()}/exe")
    patience = time.monotonic() + 20  # the system ends a killed process when it finds the time
    while left.exists() and time.monotonic() < patience:
        time.sleep(0.05)
    assert not left.exists()


def test_without_a_writable_cache_it_is_built_all_the_same(monkeypatch, tmp_path, caplog):
    """Fault 13: and said once."""
    monkeypatch.setattr(build, "_build", lambda work, *_: _touch(work / "model.so"))
    (tmp_path / "file").touch()
    monkeypatch.setattr(build.platformdirs, "user_cache_dir", lambda name: tmp_path / "file")
    first = build.build_library(echo_verilog())
    assert first.exists()
    assert build.build_library(echo_verilog()) == first
    other = build.build_library(echo_verilog(offset=1))
    assert other.parent == first.parent
    (said,) = caplog.messages
    assert said.startswith(f"the cache {tmp_path}/file/models cannot be written; ")
    assert str(first.parent) in said


def test_a_full_disk_is_named(cache, monkeypatch):
    """Fault 7: what write() raises names no file."""

    def full(work, *_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(build, "_build", full)
    with pytest.raises(OSError, match="No space left") as told:
        build.build_library(echo_verilog())
    assert told.value.filename.startswith(str(cache))


def test_bad_verilog_is_refused_and_leaves_nothing(cache):
    with pytest.raises(ToolError, match="verilator_bin failed .* syntax error"):
        build.build_library("module broken(")
    assert list(cache.iterdir()) == []


def test_a_design_without_the_ports_is_refused_and_leaves_nothing(cache):
    with pytest.raises(ToolError, match=r"failed with exit code 1: .*shim.cpp.*"):
        build.build_library("module other(input clk, input rst); endmodule")
    assert not [path for path in cache.iterdir() if path.suffix != ".o"]  # of Verilator itself


def test_a_missing_compiler_is_named(cache, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(ToolError, match="needs a C.. compiler .*apt install g"):
        build.build_library(echo_verilog())


def test_cxx_chooses_the_compiler(cache, monkeypatch):
    monkeypatch.setenv("CXX", "false")
    with pytest.raises(ToolError, match="false failed with exit code 1"):
        build.build_library(echo_verilog())


def test_cxxflags_come_behind_our_own(cache, monkeypatch):
    monkeypatch.setenv("CXXFLAGS", "-nonsense -O9")
    with pytest.raises(ToolError, match=r"failed with exit code 1: .*-nonsense"):
        build.build_library(echo_verilog())


def test_a_missing_verilator_is_named(cache, monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    verilog = echo_verilog()
    monkeypatch.setattr(build.metadata, "version", missing)
    with pytest.raises(ToolError, match=r"needs the package verilator.*'\.\[sim\]'"):
        build.build_library(verilog)


def test_perl_and_make_are_not_needed(cache, monkeypatch):
    run, tools = programs.run, []

    def watch(command, *options):
        tools.append(Path(command[0]).name)
        return run(
            ["touch", "model.so", *(f"{Path(name).stem}.o" for name in build.RUNTIME)], *options
        )

    monkeypatch.setattr(programs, "run", watch)
    build.build_library(echo_verilog())
    assert set(tools) == {"verilator_bin", "g++"}
