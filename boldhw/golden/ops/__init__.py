"""The second golden model: op lists run on memories (docs/graph_engine.md).

It knows descriptors and rows of memories, and nothing of the network. In tests all that it leaves
in the memories equals what :class:`boldhw.golden.graph.network.GraphNetwork` has.
"""
