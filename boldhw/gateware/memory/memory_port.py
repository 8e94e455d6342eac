"""The port of the memory that stores samples, the same for SDRAM and flash."""

from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out, Signature

BURST_BITS = 8  # of a request's number of words, less one


class RequestLayout(data.StructLayout):
    """A request to a memory: to read ``last + 1`` words from ``addr`` on, or to write one."""

    def __init__(self, address_bits, width):
        super().__init__({
            "addr": address_bits,
            "last": BURST_BITS,
            "write": 1,
            "data": width,
        })  # fmt: skip


class MemoryPort(Signature):
    """Requests, and the words that are read, in order. Members are those of the user's side.

    A memory takes a request when it has nothing else to do. A stalled ``words`` loses nothing. A
    memory that cannot be written ignores requests to write.
    """

    def __init__(self, address_bits, width):
        super().__init__({
            "request": Out(stream.Signature(RequestLayout(address_bits, width))),
            "words": In(stream.Signature(width)),
        })  # fmt: skip
