"""Drive the ports of a unit without streams and compare its outputs in every cycle.

A bench writes inputs and outputs down as columns, ``{port: one integer per cycle}``, computes the
outputs with its reference and lets :func:`compare` run them. Outputs are sampled before the rising
edge at which registers take the inputs of the same cycle.
"""

from cocotb.triggers import FallingEdge, ReadOnly
from support.streams import as_int, start


async def compare(dut, inputs, outputs, care=None):
    """Reset the unit, drive ``inputs`` and assert ``outputs``, all columns of equal length.

    ``care`` holds columns of the bits to compare, for outputs that do not always mean something.
    """
    await start(dut, **dict.fromkeys(inputs, 0))
    drives = [(getattr(dut, name), column) for name, column in inputs.items()]
    checks = [
        (name, getattr(dut, name), column, (care or {}).get(name, [-1] * len(column)))
        for name, column in outputs.items()
    ]
    columns = [*inputs.values(), *outputs.values()]
    assert {len(column) for column in columns} == {len(columns[0])}
    for cycle in range(len(columns[0])):
        for port, column in drives:
            port.value = column[cycle]
        await ReadOnly()
        for name, port, column, cared in checks:
            found, expected = as_int(port), column[cycle]
            same = not (found ^ expected) & cared[cycle]
            assert same, f"cycle {cycle}: {name} is {found:#x}, not {expected:#x}"
        await FallingEdge(dut.clk)


def pack(rows, width=1):
    """Return a column: the lanes of each row side by side, lane 0 lowest, cut to ``width`` bits."""
    ones = (1 << width) - 1
    return [sum((int(v) & ones) << lane * width for lane, v in enumerate(row)) for row in rows]
