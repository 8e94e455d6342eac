"""What a pass asks of memories and array in one cycle."""

from amaranth.lib.wiring import Out, Signature

from boldhw.gateware.array.operand import Source


class IssuePort(Signature):
    """Addresses and flags of one cycle; all zero while the pass is idle, so that passes are ORed.

    But for ``data_addr`` and ``in_slot``: the core takes those of the pass that is awake.
    Everything that belongs to one operand word is given in the cycle of its data or signal memory
    address; the core delays the rest to match.

    data_addr, data_write, second    data memory; a write stores the packer's first or second word
    write_addr                       where a data memory of two ports writes
    in_slot                          data_addr counts from the sample's slot, whose row is aligned;
                                     said one cycle ahead
    weight_row                       weight row, read one cycle after the data row
    signal_row                       signal memory
    source                           what the word read is
    valid, first, last               the word enters the array; it starts, ends a sum; with sums in
                                     DSP blocks see
                                     :class:`boldhw.gateware.array.dsp_array.DspArray`
    """

    def __init__(self, config):
        members = {
            "data_addr": Out(range(config.data_rows)),
            "data_write": Out(1),
            "in_slot": Out(1),
            "second": Out(1),
            "weight_row": Out(range(config.weight_rows)),
            "source": Out(Source),
            "valid": Out(1),
            "first": Out(1),
            "last": Out(1),
        }
        if config.dual_port:
            members |= {"write_addr": Out(range(config.data_rows))}
        if config.training:
            members |= {"signal_row": Out(range(config.signal_rows))}
        super().__init__(members)


def write_address(issue):
    """Return the address of a data write: one of its own, or that of the only port."""
    return getattr(issue, "write_addr", issue.data_addr)
