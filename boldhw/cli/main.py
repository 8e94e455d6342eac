"""The command ``boldhw``: it runs a verb, and whatever becomes of that is an exit code."""

import errno
import json
import os
import signal
import sys
import tempfile
import threading
import traceback
from contextlib import contextmanager, suppress

import click

from boldhw.cli.output import say, write
from boldhw.errors import EXTRAS, BoldhwError, ConfigError, DeviceError, ToolError, missing_package

# As a shell reports a program that a signal has ended: Ctrl-C, a reader that left, SIGTERM.
INTERRUPTED, UNREAD = 128 + signal.SIGINT, 128 + 13
BUG = 70  # EX_SOFTWARE of sysexits.h
FULL = (errno.ENOSPC, errno.EDQUOT)


class Terminated(KeyboardInterrupt):
    """The process is told to end, by a signal other than that of Ctrl-C, and does so like that."""


def main(argv=None):
    """Run the command line and return the exit code of the process.

    0 ok, 1 a check failed, 2 usage, 3 a tool is missing, 4 board or link, 70 a fault of boldhw, 128
    and the number of the signal that ended it. With ``--json`` an error is one JSON object too.
    """
    argv = sys.argv[1:] if argv is None else argv
    try:
        with _signals():
            # Not at the top: what a package lacks that all verbs need is said like any error.
            from boldhw.cli.verbs import cli

            return cli.main(args=argv, prog_name="boldhw", standalone_mode=False) or 0
    except SystemExit as error:  # of click: 1 for a reader that left, 0 behind a shell's completion
        return UNREAD if error.code else 0
    except (Exception, KeyboardInterrupt) as error:
        code, message, following = _explain(error, argv)
    say(f"boldhw: error: {message}\nnext: {following}" if following else f"boldhw: {message}")
    if "--json" in argv:
        with suppress(OSError):  # stdout may be what the error is about
            write(json.dumps({"error": message, "exit_code": code, "next": following}))
    return code


@contextmanager
def _signals():
    """Have SIGTERM, and a terminal that is closed, raise Terminated: all is left in order."""
    if threading.current_thread() is not threading.main_thread():
        yield  # which alone hears signals
        return

    def terminate(number, frame):
        raise Terminated(number)

    names = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    former = {name: signal.getsignal(name) for name in names}
    for name, handler in former.items():
        if handler == signal.SIG_DFL:  # nohup has it ignored
            signal.signal(name, terminate)
    try:
        yield
    finally:
        for name, handler in former.items():
            signal.signal(name, handler)


def _explain(error, argv):
    """Return (exit code, message, command to type next) of what ended a verb."""
    if isinstance(error, click.Abort) and error.__cause__:
        error = error.__cause__  # click makes it of Ctrl-C, and of the end of a file
    if isinstance(error, Terminated):
        return 128 + error.args[0], "terminated", None
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        return INTERRUPTED, "interrupted", None
    if isinstance(error, click.ClickException):
        return error.exit_code, error.format_message(), _help(error)
    error = _translate(error)
    if isinstance(error, BoldhwError):
        return error.exit_code, str(error), _next(error, argv)
    say("".join(traceback.format_exception(error)).rstrip())
    message = (
        f"{type(error).__name__}: {str(error) or 'no message'}: this is a fault of boldhw; please "
        f"report it with the lines above and with what boldhw doctor prints"
    )
    return BUG, message, "boldhw doctor"


def _translate(error):
    """Return the BoldhwError that says what Python's own error means, else the error itself."""
    if isinstance(error, ModuleNotFoundError):
        package = (error.name or "").partition(".")[0]
        if package in EXTRAS:
            return missing_package("this", package, EXTRAS[package])
    if isinstance(error, OSError) and error.errno in FULL:
        name = error.filename or f"a file, perhaps one in {os.getcwd()} or {tempfile.gettempdir()}"
        return ConfigError(
            f"cannot write {name}: {error.strerror}; free some space there, or name another folder"
        )
    if isinstance(error, OSError) and error.filename is not None:
        return ConfigError(
            f"cannot use {error.filename}: {error.strerror}; name another file or folder"
        )
    if isinstance(error, MemoryError):
        return ConfigError(
            f"there is not enough memory{f': {error}' if str(error) else ''}; take a smaller "
            f"network, or fewer samples with --train-size and --test-size"
        )
    return error


def _help(error):
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'boldhw'} --help"


def _next(error, argv):
    """Return the command to type after an error."""
    if isinstance(error, (ToolError, DeviceError)):
        return "boldhw doctor"
    return " ".join(["boldhw", *argv[:1], "--help"])
