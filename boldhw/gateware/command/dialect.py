"""What differs between the two kinds of engines behind a command unit."""

from boldhw.gateware.ops.link_ports import OpControlPort, OpRegisterLayout, WordPort
from boldhw.gateware.ports import BlockPort, ControlPort, DataPort, RegisterLayout
from boldhw.gateware.store.store import StorePort
from boldhw.spec.ops.protocol import OP_READABLE, op_banks_of, op_registers_of
from boldhw.spec.protocol import READABLE, banks_of, registers_of


def ports_of(config):
    """Return the signatures of the ports of an engine by name."""
    ports = {"data": DataPort, "blocks": BlockPort, "control": ControlPort}
    if config.runs_ops:
        ports |= {"blocks": WordPort, "control": OpControlPort}
    if config.has_store:
        ports["store"] = StorePort
    return {name: port(config) for name, port in ports.items()}


def layout_of(config):
    """Return the layout of the registers that steer the core of an engine."""
    return OpRegisterLayout(config) if config.runs_ops else RegisterLayout()


def readable(config):
    """Return the registers that an engine has and that can be read, that of the network first."""
    return OP_READABLE if config.runs_ops else READABLE


def writable(config):
    """Return the registers that an engine has."""
    return op_registers_of(config) if config.runs_ops else registers_of(config)


def banks(config):
    """Return the banks that an engine has."""
    return op_banks_of(config) if config.runs_ops else banks_of(config)
