"""Requests of a pass to memories and array in one cycle."""

from functools import reduce
from operator import or_

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.array.operand import Source
from boldhw.gateware.passes.table import pass_names


class RowPort(Signature):
    """A row of the data memory to read, and one to write. Members are those of the pass.

    Members
    -------
    addr : Out(range(data_rows))
        Row to read, or to write where the data memory has one port. That of an idle pass is
        ignored.
    in_slot : Out(1)
        ``addr`` counts from the sample's slot, whose row is aligned; given one cycle before
        ``addr``, and high while the pass is idle.
    write : Out(1)
        Write the packer's words or accumulators.
    second : Out(1)
        The packer's second word instead of its first one.
    write_addr : Out(range(data_rows))
        Row to write, counted from the slot but for accumulators; only with ``dual_port``.
    """

    def __init__(self, config):
        members = {
            "addr": Out(range(config.data_rows)),
            "in_slot": Out(1),
            "write": Out(1),
            "second": Out(1),
        }
        if config.dual_port:
            members |= {"write_addr": Out(range(config.data_rows))}
        super().__init__(members)


class IssuePort(Signature):
    """Addresses and flags of one cycle. Members are those of the pass.

    All are zero while the pass is idle. Everything that belongs to one operand word is given in the
    cycle of its data or delta memory address; the core delays the rest to match.

    Members
    -------
    weight_row : Out(range(weight_rows))
        Weight row, read one cycle after the data row.
    signal_row : Out(range(signal_rows))
        Row of the delta memory; only in an engine that trains.
    source : Out(Source)
        What the word read is.
    valid, first, last : Out(1)
        The word enters the array; it starts, ends a sum; with sums in DSP blocks see
        :class:`boldhw.gateware.array.dsp_array.DspArray`.
    """

    def __init__(self, config):
        members = {
            "weight_row": Out(range(config.weight_rows)),
            "source": Out(Source),
            "valid": Out(1),
            "first": Out(1),
            "last": Out(1),
        }
        if config.training:
            members |= {"signal_row": Out(range(config.signal_rows))}
        super().__init__(members)


class MergedIssue(wiring.Component):
    """Merge the requests of the passes: OR, as only one of them is awake. No latency.

    Parameters
    ----------
    config : EngineConfig

    Members
    -------
    forward, backward, update : In(IssuePort(config))
        One for each pass that the engine has; all zero while the pass is idle.
    merged : Out(IssuePort(config)), combinational
    """

    def __init__(self, config):
        self._names = pass_names(config)
        super().__init__(
            {name: In(IssuePort(config)) for name in self._names}
            | {"merged": Out(IssuePort(config))}
        )

    def elaborate(self, platform):
        m = Module()
        ports = [getattr(self, name) for name in self._names]
        for name in self.merged.signature.members:
            m.d.comb += getattr(self.merged, name).eq(merge(ports, name))
        return m


def merge(ports, name):
    """Return the member ``name`` of the one port that is awake."""
    return reduce(or_, (getattr(port, name) for port in ports))


def write_address(rows):
    """Return the address of a data write: one of its own, or that of the only port."""
    return getattr(rows, "write_addr", rows.addr)
