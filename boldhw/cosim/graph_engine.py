"""An engine of op lists as a design to simulate."""

from boldhw.gateware.verilog import MODULE, engine_verilog

INNER = f"{MODULE}_engine"
# All registers and memories have values at power-on. Without a reset nothing depends on one: the
# simulation takes three fifths of the time.
TOP = f"""
module {MODULE}(clk, rst, rx__payload, rx__valid, rx__ready, tx__payload, tx__valid, tx__ready);
  input clk, rst, rx__valid, tx__ready;
  input [7:0] rx__payload;
  output rx__ready, tx__valid;
  output [7:0] tx__payload;
  {INNER} engine (
    .clk(clk),
    .rst(1'b0),
    .rx__payload(rx__payload),
    .rx__valid(rx__valid),
    .rx__ready(rx__ready),
    .tx__payload(tx__payload),
    .tx__valid(tx__valid),
    .tx__ready(tx__ready)
  );
endmodule
"""


def graph_verilog(config, clock_hz):
    """Return the Verilog of an engine of op lists that is never reset."""
    return engine_verilog(config, clock_hz, INNER) + TOP
