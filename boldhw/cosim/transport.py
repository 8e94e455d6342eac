"""The simulated board: the generated engine, run by Verilator, behind the driver's Transport."""

import ctypes
import re
import tempfile
import time
from contextlib import chdir
from functools import cache
from pathlib import Path

from boldboards.icebreaker import ENGINE as ICEBREAKER
from boldhost.transport import Transport

from boldhw.cosim.build import FLASH_FILE, build_library, build_verilog
from boldhw.errors import DeviceError, ToolError
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.link import LinkedArray

RESET_CYCLES = 4
# Time-outs are given in seconds; the simulation counts them in cycles at about its usual speed.
CYCLES_PER_SECOND = 2_000_000
QUIET_CYCLES = 2_000  # for stray output when no frame waits for its reply
REPLY_CYCLES = 2_000_000  # no command takes longer
OUTPUT_BYTES = 4_096
FRAME_END = re.compile(rb"[^\0]\0")


class SimTransport(Transport):
    """One simulated board in this process. Writing queues bytes, reading runs the clock.

    Parameters
    ----------
    config : EngineConfig, ArraySize or None
        Engine to generate and simulate, the iCEBreaker's by default; an ArraySize makes one that
        runs op lists.
    clock_hz : int or None
        Clock for which the engine is generated, that of the iCEBreaker by default. The timing of a
        store's memory depends on it.
    flash : bytes or None
        What the programmer has written to the flash of a store of this kind; zeros otherwise.
    verilog : str or None
        Another design with the same ports, in place of the engine.
    trace : path or None
        VCD file to write.
    window : (int, int)
        First and last clock cycle to write to it.

    Attributes
    ----------
    seconds : float
        Time that the simulation has taken so far, without the driver's.

    Raises ToolError when the model cannot be built.
    """

    def __init__(
        self, config=None, *, clock_hz=None, flash=None, verilog=None, trace=None,
        window=(0, 100_000),
    ):  # fmt: skip
        config = LinkedArray(config) if isinstance(config, ArraySize) else config or ICEBREAKER
        text = build_verilog(config, clock_hz) if verilog is None else verilog
        self._library = _load(build_library(text, trace is not None))
        self._trace = trace
        self._window = window
        has_flash = config.has_store and config.store == "flash"
        self._flash = flash or b"\0" if has_flash else flash
        self._output = ctypes.create_string_buffer(OUTPUT_BYTES)
        self._board = None
        self.seconds = 0.0
        self.power_cycle()

    def power_cycle(self):
        """Start again as after power-on: memories, counters and queued bytes are lost."""
        self.close()
        self._board = self._library.board_new()
        self._input = bytearray()
        self._last = b""  # byte written
        self._waiting = 0  # frames written less frames read
        self._patience = REPLY_CYCLES
        if self._trace is not None:
            self._library.board_trace(self._board, str(self._trace).encode(), *self._window)
        self._start()

    def _start(self):
        """Reset the board; a flash chip is read meanwhile."""
        if self._flash is None:
            self._library.board_reset(self._board, RESET_CYCLES)
            return
        with tempfile.TemporaryDirectory() as directory, chdir(directory):
            Path(FLASH_FILE).write_bytes(self._flash)
            self._library.board_reset(self._board, RESET_CYCLES)

    @property
    def cycles(self):
        """Clock cycles since power-on."""
        return self._library.board_cycles(self._open())

    @property
    def busy(self):
        """True while written bytes, or the reply to a written frame, are on their way."""
        return bool(self._input) or self._waiting > 0

    def write(self, data):
        self._open()
        self._input += data
        self._waiting += len(FRAME_END.findall(self._last + data))
        self._last = data[-1:]
        self._patience = REPLY_CYCLES

    def read(self, timeout):
        """Run the clock until a frame has come out or ``timeout`` has passed; return the output.

        ``timeout`` is counted in simulated cycles, ``CYCLES_PER_SECOND`` a second, and cut short
        when no frame waits for its reply, so that reading from an idle board ends soon.
        """
        limit = int(timeout * CYCLES_PER_SECOND)
        return self.run(limit if self.busy else min(limit, QUIET_CYCLES), stop_at_frame=True)

    def clock(self):
        """Return the seconds since power-on, counted like the time-outs of :meth:`read`."""
        return self.cycles / CYCLES_PER_SECOND

    def run(self, cycles, stop_at_frame=False):
        """Run up to ``cycles`` clock cycles, to the end of a frame if asked; return the output."""
        board, taken, made = self._open(), ctypes.c_size_t(), ctypes.c_size_t()
        given, start = bytes(self._input), self.cycles
        begin = time.perf_counter()
        self._library.board_run(
            board, given, len(given), ctypes.byref(taken), self._output, OUTPUT_BYTES,
            ctypes.byref(made), cycles, stop_at_frame,
        )  # fmt: skip
        self.seconds += time.perf_counter() - begin
        del self._input[: taken.value]
        data = self._output.raw[: made.value]
        self._await(data, self.cycles - start)
        return data

    def _await(self, data, cycles):
        """Count the replies in ``data``; give up on the others when they are long overdue."""
        self._waiting = max(0, self._waiting - data.count(0))
        self._patience = REPLY_CYCLES if data else self._patience - cycles
        if self._patience <= 0:
            self._waiting = 0
            self._input.clear()

    def close(self):
        if self._board:
            self._library.board_delete(self._board)
        self._board = None

    def _open(self):
        if not self._board:
            raise DeviceError("the simulated board is closed; open it again")
        return self._board


@cache
def _load(path):
    """Return the library with the signatures of its functions declared."""
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise ToolError(f"cannot load {path}: {error}; delete it to have it built anew") from error
    size, pointer = ctypes.c_size_t, ctypes.c_void_p
    library.board_new.restype = pointer
    library.board_delete.argtypes = [pointer]
    library.board_reset.argtypes = [pointer, ctypes.c_int]
    library.board_cycles.argtypes, library.board_cycles.restype = [pointer], ctypes.c_uint64
    library.board_run.argtypes = [
        pointer, ctypes.c_char_p, size, ctypes.POINTER(size), ctypes.c_char_p, size,
        ctypes.POINTER(size), ctypes.c_uint64, ctypes.c_int,
    ]  # fmt: skip
    if hasattr(library, "board_trace"):
        library.board_trace.argtypes = [pointer, ctypes.c_char_p, ctypes.c_uint64, ctypes.c_uint64]
    return library
