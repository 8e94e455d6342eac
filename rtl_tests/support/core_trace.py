"""The ports of the passes in every cycle of a training operation, in Amaranth's simulator."""

from dataclasses import dataclass

from amaranth.hdl import Fragment, Value
from amaranth.sim import Simulator

from boldhw.gateware.core.core import Core
from boldhw.gateware.ports import Operation
from boldhw.golden.hyper import Hyper
from boldhw.spec import packing
from boldhw.spec.engine import EngineConfig
from boldhw.spec.layout import Layout
from boldhw.spec.network import Network
from boldhw.spec.settings import LIMIT

# A hidden layer of two groups of two words, and a last layer of one group.
NETWORK = "16-8-4"
CONFIG = EngineConfig(
    elements=4,
    lanes=8,
    batch=4,
    accumulator_bits=5,
    weight_rows=64,
    data_rows=512,
    signal_rows=48,
    max_layers=2,
)


@dataclass(frozen=True)
class Port:
    """A port of a pass: its bits, and its value in every cycle from the start of the pass on."""

    width: int
    values: list


def pass_ports(config):
    """Return {name of a pass: {name of a port: Port}}, of one sample that is trained on.

    The sample is active and the batch is 1, so that all passes run. Weights and sample are zero:
    no pass depends on them.
    """
    core = Core(config)
    simulator = Simulator(Fragment.get(core, None))
    signals = {
        (name, ".".join(path)): Value.cast(value)
        for name, each in core._passes.items()
        for path, _, value in each.signature.flatten(each)
    }
    found = {key: [] for key in signals}

    async def bench(ctx):
        await _load(ctx, core)
        ctx.set(core.control.operation, Operation.TRAIN)
        ctx.set(core.control.start, 1)
        await ctx.tick()
        ctx.set(core.control.start, 0)
        while ctx.get(core.control.busy):
            for key, signal in signals.items():
                found[key].append(ctx.get(signal))
            await ctx.tick()

    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    begins = {name: found[name, "run.start"].index(1) for name in core._passes}
    ports = {name: {} for name in core._passes}
    for (name, port), values in found.items():
        ports[name][port] = Port(len(signals[name, port]), values[begins[name] :])
    return ports


async def _load(ctx, core):
    """Write the layer table and the registers."""
    config, network = core.config, Network.of(NETWORK)
    layout = Layout(config, network)
    settings = Hyper(batch=1).settings(config, network).changed(margin=LIMIT)
    table, size = packing.pack_table(layout, settings), config.data_bytes
    while ctx.get(core.control.busy):  # counters are cleared
        await ctx.tick()
    ctx.set(core.data.write, 1)
    for row in range(len(table) // size):
        ctx.set(core.data.addr, row)
        data = table[row * size : (row + 1) * size]
        ctx.set(core.data.write_data, int.from_bytes(data, "little"))
        await ctx.tick()
    ctx.set(core.data.write, 0)
    names = ("batch", "margin", "rounding", "classes", "outputs_per_class")
    registers = {name: getattr(settings, name) for name in names}
    registers |= {"layers": len(layout.layers), "slot_row": layout.slot_row}
    ctx.set(core.control.registers, registers | {"slot_stride": layout.slot_stride})
    await ctx.tick()
