"""The controller of a memory with the model of its chip, and random traffic for both."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import Out


class Modelled(wiring.Component):
    """A controller, with its port ``memory``, and the model of its chip, with its ``violation``."""

    def __init__(self, controller, model):
        self.controller = controller
        self.model = model
        super().__init__({
            "memory": controller.signature.members["memory"],
            "violation": model.signature.members["violation"],
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.controller, m.submodules.model = self.controller, self.model
        wiring.connect(m, wiring.flipped(self.memory), self.controller.memory)
        wiring.connect(m, self.controller.pins, self.model.pins)
        m.d.comb += self.violation.eq(self.model.violation)
        return m


class Exercised(wiring.Component):
    """A Modelled memory and the Traffic that exercises it."""

    def __init__(self, memory, traffic):
        self.memory = memory
        self.traffic = traffic
        counts = {name: Out(32) for name in ("reads", "writes", "wrong")}
        super().__init__(counts | {"violation": memory.signature.members["violation"]})

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory, m.submodules.traffic = self.memory, self.traffic
        wiring.connect(m, self.traffic.memory, self.memory.memory)
        for name in ("reads", "writes", "wrong"):
            m.d.comb += getattr(self, name).eq(getattr(self.traffic, name))
        m.d.comb += self.violation.eq(self.memory.violation)
        return m
