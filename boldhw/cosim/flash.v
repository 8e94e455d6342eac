// Behaviour of a W25Q128JV as far as it is used here, and a check of its data sheet's rules
// (Winbond, revision F: instructions in section 8, times in 9.6). It has just configured an FPGA,
// so it is powered down. What is shown is inverted once a rule is broken; the first one is kept in
// `violation`.
//
// `clk` is that of the reader, twice the chip's at least, so the chip's access time (tCLQV) must be
// less than a cycle, which also keeps the chip's clock below its 133 MHz. WAKE is tRES1, DESELECT
// tSHSL2. Times are in fs. FILE holds the upper end of the chip, what lies below is never read.

module flash #(
    parameter ADDRESS_BITS = 23,
    parameter FILE = "",
    parameter [63:0] PERIOD = 64'd41666667,
    parameter [63:0] WAKE = 64'd3000000000,
    parameter [63:0] DESELECT = 64'd50000000,
    parameter [63:0] ACCESS = 64'd7000000
) (
    input clk,
    input rst,
    input select,
    input sck,
    input [3:0] data_out,
    input [3:0] drive,
    output [3:0] data_in,
    output reg [3:0] violation
);
  localparam NONE = 0, ASLEEP = 1, WAKE_RULE = 2, DESELECT_RULE = 3, CLOCK_RULE = 4, BUS_RULE = 5,
             UNKNOWN = 6, CUT_RULE = 7, ADDRESS_RULE = 8, ACCESS_RULE = 9;
  localparam [63:0] LONG_AGO = 64'h1000000000000000;
  localparam [7:0] RELEASE = 8'hAB, READ = 8'h6B;
  localparam ADDRESSED = 32, SHOWN = 40;  // clocks until the address, the first data

  reg [7:0] cells[0:(1<<ADDRESS_BITS)-1];
  reg [63:0] now, woke, deselected;
  reg awake, sck_before, select_before;
  reg [15:0] count;  // rising edges of the chip's clock since it was selected
  reg [7:0] instruction;
  reg [23:0] address;

  wire reading = instruction == READ && count >= SHOWN;
  wire [15:0] nibble = count - SHOWN;
  wire [23:0] place = address + nibble[15:1];
  wire [7:0] word = cells[place[ADDRESS_BITS-1:0]];
  wire [3:0] shown = reading ? (nibble[0] ? word[3:0] : word[7:4]) : 4'hA;
  assign data_in = violation == NONE ? shown : ~shown;

  integer file, size;
  initial if (FILE != "") begin
    file = $fopen(FILE, "rb");
    size = $fread(cells, file);
    $fclose(file);
  end

  task broken(input [3:0] rule);
    if (violation == NONE) violation <= rule;
  endtask

  always @(posedge clk) begin
    now <= now + PERIOD;
    sck_before <= sck;
    select_before <= select;
    if (PERIOD < ACCESS) broken(ACCESS_RULE);
    if (select && !select_before) begin
      if (sck) broken(CLOCK_RULE);
      if (now - deselected < DESELECT) broken(DESELECT_RULE);
      if (awake && now - woke < WAKE) broken(WAKE_RULE);
    end
    if (!select && select_before) begin
      deselected <= now;
      if (count < 8 || sck) broken(CUT_RULE);
      if (instruction == RELEASE && !awake) begin
        awake <= 1;
        woke <= now;
      end
    end
    if (!select) count <= 0;
    if (select && sck && !sck_before) begin
      count <= count + 1;
      if (count < ADDRESSED && !drive[0]) broken(BUS_RULE);
      if (count < 8) instruction <= {instruction[6:0], data_out[0]};
      else begin
        if (instruction != READ) broken(UNKNOWN);
        if (!awake) broken(ASLEEP);
        if (count < ADDRESSED) address <= {address[22:0], data_out[0]};
        if (count == SHOWN && place >> ADDRESS_BITS != 24'hFFFFFF >> ADDRESS_BITS)
          broken(ADDRESS_RULE);
      end
    end
    // The chip drives behind the falling edge of the last clock before its data, and line 1 as of
    // the instruction.
    if (select && (drive[1] || reading && drive != 0)) broken(BUS_RULE);
    if (rst) begin
      now <= LONG_AGO;
      woke <= 0;
      deselected <= 0;
      awake <= 0;
      sck_before <= 0;
      select_before <= 0;
      count <= 0;
      instruction <= 0;
      address <= 0;
      violation <= NONE;
    end
  end
endmodule
