"""An engine of op lists as a design to simulate."""

from boldhw.cosim.engine import stored_verilog
from boldhw.gateware.verilog import MODULE, engine_verilog

INNER = f"{MODULE}_engine"
# All registers and memories have values at power-on. Without a reset nothing depends on one: the
# simulation takes three fifths of the time.
TOP = f"""
module {MODULE}(clk, rst, rx_payload, rx_valid, rx_ready, tx_payload, tx_valid, tx_ready);
  input clk, rst, rx_valid, tx_ready;
  input [7:0] rx_payload;
  output rx_ready, tx_valid;
  output [7:0] tx_payload;
  {INNER} engine (
    .clk(clk),
    .rst(1'b0),
    .rx_payload(rx_payload),
    .rx_valid(rx_valid),
    .rx_ready(rx_ready),
    .tx_payload(tx_payload),
    .tx_valid(tx_valid),
    .tx_ready(tx_ready)
  );
endmodule
"""


def graph_verilog(config, clock_hz):
    """Return the Verilog of an engine of op lists, with its memory, that is never reset."""
    make = stored_verilog if config.has_store else engine_verilog
    return make(config, clock_hz, INNER) + TOP
