// The arithmetic of a plan, compiled once for each instruction set and chosen at run time. Every result is a
// function of its own row and of whole neighbouring rows only, summed in one order: it does not depend on how
// rows are divided among calls, threads and batches.
//
// Matrices are float32, one per stream of a batch; strides count floats. A row is one frame of time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dt::cpu {

// A matrix per stream: element (b, t, c) is data[b * batch + t * row + c].
struct ConstRows {
  const float* data = nullptr;
  ptrdiff_t batch = 0, row = 0;
};
struct Rows {
  float* data = nullptr;
  ptrdiff_t batch = 0, row = 0;
};

// The rows first .. last - 1 of each of some streams.
struct Span {
  int64_t first_stream, last_stream, first, last;
};

// out = residual + gate * act(a @ weights + bias)
struct LinearArgs {
  ConstRows a;  // [k]
  // Panels of `kernels->panel` columns. Float32: [panels][k][panel]. Bfloat16, k filled up to whole tiles
  // with zeros: [panels][k / 32][panel / 16][16][16][2], so that two neighbours of k lie side by side.
  const float* weights = nullptr;
  int64_t k = 0, n = 0;         // n: columns of out
  const float* bias = nullptr;  // [n], or null
  bool has_silu = false;
  ConstRows gate;      // a row of n for each stream; data null: 1
  ConstRows residual;  // [n]; data null: 0
  Rows out;
};

// Layer normalisation over n values, then * scale + bias, then * (mod_scale) + mod_shift, which are of
// streams.
struct NormArgs {
  ConstRows a;
  int64_t n = 0;
  float epsilon = 0;
  const float *scale = nullptr, *bias = nullptr;  // [n]; null: 1 and 0
  ConstRows mod_scale, mod_shift;                 // a row of n for each stream; data null: none
  Rows out;
};

// Depth-wise convolution over time: out[t][c] = act(bias[c] + sum_j weights[j][c] a[t * stride + j * dilation
// - pad][c]).
struct DepthwiseArgs {
  ConstRows a;
  int64_t n_in = 0;  // rows of a; those outside count as 0
  int64_t n = 0, taps = 0, stride = 1, dilation = 1, pad = 0;
  const float* weights = nullptr;  // [taps][n]
  const float* bias = nullptr;     // [n], or null
  bool has_silu = false;
  Rows out;
};

// Rotary positions (Su et al., arXiv 2104.09864) on heads of width d, in halves: x cos + (-x2, x1) sin.
struct RotaryArgs {
  ConstRows a;
  const float *cosines = nullptr, *sines = nullptr;  // [rows][d], with the scale of scores; null: none
  float scale = 1;                                   // used where there are no tables
  int64_t heads = 0, d = 0;
  Rows out;  // may be a
};

// Keys and values of one layer, laid out as weights for attention: keys in panels of `panel` keys,
// [stream][head][key panels][d][panel]; values in panels of columns, [stream][head][column
// panels][keys][columns].
struct KeyValueArgs {
  RotaryArgs key;  // out is not used
  ConstRows value;
  int64_t n_keys = 0;
  float *keys = nullptr, *values = nullptr;
};

// Softmax(query keys^T) values for every head; scores stay in the scratch of the thread.
struct AttentionArgs {
  ConstRows query;
  const float *keys = nullptr, *values = nullptr;
  int64_t n_keys = 0, heads = 0, d = 0;
  Rows out;
};

enum class Unary { kCopy, kNegate, kSigmoid, kSilu };
enum class Binary { kAdd, kSub, kMul, kDiv, kMulSigmoid };  // the last: a * sigmoid(b)

// Of one instruction set and one precision of products.
struct Kernels {
  const char* name;  // as DT_CPU_ISA takes it
  bool is_bf16;      // products round rows and weights to bfloat16, and sum in float32
  int64_t lanes;     // floats of a vector
  int64_t panel;     // columns of a weight panel
  int64_t row_block;
  void (*linear)(const LinearArgs&, Span, float* scratch);
  void (*norm)(const NormArgs&, Span);
  void (*depthwise)(const DepthwiseArgs&, Span);
  void (*rotary)(const RotaryArgs&, Span);
  void (*key_value)(const KeyValueArgs&, Span);
  void (*attention)(const AttentionArgs&, Span, float* scratch);
  void (*unary)(Unary, const float* a, float* out, int64_t n);
  // step_a, step_b: 1, or 0 where one value serves all.
  void (*binary)(Binary, const float* a, ptrdiff_t step_a, const float* b, ptrdiff_t step_b, float* out,
                 int64_t n);

  static constexpr int64_t kTileRows = 16, kTileDepth = 32;  // of a tile of bfloat16

  int64_t panels(int64_t n) const { return (n + panel - 1) / panel; }
  // k as products in bfloat16 see it.
  static int64_t tiled_depth(int64_t k) { return (k + kTileDepth - 1) / kTileDepth * kTileDepth; }
  // Floats that the weights of so many columns take, a multiple of panel.
  int64_t weight_floats(int64_t k, int64_t columns) const {
    return is_bf16 ? tiled_depth(k) * columns / 2 : k * columns;
  }
  // Floats of scratch for a product of so many rows.
  int64_t linear_scratch_floats(int64_t rows, int64_t k) const {
    return is_bf16 ? (rows + kTileRows - 1) / kTileRows * kTileRows * tiled_depth(k) / 2 : 0;
  }
  // Columns of a panel of values.
  int64_t value_panel(int64_t d) const { return d % panel == 0 ? panel : lanes; }
  int64_t key_floats(int64_t n_keys, int64_t d) const { return panels(n_keys) * panel * d; }
  int64_t value_floats(int64_t n_keys, int64_t d) const {
    const int64_t columns = value_panel(d);
    return (d + columns - 1) / columns * columns * n_keys;
  }
  int64_t scratch_floats(int64_t n_keys) const { return row_block * panels(n_keys) * panel; }
};

}  // namespace dt::cpu
