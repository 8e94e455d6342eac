"""The golden model of a graph of layers with convolutions (docs/rule.md).

A dense layer is a convolution over one place, so there is one rule for all kinds of layers. What is
computed is defined by :mod:`boldhw.golden.graph.kernel`, in NumPy; a compiled kernel gives the same
bits in less time.
"""
