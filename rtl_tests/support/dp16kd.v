// Block RAM of an ECP5 for simulation, as far as this project uses it: rows of 1, 2, 4, 9, 18
// or 36 bits and unregistered outputs. Yosys ships no model of it.
module DP16KD (
  input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5,
    DIA4, DIA3, DIA2, DIA1, DIA0, ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4,
    ADA3, ADA2, ADA1, ADA0,
  input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
  output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
    DOA4, DOA3, DOA2, DOA1, DOA0,
  input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5,
    DIB4, DIB3, DIB2, DIB1, DIB0, ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4,
    ADB3, ADB2, ADB1, ADB0,
  input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
  output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
    DOB4, DOB3, DOB2, DOB1, DOB0
);
  parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18;
  parameter WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL";
  parameter REGMODE_A = "NOREG", REGMODE_B = "NOREG", RESETMODE = "SYNC";
  parameter ASYNC_RESET_RELEASE = "SYNC", GSR = "AUTO";
  parameter CSDECODE_A = "0b000", CSDECODE_B = "0b000", CLKAMUX = "CLKA", CLKBMUX = "CLKB";
  parameter INITVAL_00 = 320'b0, INITVAL_01 = 320'b0, INITVAL_02 = 320'b0, INITVAL_03 = 320'b0;
  parameter INITVAL_04 = 320'b0, INITVAL_05 = 320'b0, INITVAL_06 = 320'b0, INITVAL_07 = 320'b0;
  parameter INITVAL_08 = 320'b0, INITVAL_09 = 320'b0, INITVAL_0A = 320'b0, INITVAL_0B = 320'b0;
  parameter INITVAL_0C = 320'b0, INITVAL_0D = 320'b0, INITVAL_0E = 320'b0, INITVAL_0F = 320'b0;
  parameter INITVAL_10 = 320'b0, INITVAL_11 = 320'b0, INITVAL_12 = 320'b0, INITVAL_13 = 320'b0;
  parameter INITVAL_14 = 320'b0, INITVAL_15 = 320'b0, INITVAL_16 = 320'b0, INITVAL_17 = 320'b0;
  parameter INITVAL_18 = 320'b0, INITVAL_19 = 320'b0, INITVAL_1A = 320'b0, INITVAL_1B = 320'b0;
  parameter INITVAL_1C = 320'b0, INITVAL_1D = 320'b0, INITVAL_1E = 320'b0, INITVAL_1F = 320'b0;
  parameter INITVAL_20 = 320'b0, INITVAL_21 = 320'b0, INITVAL_22 = 320'b0, INITVAL_23 = 320'b0;
  parameter INITVAL_24 = 320'b0, INITVAL_25 = 320'b0, INITVAL_26 = 320'b0, INITVAL_27 = 320'b0;
  parameter INITVAL_28 = 320'b0, INITVAL_29 = 320'b0, INITVAL_2A = 320'b0, INITVAL_2B = 320'b0;
  parameter INITVAL_2C = 320'b0, INITVAL_2D = 320'b0, INITVAL_2E = 320'b0, INITVAL_2F = 320'b0;
  parameter INITVAL_30 = 320'b0, INITVAL_31 = 320'b0, INITVAL_32 = 320'b0, INITVAL_33 = 320'b0;
  parameter INITVAL_34 = 320'b0, INITVAL_35 = 320'b0, INITVAL_36 = 320'b0, INITVAL_37 = 320'b0;
  parameter INITVAL_38 = 320'b0, INITVAL_39 = 320'b0, INITVAL_3A = 320'b0, INITVAL_3B = 320'b0;
  parameter INITVAL_3C = 320'b0, INITVAL_3D = 320'b0, INITVAL_3E = 320'b0, INITVAL_3F = 320'b0;
  // Rows of up to 9 bits; wider rows are two or four of them. All zero after configuration.
  localparam SHIFT = DATA_WIDTH_A == 1 ? 0 : DATA_WIDTH_A == 2 ? 1 : DATA_WIDTH_A == 4 ? 2 : 3;
  localparam [13:0] MASK = DATA_WIDTH_A == 36 ? 14'h3ffc : DATA_WIDTH_A == 18 ? 14'h3ffe : 14'h3fff;
  reg [8:0] rows [0:16383];
  integer row;
  initial begin
    for (row = 0; row < 16384; row = row + 1) rows[row] = 0;
    if (REGMODE_A != "NOREG" || REGMODE_B != "NOREG" || DATA_WIDTH_A != DATA_WIDTH_B
        || WRITEMODE_A == "WRITETHROUGH") begin
      $display("DP16KD: mode without a model");
      $finish;
    end
  end

  wire [13:0] address_a = { ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1,
        ADA0 };
  wire [13:0] first_a = (address_a >> SHIFT) & MASK;
  wire [3:0] enable_a = DATA_WIDTH_A == 36 ? address_a[3:0]
      : DATA_WIDTH_A == 18 ? { 2'd0, address_a[1:0] } : 4'd1;
  reg [35:0] out_a = 0;

  wire [13:0] address_b = { ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1,
        ADB0 };
  wire [13:0] first_b = (address_b >> SHIFT) & MASK;
  wire [3:0] enable_b = DATA_WIDTH_B == 36 ? address_b[3:0]
      : DATA_WIDTH_B == 18 ? { 2'd0, address_b[1:0] } : 4'd1;
  reg [35:0] out_b = 0;

  // 36 bits are written through port A and read through port B.
  wire [17:0] low_a = { DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6,
        DIA5, DIA4, DIA3, DIA2, DIA1, DIA0 };
  wire [17:0] low_b = { DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6,
        DIB5, DIB4, DIB3, DIB2, DIB1, DIB0 };
  wire [35:0] in_a = { low_b, low_a };
  wire [35:0] in_b = { 18'd0, low_b };
  assign { DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6,
        DOA5, DOA4, DOA3, DOA2, DOA1, DOA0 }
      = DATA_WIDTH_B == 36 ? out_b[17:0] : out_a[17:0];
  assign { DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6,
        DOB5, DOB4, DOB3, DOB2, DOB1, DOB0 }
      = DATA_WIDTH_B == 36 ? out_b[35:18] : out_b[17:0];

  integer part_a;
  always @(posedge CLKA) if (CEA) begin
    if (!WEA || WRITEMODE_A == "READBEFOREWRITE")
      for (part_a = 0; part_a < 4; part_a = part_a + 1)
        out_a[9 * part_a +: 9] <= rows[first_a | part_a];
    if (WEA)
      for (part_a = 0; part_a < 4; part_a = part_a + 1)
        if (enable_a[part_a]) rows[first_a | part_a] <= in_a[9 * part_a +: 9];
  end

  integer part_b;
  always @(posedge CLKB) if (CEB) begin
    if (!WEB || WRITEMODE_B == "READBEFOREWRITE")
      for (part_b = 0; part_b < 4; part_b = part_b + 1)
        out_b[9 * part_b +: 9] <= rows[first_b | part_b];
    if (WEB)
      for (part_b = 0; part_b < 4; part_b = part_b + 1)
        if (enable_b[part_b]) rows[first_b | part_b] <= in_b[9 * part_b +: 9];
  end
endmodule
