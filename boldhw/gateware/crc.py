"""CRC-32/ISO-HDLC, the check of frames and of whole memories."""

from amaranth.hdl import Module, Mux
from amaranth.lib.crc.catalog import CRC32_ISO_HDLC
from amaranth.lib.wiring import Component, In, Out


class Crc32(Component):
    """Compute the CRC-32 of a run of bytes, one a cycle.

    ``clear`` starts a new run; ``byte`` and ``match`` speak of the bytes up to the cycle before.
    The CRC leaves by ``byte``, lowest byte first; ``shift`` moves on to the next one.

    Golden model: ``zlib.crc32``.

    Members
    -------
    clear : In(1)
        Forget all bytes so far; takes precedence over ``valid``.
    valid : In(1)
        ``data`` belongs to the run.
    data : In(8)
        Next byte.
    shift : In(1)
        Drop the lowest byte of the CRC; ``valid`` is then ignored.
    byte : Out(8)
        Lowest byte of the CRC.
    match : Out(1)
        The last four bytes of the run are the CRC of those before, lowest first.
    """

    clear: In(1)
    valid: In(1)
    data: In(8)
    shift: In(1)
    byte: Out(8)
    match: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.processor = processor = CRC32_ISO_HDLC(data_width=8).create()
        m.d.comb += [
            processor.start.eq(self.clear),
            processor.valid.eq((self.valid | self.shift) & ~self.clear),
            # A byte equal to the lowest of the register adds nothing but moves the others down.
            processor.data.eq(Mux(self.shift, ~self.byte, self.data)),
            self.byte.eq(processor.crc[:8]),
            self.match.eq(processor.match_detected),
        ]
        return m
