// Behaviour of an SDRAM chip with four banks, and a check of every rule of its data sheet that
// counts in cycles: the times of table 16 of the AS4C16M16SA (Alliance Memory, revision 3.0).
//
// `clk` is that of the controller: the chip takes what the registers at its pins show during a
// cycle, in the middle of it, so at the rising edge that ends the cycle here. Times are those of
// boldhw.gateware.sdram.SdramChip in fs. The first rule that is broken is kept in `violation`; from
// then on everything that is read is inverted, so that nobody can go on without noticing. Reset
// stands for power-on, but that the cells keep what they hold.

module sdram #(
    parameter ROW_BITS = 13,
    parameter COLUMN_BITS = 9,
    parameter DATA_BITS = 16,
    parameter ADDRESS_BITS = 13,
    parameter LATENCY = 2,
    parameter [63:0] PERIOD = 64'd13333334,
    parameter [63:0] INIT = 64'd200000000000,
    parameter [63:0] RCD = 64'd21000000,
    parameter [63:0] RP = 64'd21000000,
    parameter [63:0] RAS = 64'd42000000,
    parameter [63:0] RAS_MAX = 64'd100000000000,
    parameter [63:0] RC = 64'd63000000,
    parameter [63:0] RRD = 64'd14000000,
    parameter [63:0] RFC = 64'd63000000,
    parameter [63:0] WR = 64'd14000000,
    parameter [63:0] MRD = 64'd14000000,
    parameter [63:0] REFI = 64'd7800000000,
    parameter [63:0] CK = 64'd10000000
) (
    input clk,
    input rst,
    input ras,
    input cas,
    input we,
    input [1:0] bank,
    input [ADDRESS_BITS-1:0] address,
    input [DATA_BITS/8-1:0] mask,
    input [DATA_BITS-1:0] data_out,
    input drive,
    output [DATA_BITS-1:0] data_in,
    output reg [4:0] violation
);
  localparam NONE = 0, TOO_EARLY = 1, NOT_READY = 2, RCD_RULE = 3, RP_RULE = 4, RAS_RULE = 5,
             RAS_MAX_RULE = 6, RC_RULE = 7, RRD_RULE = 8, RFC_RULE = 9, WR_RULE = 10,
             MRD_RULE = 11, REFI_RULE = 12, OPEN_RULE = 13, CLOSED_RULE = 14, BUS_RULE = 15,
             CUT_RULE = 16, MODE_RULE = 17, MASK_RULE = 18, COLUMN_RULE = 19, CK_RULE = 20;
  localparam [63:0] LONG_AGO = 64'h1000000000000000;
  localparam [2:0] NOP = 0, MODE = 7, REFRESH = 6, PRECHARGE = 5, ACTIVATE = 4, WRITE = 3, READ = 2;
  localparam REFRESHES = 8;

  reg [DATA_BITS-1:0] cells[0:(1<<(2+ROW_BITS+COLUMN_BITS))-1];

  // Times are counted from LONG_AGO on, so that what never happened lies far behind.
  reg [63:0] now, activated[0:3], precharged[0:3], written[0:3], read[0:3];
  reg [63:0] activated_any, refreshed, moded;
  reg [3:0] open;
  reg [ROW_BITS-1:0] row[0:3];
  reg [3:0] refreshes;
  reg all_closed, ready;

  // What is on its way to the data pins, the stage that shows it last.
  reg [DATA_BITS-1:0] coming[0:LATENCY-1];
  reg [LATENCY-1:0] driven;
  reg [DATA_BITS/8-1:0] mask_before, mask_earlier;

  wire [2:0] command = {ras, cas, we};
  wire [1+ROW_BITS+COLUMN_BITS:0] place = {bank, row[bank], address[COLUMN_BITS-1:0]};
  wire [DATA_BITS-1:0] shown = driven[LATENCY-1] ? coming[LATENCY-1] : {DATA_BITS / 8{8'h5A}};
  assign data_in = violation == NONE ? shown : ~shown;

  integer i;
  task power_on;
    begin
      now <= LONG_AGO;
      activated_any <= 0;
      refreshed <= 0;
      moded <= 0;
      open <= 0;
      refreshes <= 0;
      all_closed <= 0;
      ready <= 0;
      driven <= 0;
      mask_before <= 0;
      mask_earlier <= 0;
      violation <= NONE;
      for (i = 0; i < 4; i = i + 1) begin
        activated[i] <= 0;
        precharged[i] <= 0;
        written[i] <= 0;
        read[i] <= 0;
      end
    end
  endtask

  task broken(input [4:0] rule);
    if (violation == NONE) violation <= rule;
  endtask

  task check_precharge(input integer b);
    if (open[b]) begin
      if (now - activated[b] < RAS) broken(RAS_RULE);
      if (now - activated[b] > RAS_MAX) broken(RAS_MAX_RULE);
      if (now - written[b] < WR) broken(WR_RULE);
      // A precharge cuts off words that come more than latency - 1 cycles behind it.
      if (now - read[b] < (LATENCY - 1) * PERIOD) broken(CUT_RULE);
    end
  endtask

  always @(posedge clk) if (rst) power_on; else begin
    now <= now + PERIOD;
    mask_before <= mask;
    mask_earlier <= mask_before;
    driven <= {driven[LATENCY-2:0], command == READ};
    for (i = 1; i < LATENCY; i = i + 1) coming[i] <= coming[i-1];
    coming[0] <= cells[place];

    if (drive && driven[LATENCY-1]) broken(BUS_RULE);
    // A mask hides what is read two cycles later.
    if (driven[LATENCY-1] && mask_earlier != 0) broken(MASK_RULE);
    if (PERIOD < CK) broken(CK_RULE);
    if (ready && now - refreshed > REFI) broken(REFI_RULE);
    if (command != NOP) begin
      if (now - LONG_AGO < INIT) broken(TOO_EARLY);
      if (now - refreshed < RFC) broken(RFC_RULE);
      if (now - moded < MRD) broken(MRD_RULE);
      if (!ready && (command == ACTIVATE || command == READ || command == WRITE)) broken(NOT_READY);
    end
    case (command)
      PRECHARGE: begin
        for (i = 0; i < 4; i = i + 1)
          if (address[10] || bank == i) begin
            check_precharge(i);
            open[i] <= 0;
            precharged[i] <= now;
          end
        if (address[10]) all_closed <= 1;
      end
      REFRESH: begin
        if (!all_closed || open != 0) broken(OPEN_RULE);
        for (i = 0; i < 4; i = i + 1) begin
          if (now - precharged[i] < RP) broken(RP_RULE);
          if (now - activated[i] < RC) broken(RC_RULE);
        end
        refreshed <= now;
        if (refreshes != REFRESHES) refreshes <= refreshes + 1;
      end
      MODE: begin
        if (!all_closed || open != 0) broken(OPEN_RULE);
        if (refreshes != REFRESHES) broken(NOT_READY);
        // Bursts of one word, for reading and for writing; the latency.
        if (address[9:0] != LATENCY << 4 || bank != 0) broken(MODE_RULE);
        moded <= now;
        ready <= 1;
      end
      ACTIVATE: begin
        if (open[bank]) broken(OPEN_RULE);
        if (now - precharged[bank] < RP) broken(RP_RULE);
        if (now - activated[bank] < RC) broken(RC_RULE);
        if (now - activated_any < RRD) broken(RRD_RULE);
        open[bank] <= 1;
        row[bank] <= address[ROW_BITS-1:0];
        activated[bank] <= now;
        activated_any <= now;
      end
      READ, WRITE: begin
        if (!open[bank]) broken(CLOSED_RULE);
        if (now - activated[bank] < RCD) broken(RCD_RULE);
        // Address bit 10 would close the row by itself, and no column lies above the others.
        if (address >> COLUMN_BITS != 0) broken(COLUMN_RULE);
        if (command == READ) read[bank] <= now;
        else begin
          if (!drive) broken(BUS_RULE);
          written[bank] <= now;
          for (i = 0; i < DATA_BITS / 8; i = i + 1)
            if (!mask[i]) cells[place][8*i+:8] <= data_out[8*i+:8];
        end
      end
      default: if (drive) broken(BUS_RULE);
    endcase
  end
endmodule
