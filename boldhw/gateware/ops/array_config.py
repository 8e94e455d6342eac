"""The array of op lists, in the terms of the array that it shares with the engine of layers."""

from dataclasses import dataclass

from boldhw.spec.ops.array import ArraySize


@dataclass(frozen=True)
class ArrayConfig:
    """What :class:`boldhw.gateware.array.array.PEArray` takes of its configuration.

    size: of the array. All lanes vote, and all elements are in one region.
    """

    size: ArraySize
    training: bool = True
    regions: int = 1
    clears_sums: bool = True

    @property
    def sum_bits(self):
        """Of a signed sum."""
        return self.size.sum_bits

    @property
    def max_fan_in(self):
        """Terms of a sum at most."""
        return self.size.most_terms

    @property
    def elements(self):
        """Of the array."""
        return self.size.elements

    @property
    def lanes(self):
        """Of an operand word."""
        return self.size.lanes

    @property
    def batch(self):
        """Lanes of a word that can vote."""
        return self.size.lanes

    @property
    def popcount_registers(self):
        """Of each popcount tree."""
        return self.size.popcount_registers

    @property
    def read_latency(self):
        """Of the data memory."""
        return self.size.read_latency

    @property
    def latency(self):
        """Cycles from an operand's address to its sums."""
        return self.size.latency

    def region_of(self, element):
        """Return the region of an element."""
        return 0
