"""The Verilog of what becomes of the sums of a layer: bits, or scores and a class."""

from __future__ import annotations

from typing import Any


def index_bits(count: int) -> int:
    """Return the bits of a number below ``count``, 1 at least."""
    return max(1, (count - 1).bit_length())


def outputs(layer: Any) -> str:
    """Return ``bits`` of a LayerText: outputs come in the order of a map and are shifted in."""
    name, top = layer.name, layer.spec.makes.bits - 1
    text = f"""
reg signed [{layer.width - 1}:0] {name}_tau_looked, {name}_tau_summed;
wire {name}_fires = {name}_sum >= {name}_tau_summed;
reg [{top}:0] {name}_bits;
always @(posedge clk) begin
    {name}_tau_looked <= {name}_tau[{name}_output];
    {name}_tau_summed <= {name}_tau_looked;
"""
    if layer.places.pool > 1:
        return text + _pooled(layer)
    shifted = f"{{{name}_fires, {name}_bits[{top}:1]}}" if top else f"{name}_fires"
    return text + f"    if ({name}_summed)\n        {name}_bits <= {shifted};\nend\n"


def _pooled(layer: Any) -> str:
    """Return how an output becomes T where one of the four sums of its square does."""
    name, outputs, made = layer.name, layer.spec.outputs, layer.spec.makes
    bits, own = index_bits(made.bits), index_bits(outputs)
    wide = f"{name}_output" if bits == own else f"{{{bits - own}'d0, {name}_output}}"
    # The low bits: a counter may step past its last value at the end.
    line, square = (step & ((1 << bits) - 1) for step in (made.width * outputs, outputs))
    return f"""\
    if ({layer.start})
        {name}_bits <= {made.bits}'d0;
    else if ({name}_summed && {name}_fires)
        {name}_bits[{name}_at_summed] <= 1'b1;
end

// First output of the square of a sum, and of the row of squares; each follows its stage.
reg [{bits - 1}:0] {name}_square, {name}_line, {name}_at_looked, {name}_at_summed;
always @(posedge clk) begin
    {name}_at_looked <= {name}_square + {wide};
    {name}_at_summed <= {name}_at_looked;
    if ({layer.start}) begin
        {name}_square <= {bits}'d0;
        {name}_line <= {bits}'d0;
    end else if ({name}_busy && {name}_last) begin
        if ({name}_last_column && {name}_row_of_sums[0]) begin
            {name}_line <= {name}_line + {bits}'d{line};
            {name}_square <= {name}_line + {bits}'d{line};
        end else if ({name}_last_column)
            {name}_square <= {name}_line;
        else if ({name}_column_of_sums[0])
            {name}_square <= {name}_square + {bits}'d{square};
    end
end
"""


def scores(layer: Any) -> str:
    """Return ``best`` of a LayerText: the class with the highest score, the first of several."""
    name, model = layer.name, layer.model
    each, bits = model.outputs_per_class, index_bits(len(model.classes))
    width = (each * layer.spec.inputs).bit_length() + 1
    declared, score, complete, cleared, stepped = _added(layer, each, width)
    return f"""
// A score is the sum of {each} outputs.
reg [{bits - 1}:0] {name}_class, {name}_best;
reg signed [{width - 1}:0] {name}_highest;
{declared}\
wire {name}_complete = {complete};
wire signed [{width - 1}:0] {name}_score = {score};
always @(posedge clk) begin
    if ({layer.start}) begin
        {name}_class <= {bits}'d0;
{cleared}\
    end else if ({name}_summed) begin
{stepped}\
        if ({name}_complete) begin
            {name}_class <= {name}_class + {bits}'d1;
            if ({name}_class == {bits}'d0 || {name}_score > {name}_highest) begin
                {name}_highest <= {name}_score;
                {name}_best <= {name}_class;
            end
        end
    end
end
"""


def _added(layer: Any, each: int, width: int) -> tuple[str, str, str, str, str]:
    """Return how ``each`` sums become a score: declared, score, complete, cleared, stepped."""
    name, more = layer.name, width - layer.width
    value = f"{name}_sum"
    if more:
        value = f"{{{{{more}{{{name}_sum[{layer.width - 1}]}}}}, {name}_sum}}"
    if each == 1:
        return "", value, "1'b1", "", ""
    bits = index_bits(each)
    part, earlier = f"{name}_part", f"{name}_earlier"
    return (
        f"reg [{bits - 1}:0] {part};\nreg signed [{width - 1}:0] {earlier};\n",
        f"{earlier} + {value}",
        f"{part} == {bits}'d{each - 1}",
        f"        {part} <= {bits}'d0;\n        {earlier} <= {width}'sd0;\n",
        (
            f"        {part} <= {name}_complete ? {bits}'d0 : {part} + {bits}'d1;\n"
            f"        {earlier} <= {name}_complete ? {width}'sd0 : {name}_score;\n"
        ),
    )
