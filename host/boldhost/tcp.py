"""A TCP connection as a Transport: a simulated or a remote board."""

import select
import socket
from urllib.parse import urlsplit

from boldhost.transport import REOPEN, Transport, lost_port
from boldhw.errors import ConfigError, DeviceError

CONNECT_SECONDS = 5.0
GONE = (
    "it serves one client at a time, so close the other one, or start the server again if it "
    "has ended"
)


class SocketTransport(Transport):
    """A TCP connection, written ``socket://127.0.0.1:5555``: a simulated or a remote board.

    This is not pyserial's ``socket://``, which reads byte by byte and waits 0.3 s on close.
    """

    def __init__(self, url: str) -> None:
        self.name = url
        address = _host_and_port(url)
        try:
            self._socket = socket.create_connection(address, CONNECT_SECONDS)
        except OSError as error:
            raise DeviceError(
                f"cannot connect to {url}: {error.strerror or error}; start the simulated board "
                f"with: boldhw sim --listen {address[0]}:{address[1]}"
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def write(self, data: bytes) -> None:
        with lost_port(self.name, GONE):
            self._socket.sendall(data)

    def read(self, timeout: float) -> bytes:
        with lost_port(self.name, GONE):
            if not select.select([self._socket], [], [], timeout)[0]:
                return b""
            data = self._socket.recv(4096)
        if not data:
            raise DeviceError(f"{self.name} closed the connection; {GONE}, {REOPEN}")
        return data

    def close(self) -> None:
        self._socket.close()


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.path or parts.query:
        raise ConfigError(f"{url!r} is no address; write it like socket://127.0.0.1:5555")
    return host, port
