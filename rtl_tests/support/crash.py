"""Training runs that are killed, cut off or lose their board, and are then resumed.

    python -m support.crash FAULT:COUNT:BACKEND ...

A program of its own, because it forks. Prints one JSON object per job: runs that ``crashed``, how
many of them ended with ``equal`` weights and accumulators when they had been resumed, and the
``crc`` of a run without faults on the golden model. BACKEND is golden, sim or server, which is the
simulated board as a process of its own; behind ``stored-`` the board trains on samples of its
store. FAULT is one of

update    kill -9 of the host behind an update: the first, the second and so on, COUNT or all
instant   kill -9 of the host at a random time
frame     kill -9 of the host behind a random frame
power     the board loses power at a random frame
pull      the link is cut in the middle of a random frame, and put back
save      kill -9 of the host at each line of the code that saves a checkpoint, and in the midst of
          writing it; then ``old`` and ``new`` say which one was left
"""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from boldhost.tcp import SocketTransport
from support.small_engine import SMALL
from support.tiny_run import tiny_trainer

from boldhw import data
from boldhw.cli.main import main
from boldhw.cosim.transport import SimTransport
from boldhw.data import files
from boldhw.golden import checkpoint
from boldhw.golden.fastest import compiled
from boldhw.golden.network import Network

SAMPLES = ("--data", "digits", "--train-size", "150", "--test-size", "20")
NETWORK = ("--network", "64-20-10", "--epochs", "3", "--batch", "8", "--theta", "4")
NETWORK += ("--grow", "1", "--last-theta-factor", "3")
STORED = replace(SMALL, store="sdram", store_bytes=1 << 18)
URL = r"socket://\S+"
KILLED = 128 + signal.SIGKILL


def in_child(action):
    """Run ``action`` in a fork; return the exit code, 128 + N for the end by signal N."""
    process = os.fork()
    if not process:
        code = 70
        try:
            code = action()
        finally:
            os._exit(code)
    return _exit_code(process)


def _exit_code(process):
    status = os.waitpid(process, 0)[1]
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class Run:
    """One training run with a checkpoint in ``directory``, on one backend."""

    def __init__(self, directory, backend="golden", stored=False):
        self.path = Path(directory) / "run.npz"
        self.out = Path(directory) / "out.json"
        self.new = (*NETWORK, "--config", str(engine_file(directory, stored)))
        self.new += ("--store",) * stored
        self.backend = backend

    def restart(self):
        """Forget what was trained; return the run."""
        self.path.unlink(missing_ok=True)
        return self

    def go(self):
        """Start, or go on from the checkpoint if there is one; return the exit code."""
        how = ("--resume",) if self.path.exists() else (*self.new, "--checkpoint")
        words = ["train", *SAMPLES, "--backend", self.backend, "--json", *how, str(self.path)]
        with open(self.out, "w") as out, open(os.devnull, "w") as nothing:
            os.dup2(out.fileno(), 1)
            os.dup2(nothing.fileno(), 2)
            return main(words)

    def finish(self):
        """Go on without faults; return the CRC-32 of weights and accumulators at the end."""
        assert in_child(self.go) == 0, self.out.read_text()
        return json.loads(self.out.read_text())["state_crc"]


def after(count, function, action):
    """Return ``function`` with ``action(*arguments)`` behind its ``count``-th call."""
    calls = 0

    def counted(*arguments, **options):
        nonlocal calls
        calls += 1
        result = function(*arguments, **options)
        if calls == count:
            action(*arguments)
        return result

    return counted


def crash_at_update(run, number):
    Network._update = after(number, Network._update, lambda *_: die())
    return run.go()


def crash_at_frame(run, number):
    SocketTransport.write = after(number, SocketTransport.write, lambda *_: die())
    return run.go()


def lose_power(run, number):
    SimTransport.write = after(number, SimTransport.write, lambda board, data: board.power_cycle())
    return run.go()


