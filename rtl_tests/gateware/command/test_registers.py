from support import simulate
from support.shifter_engines import SHORT

from boldhw.gateware.command.registers import RegisterFile


def test_registers(sim):
    simulate.run(RegisterFile(SHORT), "bench_registers", sim, tests=1)
