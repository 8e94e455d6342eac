"""Op lists: what the array does for a graph of layers, as descriptors in a memory.

:mod:`boldhw.spec.ops.compiler` makes them from a network and the size of an array;
:mod:`boldhw.golden.ops` runs them on memories; docs/graph_engine.md has the fields and the cycles.
"""
