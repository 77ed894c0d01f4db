// Finds the parts of a network that one kernel computes: a product with what follows it, a normalisation with
// its modulation, a convolution over time, attention over a window.
#pragma once

#include <vector>

#include "backends/cpu/static_graph.h"
#include "backends/cpu/weights.h"

namespace dt::cpu {

// Values are those of the graph; -1: there is none.
struct LinearPart {
  int a = -1, bias = -1, gate = -1, residual = -1;
  const PackedWeights* weights = nullptr;
  bool has_silu = false;
};
struct NormPart {
  int a = -1, scale = -1, bias = -1, mod_scale = -1, mod_shift = -1;
  float epsilon = 0;
};
struct ConvPart {
  int a = -1, bias = -1;  // a: [batch, channels, time]
  const PackedWeights* weights = nullptr;
  int64_t taps = 1, stride = 1, dilation = 1, pad_before = 0, pad_after = 0;
  bool has_silu = false, is_transposed = false;  // transposed: the result is [batch, time, channels]
};
// Queries, keys and values are one value of [batch, time, 3 * heads * d], in this order.
struct AttentionPart {
  int joined = -1;
  int64_t heads = 0, d = 0;
  struct Position {
    int cosines = -1, sines = -1;  // [time, d]
    float scale = 1;
  } query, key;
};
struct ElementPart {  // a * sigmoid(b); a == b: silu
  int a = -1, b = -1;
};

struct Part {
  enum class Kind { kNode, kLinear, kNorm, kConv, kAttention, kElement } kind = Kind::kNode;
  int node = -1;  // the last one
  int out = -1;   // its value
  LinearPart linear;
  NormPart norm;
  ConvPart conv;
  AttentionPart attention;
  ElementPart element;
};

// In an order in which they can be computed; every node of the graph is in exactly one.
std::vector<Part> fuse(const StaticGraph& graph, const Weights& weights);

// attention.joined of a part, or nothing: fuse_attention.cpp. `nodes`: that it takes in, the last one first.
bool match_attention(const StaticGraph& graph, int softmax, Part& part, std::vector<int>& nodes);

}  // namespace dt::cpu
