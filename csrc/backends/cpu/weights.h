// The weights of one network, laid out for the kernels once and shared by all plans of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/cpu/kernels.h"
#include "backends/reference/onnx_graph.h"

namespace dt::cpu {

// Floats at an address that is a multiple of 64, zero at first.
class Floats {
 public:
  Floats() = default;
  explicit Floats(size_t n);
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(float* memory) const noexcept;
  };
  std::unique_ptr<float[], Free> data_;
  size_t size_ = 0;
};

struct PackedWeights {
  enum class Form { kLinear, kDepthwise } form = Form::kLinear;
  std::string reading;   // how nodes read the constant: their operator, and which way round
  int64_t k = 0, n = 0;  // of the product; taps and channels of a depth-wise convolution
  Floats values;         // as LinearArgs and DepthwiseArgs want them
};

class Weights {
 public:
  // Takes the weights of products and convolutions over time out of the graph, which forgets those that
  // nothing else reads.
  Weights(OnnxGraph& graph, const Kernels& kernels);

  // Of the constant that is the node's second input; null where it is not one of these weights.
  const PackedWeights* find(const reference::Node& node, int slot) const;
  size_t bytes() const;

 private:
  void pack_node(const OnnxGraph& graph, const reference::Node& node, const std::vector<int64_t>& inputs);
  void pack_linear(int64_t slot, const float* values, int64_t k, int64_t n, bool is_transposed);
  void pack_conv(int64_t slot, const reference::Tensor& weight, int64_t groups);

  const Kernels& kernels_;
  std::map<int64_t, PackedWeights> packed_;
};

}  // namespace dt::cpu
