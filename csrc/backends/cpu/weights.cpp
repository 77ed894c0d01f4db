#include "backends/cpu/weights.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "common/checked_size.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace dt::cpu {
namespace {

using reference::Node;
using reference::Shape;
using reference::Tensor;

int64_t integer(const Node& node, const std::string& name, int64_t otherwise) {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? otherwise : found->second.i;
}

// Whether a plan computes the node as a product with a bias; others are left to the interpreter.
bool is_plain_gemm(const Node& node) {
  const auto is_one = [&](const char* name) {
    const auto found = node.attributes.find(name);
    return found == node.attributes.end() || found->second.f == 1.0f;
  };
  return integer(node, "transA", 0) == 0 && is_one("alpha") && is_one("beta");
}

bool is_plain_conv(const Node& node) {
  const auto found = node.attributes.find("auto_pad");
  return found == node.attributes.end() || found->second.s == "NOTSET";
}

// The nearest bfloat16, the even one of two: the upper half of a float. Weights are finite.
uint16_t bfloat_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

// Nodes of one reading share packed weights. Those that no plan computes have one of their own.
std::string reading_of(const Node& node) {
  return node.op_type + std::to_string(integer(node, "transB", 0)) + "," +
         std::to_string(integer(node, "group", 1)) +
         (is_plain_gemm(node) && is_plain_conv(node) ? "" : ", not plain");
}

constexpr size_t kLargePage = size_t{2} << 20;

// Weights of a few columns fill panels of many. Beyond so many floats of padding the interpreter takes them
// as they are, so that a small file stays small.
constexpr int64_t kMostPadding = int64_t{1} << 23;

}  // namespace

Floats::Floats(uint64_t n)
    : size_(checked_count({n}, sizeof(float), DT_OUT_OF_MEMORY, "what a network computes with")) {
  const size_t bytes = std::max<size_t>(size_, 1) * sizeof(float);
  const std::align_val_t alignment{bytes >= kLargePage ? kLargePage : 64};
  data_ =
      std::unique_ptr<float[], Free>(static_cast<float*>(::operator new(bytes, alignment)), Free(alignment));
#if defined(__linux__)
  if (bytes >= kLargePage) madvise(data_.get(), bytes, MADV_HUGEPAGE);  // advice: nothing depends on it
#endif
  std::memset(data_.get(), 0, size_ * sizeof(float));
}

Weights::Weights(OnnxGraph& graph, const Kernels& kernels) : kernels_(kernels) {
  std::map<int64_t, int> reads, packed_reads;
  std::vector<int64_t> order;
  int64_t total = 0, total_padding = 0;
  graph.for_each_node([&](const Node& node, const std::vector<int64_t>& inputs) {
    for (const int64_t slot : inputs) ++reads[slot];
    const PackedWeights wanted = inputs.size() < 2 ? PackedWeights() : layout(graph, node, inputs);
    if (wanted.n == 0) return;
    const int64_t padding = floats_of(wanted) - graph.constant(inputs[1])->size();
    if (packed_.count(inputs[1]) == 0 && total_padding + padding > kMostPadding) return;
    if (packed_.emplace(inputs[1], wanted).second) {
      order.push_back(inputs[1]);
      total += floats_of(wanted);
      total_padding += padding;
    }
    if (find(node, static_cast<int>(inputs[1])) != nullptr) ++packed_reads[inputs[1]];
  });
  values_ = Floats(static_cast<uint64_t>(total));
  float* to = values_.data();
  std::vector<int64_t> forgotten;
  for (const int64_t slot : order) {
    PackedWeights& packed = packed_[slot];
    pack(*graph.constant(slot), packed, to);
    packed.values = to;
    to += floats_of(packed);
    if (reads[slot] == packed_reads[slot]) forgotten.push_back(slot);
  }
  graph.forget(forgotten);
}

int64_t Weights::floats_of(const PackedWeights& weights) const {
  const int64_t n = weights.form == PackedWeights::Form::kLinear
                        ? kernels_.weight_floats(weights.k, kernels_.panels(weights.n) * kernels_.panel)
                        : weights.n * weights.k;
  constexpr int64_t kLine = 16;
  return (n + kLine - 1) / kLine * kLine;
}

