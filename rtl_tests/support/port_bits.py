"""Widths of a component's ports by the names that a bench sees, to pass as its parameters."""

from amaranth.hdl import Value
from amaranth.lib.wiring import Flow


def input_bits(component):
    """Return {name: bits} of all inputs, ``__`` between the parts of a name."""
    return _bits(component, Flow.In)


def output_bits(component):
    """Return {name: bits} of all outputs."""
    return _bits(component, Flow.Out)


def _bits(component, flow):
    return {
        "__".join(map(str, path)): len(Value.cast(value))
        for path, member, value in component.signature.flatten(component)
        if member.flow == flow
    }
