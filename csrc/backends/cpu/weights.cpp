#include "backends/cpu/weights.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

namespace dt::cpu {
namespace {

using reference::Node;
using reference::Tensor;

constexpr std::align_val_t kAlignment{64};

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

std::string reading_of(const Node& node) {
  return node.op_type + std::to_string(integer(node, "transB", 0)) + "," +
         std::to_string(integer(node, "group", 1));
}

bool is_plain_conv(const Node& node) {
  const auto found = node.attributes.find("auto_pad");
  return found == node.attributes.end() || found->second.s == "NOTSET";
}

}  // namespace

Floats::Floats(size_t n)
    : data_(static_cast<float*>(::operator new(std::max<size_t>(n, 1) * sizeof(float), kAlignment))),
      size_(n) {
  std::memset(data_.get(), 0, n * sizeof(float));
}

void Floats::Free::operator()(float* memory) const noexcept { ::operator delete(memory, kAlignment); }

Weights::Weights(OnnxGraph& graph, const Kernels& kernels) : kernels_(kernels) {
  std::map<int64_t, int> reads;
  std::map<int64_t, int> packed_reads;
  graph.for_each_node([&](const Node& node, const std::vector<int64_t>& inputs) {
    for (const int64_t slot : inputs) ++reads[slot];
    const size_t before = packed_.size();
    if (inputs.size() < 2) return;
    const bool is_known = find(node, static_cast<int>(inputs[1])) != nullptr;
    if (packed_.count(inputs[1]) == 0) pack_node(graph, node, inputs);
    if (packed_.size() > before) packed_[inputs[1]].reading = reading_of(node);
    if (is_known || packed_.size() > before) ++packed_reads[inputs[1]];
  });
  std::vector<int64_t> forgotten;
  for (const auto& [slot, n] : packed_reads) {
    if (reads[slot] == n) forgotten.push_back(slot);
  }
  graph.forget(forgotten);
}

void Weights::pack_node(const OnnxGraph& graph, const Node& node, const std::vector<int64_t>& inputs) {
  const Tensor* weight = graph.constant(inputs[1]);
  if (weight == nullptr || weight->dtype != reference::DType::kFloat || weight->is_outline ||
      weight->size() == 0)
    return;
  if (node.op_type == "MatMul" && weight->rank() == 2) {
    pack_linear(inputs[1], weight->floats.data(), weight->shape[0], weight->shape[1], false);
  } else if (node.op_type == "Gemm" && weight->rank() == 2 && is_plain_gemm(node)) {
    const bool is_transposed = integer(node, "transB", 0) != 0;
    pack_linear(inputs[1], weight->floats.data(), weight->shape[is_transposed ? 1 : 0],
                weight->shape[is_transposed ? 0 : 1], is_transposed);
  } else if (node.op_type == "Conv" && weight->rank() == 3 && is_plain_conv(node)) {
    pack_conv(inputs[1], *weight, integer(node, "group", 1));
  }
}

void Weights::pack_linear(int64_t slot, const float* values, int64_t k, int64_t n, bool is_transposed) {
  const int64_t panel = kernels_.panel;
  PackedWeights packed{
      PackedWeights::Form::kLinear, {}, k, n, Floats(static_cast<size_t>(kernels_.panels(n) * panel * k))};
  const int64_t step_p = is_transposed ? 1 : n, step_c = is_transposed ? k : 1;
  float* to = packed.values.data();
  for (int64_t first = 0; first < n; first += panel) {
    const int64_t columns = std::min(panel, n - first);
    for (int64_t p = 0; p < k; ++p, to += panel) {
      const float* from = values + p * step_p + first * step_c;
      for (int64_t c = 0; c < columns; ++c) to[c] = from[c * step_c];
    }
  }
  packed_[slot] = std::move(packed);
}

// weight: [out channels, in channels of a group, taps].
void Weights::pack_conv(int64_t slot, const Tensor& weight, int64_t groups) {
  const int64_t n = weight.shape[0], channels = weight.shape[1], taps = weight.shape[2];
  if (groups == n && channels == 1) {
    PackedWeights packed{PackedWeights::Form::kDepthwise, {}, taps, n, Floats(static_cast<size_t>(taps * n))};
    for (int64_t c = 0; c < n; ++c) {
      for (int64_t j = 0; j < taps; ++j)
        packed.values.data()[j * n + c] = weight.floats[static_cast<size_t>(c * taps + j)];
    }
    packed_[slot] = std::move(packed);
  } else if (groups == 1) {  // a product with taps * channels rows, the channels of one tap side by side
    std::vector<float> rows(weight.floats.size());
    for (int64_t c = 0; c < n; ++c) {
      for (int64_t i = 0; i < channels; ++i) {
        for (int64_t j = 0; j < taps; ++j) {
          rows[static_cast<size_t>((c * taps + j) * channels + i)] =
              weight.floats[static_cast<size_t>((c * channels + i) * taps + j)];
        }
      }
    }
    pack_linear(slot, rows.data(), taps * channels, n, true);
  }
}

const PackedWeights* Weights::find(const Node& node, int slot) const {
  const auto found = packed_.find(slot);
  return found == packed_.end() || found->second.reading != reading_of(node) ? nullptr : &found->second;
}

size_t Weights::bytes() const {
  size_t n = 0;
  for (const auto& [slot, packed] : packed_) n += packed.values.size() * sizeof(float);
  return n;
}

}  // namespace dt::cpu
