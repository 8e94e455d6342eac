"""The simulated board as a process of its own, reached over TCP on this machine."""

import errno
import ipaddress
import select
import socket
from contextlib import contextmanager

from boldhw.errors import ConfigError

SLICE_CYCLES = 10_000  # between two looks at the socket


@contextmanager
def bound(address):
    """Take an address, and yield its socket; clients are refused until there is a board to serve.

    address: ``127.0.0.1:PORT``, a loopback address; port 0 takes a free one. Raises ConfigError
    when it cannot be used.
    """
    host, port = _parse(address)
    with socket.socket() as listener:
        # A server that was stopped a moment ago must not block the next one.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with _refusing(address):
            listener.bind((host, port))
        yield listener


def serve(board, listener, on_ready):
    """Connect clients to ``board``, one at a time, until Ctrl-C.

    The board keeps its state from one client to the next, as a board that stays powered does. A
    second client is turned away while the first one is connected.

    Parameters
    ----------
    board : SimTransport
    listener : socket
        That of :func:`bound`.
    on_ready : callable
        Called with the ``HOST:PORT`` that clients can connect to.

    Raises ConfigError when somebody else was faster to listen.
    """
    host, port = listener.getsockname()
    with _refusing(f"{host}:{port}"):
        listener.listen()
    on_ready(f"{host}:{port}")
    try:
        while True:
            with listener.accept()[0] as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _connect(board, client, listener)
    except KeyboardInterrupt:
        return


@contextmanager
def _refusing(address):
    """Turn the errors of a socket that cannot listen into a ConfigError."""
    try:
        yield
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"fails: {error.strerror}"
        host = address.rpartition(":")[0]
        raise ConfigError(
            f"listening on {address} {reason}; choose another port, or {host}:0 for a free one"
        ) from error


def _parse(address):
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"{address!r} is no address; write it like 127.0.0.1:5555")
    try:
        local = ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        # Whoever reaches the port owns the board: there is no password.
        raise ConfigError(
            f"{address!r} is not on this machine only; listen on a loopback address such as "
            f"127.0.0.1:{port}"
        )
    return host, int(port)


def _connect(board, client, listener):
    """Carry bytes between ``client`` and ``board`` until the client leaves."""
    try:
        while True:
            # The clock runs while a frame waits for its reply, and stands still otherwise.
            patience = 0 if board.busy else None
            ready = select.select([client, listener], [], [], patience)[0]
            if client in ready:
                data = client.recv(4096)
                if not data:
                    return
                board.write(data)
            elif listener in ready:  # Not before the client's last words: it may have left.
                listener.accept()[0].close()
            client.sendall(board.run(SLICE_CYCLES, stop_at_frame=True))
    except ConnectionError:
        return
