"""The engine of op lists with counters of what its units, and the fetch of lists, ask memories for.

What is counted is ``valid`` of their ports, before any register: a write of several rows or parts
counts each of them, any other request once.
"""

from amaranth.hdl import Signal
from amaranth.lib.wiring import Out, Signature

from boldhw.gateware.ops.engine import READS, WRITES, OpEngine, units_of
from boldhw.gateware.ops.shared import op_ports

COUNT_BITS = 32
FETCH = "fetch_read"
# Ports of units, and what they count in boldhw.energy.op_accesses; a word of the array has a row of
# weights.
COUNTED = {
    **{port: f"{memory}_reads" for memory, ports in READS.items() for port in ports},
    **{port: f"{memory}_writes" for memory, port in WRITES.items()},
    "blocks": "weight_writes",
}


def kinds_of_units(size):
    """Return {name of a unit: kinds of ops that it runs}."""
    found = {}
    for kind, unit in units_of(size).items():
        found.setdefault(unit, []).append(kind)
    return {_name(kinds): kinds for kinds in found.values()}


class CountedEngine(OpEngine):
    """An OpEngine with outputs that count for how many cycles the ports of its units were valid.

    They are ``UNIT_PORT``, with names of :func:`kinds_of_units` and COUNTED, and FETCH. One of a
    port that a unit does not have is 0. Requests of the host, while no list runs, are left out.
    """

    def __init__(self, size):
        names = [f"{unit}_{port}" for unit in kinds_of_units(size) for port in COUNTED]
        self.counts = {name: Signal(COUNT_BITS, name=name) for name in [*names, FETCH]}
        super().__init__(size)
        vars(self).update(self.counts)

    @property
    def signature(self):
        """Ports of the engine, and the counts."""
        counts = {name: Out(COUNT_BITS) for name in self.counts}
        return Signature(dict(super().signature.members.items()) | counts)

    def _memories(self, m, sequencer, units):
        """Make the memories, and count what is asked for."""
        super()._memories(m, sequencer, units)
        self._add(m, FETCH, sequencer.read)
        for unit in units:
            name = _name(port.signature.kind for port in op_ports(unit))
            for port in COUNTED:
                if port in unit.signature.members:
                    self._add(m, f"{name}_{port}", getattr(unit, port))

    def _add(self, m, name, port):
        count = self.counts[name]
        with m.If(self.busy):
            m.d.sync += count.eq(count + sum(port.valid))


def _name(kinds):
    return "_".join(kind.__name__.lower() for kind in kinds)