def pull_link(run, number):
    write = SocketTransport.write

    def cut(transport, data):
        transport._socket.shutdown(socket.SHUT_RDWR)

    def half(transport, data):
        write(transport, data[: len(data) // 2] if half.calls == number else data)
        half.calls += 1

    half.calls = 1
    SocketTransport.write = after(number, half, cut)
    return run.go()


def crash_at_line(action, number):
    """Run ``action``, but be killed at the ``number``-th line that it runs of what saves."""
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        if frame.f_code.co_filename not in (checkpoint.__file__, files.__file__):
            return None
        lines += event in ("line", "return")  # behind the last line as well
        if lines == number:
            die()
        return trace

    sys.settrace(trace)
    action()
    sys.settrace(None)
    return 0


class Torn:
    """A file whose first write ends after ``size`` bytes, and the process with it."""

    def __init__(self, file, size):
        self.file, self.size = file, size

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, content):
        self.file.write(content[: self.size])
        self.file.flush()
        die()


def crash_in_write(action, size):
    files.open = lambda *arguments, **options: Torn(open(*arguments, **options), size)
    action()


def saves(directory):
    """Yield the epoch in the checkpoint after each crash while epoch 1 replaced epoch 0."""
    path, trainer = Path(directory) / "save.npz", tiny_trainer()
    checkpoint.save(path, trainer)
    size = path.stat().st_size
    attempts = [(crash_at_line, number) for number in range(1, 1000)]
    attempts = [*((crash_in_write, cut) for cut in range(0, size + 1, 64)), *attempts]
    for crash, number in attempts:
        trainer.epoch = 0
        checkpoint.save(path, trainer)
        trainer.epoch = 1
        code = in_child(partial(crash, partial(checkpoint.save, path, trainer), number))
        if code == 0:
            return
        assert code == KILLED, code
        yield checkpoint.load(path).epoch


def kill_at_an_instant(run, generator, longest):
    """Kill a run after a random time, up to ``longest`` seconds; return how it ended."""
    process = os.fork()
    if not process:
        os._exit(run.go())
    time.sleep(generator.uniform(0, longest))
    os.kill(process, signal.SIGKILL)
    return _exit_code(process)


@contextmanager
def server(config):
    """Run the simulated board of an engine file as a process of its own; yield its URL."""
    boldhw = [sys.executable, "-c", "from boldhw.cli.main import main; main()"]
    process = subprocess.Popen(
        [*boldhw, "sim", "--listen", "127.0.0.1:0", "--config", config],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield next(found[0] for line in process.stderr if (found := re.search(URL, line)))
    finally:
        process.kill()
        process.communicate()


def engine_file(directory, stored):
    """Return the path of a file with the engine of all runs, with a store or without one."""
    path = Path(directory) / "engine.json"
    path.write_text(json.dumps(asdict(STORED if stored else SMALL)))
    return path


FAULTS = {
    "update": crash_at_update,
    "frame": crash_at_frame,
    "power": lose_power,
    "pull": pull_link,
}
FRAMES = 180  # of a whole run, about


def kills(run, count, generator):
    """Yield the final CRC of each run that was killed at a random instant."""
    start = time.monotonic()
    run.restart().finish()
    longest = time.monotonic() - start
    while count:
        if kill_at_an_instant(run.restart(), generator, longest) == KILLED:
            count -= 1
            yield run.finish()


def crashes(run, crash, numbers):
    """Yield the final CRC of each run that ``crash`` ended before its time."""
    for number in numbers:
        run.restart()
        code = in_child(partial(crash, run, number))
        if code == 0:  # There is no such frame, or no such update: then all have been tried.
            continue
        assert code in (KILLED, 4), (code, run.out.read_text())
        yield run.finish()


def ends(fault, count, run):
    """Return the final CRC of ``run`` for each of ``count`` faults behind which it was resumed."""
    generator = random.Random(1)
    if fault == "instant":
        return list(kills(run, count, generator))
    if fault == "update":
        return list(crashes(run, FAULTS[fault], range(1, count + 1)))
    numbers = iter(lambda: generator.randint(1, FRAMES), None)  # without end
    return list(islice(crashes(run, FAULTS[fault], numbers), count))


def compile_model():
    """Have the golden model compiled here, or each fork would do it anew."""
    bits = np.random.default_rng(0).random((30, 64)) < 0.5
    compiled(Network("64-20-10", SMALL), bits, np.arange(30) % 10)


def load_modules():
    """Train once here, so that all modules are loaded: that takes longer than to train a child."""
    kept = [os.dup(number) for number in (1, 2)]
    with tempfile.TemporaryDirectory() as directory:
        assert Run(directory).go() == 0
    for number, copy in enumerate(kept, 1):
        os.dup2(copy, number)
        os.close(copy)


def outcome(fault, count, backend):
    """Return what came of ``count`` crashes."""
    with tempfile.TemporaryDirectory() as directory:
        if fault == "save":
            epochs = list(saves(directory))
            return {"crashed": len(epochs), "old": epochs.count(0), "new": epochs.count(1)}
        kind = backend.removeprefix("stored-")
        stored = kind != backend
        expected = Run(directory, stored=stored).finish()
        config = engine_file(directory, stored)
        with server(config) if kind == "server" else nullcontext(kind) as where:
            found = ends(fault, count, Run(directory, where, stored))
    return {"crashed": len(found), "equal": found.count(expected), "crc": expected}


def program(*jobs):
    """Print the outcome of each job, written FAULT:COUNT:BACKEND."""
    digits = data.NAMED["digits"]()  # read once, not in each child
    data.NAMED["digits"] = lambda: digits
    compile_model()
    load_modules()
    for job in jobs:
        fault, count, backend = job.split(":")
        print(json.dumps({"job": job, **outcome(fault, int(count), backend)}), flush=True)


if __name__ == "__main__":
    program(*sys.argv[1:])
