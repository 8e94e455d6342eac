"""Errors a user can meet, each with the exit code the command line gives for it."""


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


class NothingLearnedWarning(UserWarning):
    """A trained network that is no better than always answering the most frequent class."""
