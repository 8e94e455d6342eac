from support import simulate

from boldhw.gateware.command.registers import RegisterFile


def test_registers(sim):
    simulate.run(RegisterFile(), "bench_registers", sim, tests=1)
