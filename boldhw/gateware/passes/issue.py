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

    Parameters
    ----------
    config : EngineConfig
        Gives ``data_rows`` and ``dual_port``.

    Members
    -------
    addr : Out(range(config.data_rows)), combinational
        Row to read, or to write where the data memory has one port. That of an idle pass is
        ignored. From registers only.
    in_slot : Out(1), combinational
        ``addr`` counts from the sample's slot, whose row is aligned; given one cycle before
        ``addr``, and high while the pass is idle. From registers only.
    write : Out(1), combinational
        Write the packer's words or accumulators. From registers only.
    second : Out(1), combinational
        The packer's second word instead of its first one. From registers only.
    write_addr : Out(range(config.data_rows)), combinational
        Row to write, counted from the slot except for accumulators; only with ``dual_port``. From
        registers only.
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

    Parameters
    ----------
    config : EngineConfig
        Gives ``weight_rows``, ``signal_rows`` and ``training``.

    Members
    -------
    weight_row : Out(range(config.weight_rows)), combinational
        Weight row, read one cycle after the data row.
    signal_row : Out(range(config.signal_rows)), combinational
        Row of the delta memory; only in an engine that trains.
    source : Out(Source), combinational
        What the word read is.
    valid : Out(1), combinational
        The word enters the array.
    first : Out(1), combinational
        The word starts a sum; for sums in DSP blocks see
        :class:`boldhw.gateware.array.dsp_array.DspArray`.
    last : Out(1), combinational
        The word ends a sum.
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
    """Merge the requests of the passes.

    An OR is enough, as only one pass is awake.

    Parameters
    ----------
    config : EngineConfig
        Gives ``weight_rows``, ``signal_rows`` and ``training``.

    Members
    -------
    forward : In(IssuePort(config))
        Requests of the forward pass; all zero while it is idle, as those of the others.
    backward : In(IssuePort(config))
        Requests of the backward pass; only in an engine that trains.
    update : In(IssuePort(config))
        Requests of the update pass; only in an engine that trains.
    merged : Out(IssuePort(config)), combinational
        Requests of the pass that is awake.

    Latency
    -------
    None.
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
