"""Compare a unit of plain ports with a reference in every cycle.

A reference is a callable that takes the inputs of a cycle by name, returns the outputs expected in
that cycle, by name too, and moves on to the next cycle. Outputs that are not defined it leaves out.
"""

from cocotb.triggers import FallingEdge, ReadOnly
from support.streams import now


async def compare(dut, reference, vectors):
    """Drive each of ``vectors``, dicts of inputs, for a cycle and check all expected outputs."""
    falling, read_only = FallingEdge(dut.clk), ReadOnly()
    ports = {}
    for inputs in vectors:
        for name, value in inputs.items():
            handle(dut, ports, name).value = value
        await read_only
        for name, expected in reference(**inputs).items():
            found = int(handle(dut, ports, name).value)
            assert found == expected, f"{name} {found:#x}, not {expected:#x}, cycle {now()}"
        await falling


def handle(dut, ports, name):
    """Return the port ``name``, which is looked up once."""
    if name not in ports:
        ports[name] = getattr(dut, name)
    return ports[name]