PackedWeights Weights::layout(const OnnxGraph& graph, const Node& node,
                              const std::vector<int64_t>& inputs) const {
  using Form = PackedWeights::Form;
  const Tensor* weight = graph.constant(inputs[1]);
  const std::string reading = reading_of(node);
  if (weight == nullptr || weight->dtype != reference::DType::kFloat || weight->is_outline ||
      weight->size() == 0)
    return {};
  const Shape& shape = weight->shape;
  if (node.op_type == "MatMul" && weight->rank() == 2)
    return {Form::kLinear, reading, shape[0], shape[1], nullptr};
  if (node.op_type == "Gemm" && weight->rank() == 2 && is_plain_gemm(node)) {
    const bool is_transposed = integer(node, "transB", 0) != 0;
    return {Form::kLinear, reading, shape[is_transposed ? 1 : 0], shape[is_transposed ? 0 : 1], nullptr};
  }
  if (node.op_type == "Conv" && weight->rank() == 3 && is_plain_conv(node)) {
    const int64_t groups = integer(node, "group", 1);
    if (groups == 1) return {Form::kLinear, reading, shape[1] * shape[2], shape[0], nullptr};
    if (groups == shape[0] && shape[1] == 1) return {Form::kDepthwise, reading, shape[2], shape[0], nullptr};
  }
  return {};
}

void Weights::pack(const Tensor& weight, const PackedWeights& to, float* values) const {
  if (to.form == PackedWeights::Form::kDepthwise) {
    for (int64_t c = 0; c < to.n; ++c) {
      for (int64_t j = 0; j < to.k; ++j)
        values[j * to.n + c] = weight.floats[static_cast<size_t>(c * to.k + j)];
    }
  } else if (weight.rank() == 3) {  // [n, channels, taps]: the channels of one tap side by side
    const int64_t channels = weight.shape[1], taps = weight.shape[2];
    std::vector<float> rows(weight.floats.size());
    for (int64_t c = 0; c < to.n; ++c) {
      for (int64_t i = 0; i < channels; ++i) {
        for (int64_t j = 0; j < taps; ++j) {
          rows[static_cast<size_t>((c * taps + j) * channels + i)] =
              weight.floats[static_cast<size_t>((c * channels + i) * taps + j)];
        }
      }
    }
    pack_linear(rows.data(), to, true, values);
  } else {
    pack_linear(weight.floats.data(), to, to.reading.rfind("Gemm1", 0) == 0, values);
  }
}

void Weights::pack_linear(const float* values, const PackedWeights& to, bool is_transposed,
                          float* packed) const {
  if (kernels_.is_bf16) return pack_tiles(values, to, is_transposed, packed);
  const int64_t panel = kernels_.panel, step_p = is_transposed ? 1 : to.n, step_c = is_transposed ? to.k : 1;
  for (int64_t first = 0; first < to.n; first += panel) {
    const int64_t columns = std::min(panel, to.n - first);
    for (int64_t p = 0; p < to.k; ++p, packed += panel) {
      const float* from = values + p * step_p + first * step_c;
      for (int64_t c = 0; c < columns; ++c) packed[c] = from[c * step_c];
    }
  }
}

// As LinearArgs says of bfloat16.
void Weights::pack_tiles(const float* values, const PackedWeights& to, bool is_transposed,
                         float* packed) const {
  constexpr int64_t kColumns = 16, kDepth = Kernels::kTileDepth, kTile = kColumns * kDepth;
  const int64_t depth = Kernels::tiled_depth(to.k), n_tiles = kernels_.panel / kColumns;
  const int64_t step_p = is_transposed ? 1 : to.n, step_c = is_transposed ? to.k : 1;
  auto* const rounded = reinterpret_cast<uint16_t*>(packed);  // zeros at first
  for (int64_t c = 0; c < to.n; ++c) {
    const int64_t panel = c / kernels_.panel, tile = c % kernels_.panel / kColumns;
    for (int64_t p = 0; p < to.k; ++p) {
      const int64_t at = (panel * depth / kDepth + p / kDepth) * n_tiles + tile;
      rounded[at * kTile + p % kDepth / 2 * 2 * kColumns + c % kColumns * 2 + p % 2] =
          bfloat_of(values[p * step_p + c * step_c]);
    }
  }
}

const PackedWeights* Weights::find(const Node& node, int slot) const {
  const auto found = packed_.find(slot);
  return found == packed_.end() || found->second.reading != reading_of(node) ? nullptr : &found->second;
}

}  // namespace dt::cpu
