"""Take a trained network along, or bring one: one file for each format.

:mod:`boldhw.export.model` is what every format is written from. ``c99``, ``onnx_writer``,
``verilog`` and ``image`` write; ``arrays``, ``state_dict`` and ``onnx_reader`` read.
"""
