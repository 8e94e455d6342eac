"""Rows in the single-port RAM primitives of an iCE40UP5K."""

from amaranth.hdl import ClockSignal, Const, Instance, Mux, Signal

from boldhw.spec.memories import SPRAM_ROWS, SPRAM_WIDTH
from boldhw.spec.numbers import ceil_div


def single_port_rams(m, shape, addr, write, write_data):
    """Add primitives to a module; return the row at ``addr``, a cycle later.

    Their first contents are not known, and neither is what a cycle that writes reads.

    shape: bits of a row, rows.  addr, write, write_data: Values.
    """
    width, banks = shape[0], ceil_div(shape[1], SPRAM_ROWS)
    outputs = []
    for bank in range(banks):
        chosen = addr[14:] == bank
        row = Signal(width)
        for low in range(0, width, SPRAM_WIDTH):
            high = min(low + SPRAM_WIDTH, width)
            name = f"bank{bank}_bits{low}"
            m.submodules[name] = _primitive(
                chosen, addr, write, write_data[low:high], row[low:high]
            )
        outputs.append(row)
    was = Signal(range(banks))
    m.d.sync += was.eq(addr[14:])
    result = outputs[0]
    for bank, row in enumerate(outputs[1:], start=1):
        result = Mux(was == bank, row, result)
    return result


def _primitive(chosen, addr, write, write_data, row):
    return Instance(
        "SB_SPRAM256KA",
        i_ADDRESS=addr[:14],
        i_DATAIN=write_data,
        i_MASKWREN=Const(0b1111, 4),
        i_WREN=write,
        i_CHIPSELECT=chosen,
        i_CLOCK=ClockSignal(),
        i_STANDBY=Const(0),
        i_SLEEP=Const(0),
        i_POWEROFF=Const(1),
        o_DATAOUT=row,
    )
