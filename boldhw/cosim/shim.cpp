// C interface between boldhw/cosim/board.py and the model that Verilator makes of the engine.
//
// One call runs many clock cycles, because a call from Python costs as much as a few of them.

#include "Vmodel.h"
#include "verilated.h"
#if VM_TRACE_VCD
#include "verilated_vcd_c.h"
#endif

struct Context : VerilatedContext {
    // Must be said before the model is made.
    Context() { traceEverOn(VM_TRACE); }
};

struct Board {
    Context context;
    Vmodel model{&context};
    uint64_t cycles = 0;
#if VM_TRACE_VCD
    VerilatedVcdC dump;
    uint64_t first = 1, last = 0;

    void record(int half) {
        if (cycles >= first && cycles <= last) dump.dump(2 * cycles + half);
    }
#else
    void record(int) {}
#endif
    // Inputs change while the clock is low, so each cycle has settled when it is read.
    void settle() {
        model.clk = 0;
        model.eval();
        record(0);
    }
    void edge() {
        model.clk = 1;
        model.eval();
        record(1);
        ++cycles;
    }
};

extern "C" {

Board* board_new() { return new Board; }

void board_delete(Board* board) {
    board->model.final();
    delete board;
}

void board_reset(Board* board, int cycles) {
    board->model.rst = 1;
    board->model.rx_valid = board->model.tx_ready = 0;
    while (cycles--) {
        board->settle();
        board->edge();
    }
    board->model.rst = 0;
}

uint64_t board_cycles(const Board* board) { return board->cycles; }

// Run until `limit` cycles are over, `space` bytes have come out, or a frame has ended: a byte 0 if
// `stop_at_frame`. Takes up to `size` bytes of `input`; counts go to `taken` and `made`.
void board_run(Board* board, const uint8_t* input, size_t size, size_t* taken, uint8_t* output,
               size_t space, size_t* made, uint64_t limit, int stop_at_frame) {
    Vmodel& model = board->model;
    *taken = *made = 0;
    model.tx_ready = 1;
    while (limit-- && *made < space) {
        model.rx_valid = *taken < size;
        model.rx_payload = *taken < size ? input[*taken] : 0;
        board->settle();
        const bool sent = model.tx_valid;
        *taken += model.rx_valid && model.rx_ready;
        if (sent) output[(*made)++] = model.tx_payload;
        board->edge();
        if (sent && stop_at_frame && output[*made - 1] == 0) break;
    }
    // Nothing may move between calls.
    model.rx_valid = model.tx_ready = 0;
}

#if VM_TRACE_VCD
void board_trace(Board* board, const char* path, uint64_t first, uint64_t last) {
    board->model.trace(&board->dump, 99);
    board->dump.open(path);
    board->first = first;
    board->last = last;
}
#endif
}
