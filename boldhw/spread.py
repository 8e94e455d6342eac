"""Calls that need nothing of each other: one after the other, or spread over a Dask cluster."""

import logging
import re
import tempfile
from contextlib import contextmanager

from boldhw.errors import ConfigError, ToolError, missing_package

LOCAL = re.compile(r"local(?::([1-9]\d*))?", re.ASCII)  # a cluster of this machine, workers
TIMEOUT = 20  # seconds in which a scheduler must answer


@contextmanager
def spread(scheduler=None):
    """Yield ``run(function, calls, shared)``, which yields (index of the call, its result).

    Each call is a tuple of arguments, ``shared`` a tuple of arguments behind them that all calls
    have; a cluster gets them once. Results come in the order in which calls end, and an error of a
    call is raised when its turn comes. When the block is left, calls that have not ended are given
    up.

    scheduler: address of a Dask scheduler, such as tcp://host:8786; ``local`` starts a cluster with
    a worker for each processor, ``local:2`` one with two; None: calls are done here, one by one.
    Raises ToolError without the package distributed, or when no scheduler answers; ConfigError for
    what is no address.
    """
    if scheduler is None:
        yield _here
        return
    try:
        import distributed
    except ImportError as error:
        raise missing_package("a cluster", "distributed", "dask") from error
    with _client(scheduler) as client:

        def run(function, calls, shared=()):
            common = [client.scatter(each, broadcast=True, hash=False) for each in shared]
            tasks = {
                client.submit(function, *call, *common, pure=False): index
                for index, call in enumerate(calls)
            }
            for task in distributed.as_completed(tasks):
                yield tasks[task], _result(distributed, task)

        yield run


def _here(function, calls, shared=()):
    for index, call in enumerate(calls):
        yield index, function(*call, *shared)


@contextmanager
def _client(scheduler):
    """Yield the Client of a scheduler, or of a cluster that is there within the block only."""
    import dask
    from distributed import Client, LocalCluster

    if match := LOCAL.fullmatch(scheduler):
        count = int(match[1]) if match[1] else None
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work,
            dask.config.set(temporary_directory=work),
            LocalCluster(
                n_workers=count, threads_per_worker=1, dashboard_address=":0",
                # Errors of calls are raised; workers log that they lose the scheduler at the end.
                local_directory=work, silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster) as client,
        ):  # fmt: skip
            yield client
        return
    try:
        client = Client(scheduler, timeout=TIMEOUT)
    except OSError as error:
        raise ToolError(
            f"no Dask scheduler answers at {scheduler} ({error}); start one with: dask scheduler, "
            f"or use --scheduler local"
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"{scheduler!r} is no address of a Dask scheduler ({error}); write it as "
            f"tcp://HOST:8786, or use local"
        ) from error
    with client:
        yield client


def _result(distributed, task):
    """Return the result of a task that has ended. Raises its error; ToolError if it was lost."""
    try:
        return task.result()
    except (distributed.KilledWorker, distributed.client.FutureCancelledError) as error:
        raise ToolError(
            f"the cluster lost a call ({error}); look at the logs of its workers, and try again"
        ) from error
