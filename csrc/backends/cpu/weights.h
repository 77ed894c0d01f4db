// The weights of one network, laid out for the kernels once and shared by all plans of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "backends/cpu/kernels.h"
#include "backends/reference/onnx_graph.h"

namespace dt::cpu {

// Floats at an address that is a multiple of 64, zero at first. Many of them lie on large pages, where the
// system has them: the processor looks up an address for each page that it reads.
class Floats {
 public:
  Floats() = default;
  // n: in 64 bits, so that a sum that 32 bits cannot count does not become a small one. Throws
  // Error(DT_OUT_OF_MEMORY), std::bad_alloc.
  explicit Floats(uint64_t n);
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  struct Free {
    std::align_val_t alignment;
    Free() noexcept : alignment{64} {}
    explicit Free(std::align_val_t a) noexcept : alignment(a) {}
    void operator()(float* memory) const noexcept { ::operator delete(memory, alignment); }
  };
  std::unique_ptr<float[], Free> data_;
  size_t size_ = 0;
};

struct PackedWeights {
  enum class Form { kLinear, kDepthwise } form = Form::kLinear;
  std::string reading;            // how nodes read the constant: their operator, and which way round
  int64_t k = 0, n = 0;           // of the product; taps and channels of a depth-wise convolution
  const float* values = nullptr;  // as LinearArgs and DepthwiseArgs want them
};

class Weights {
 public:
  // Takes the weights of products and convolutions over time out of the graph, which forgets those that
  // nothing else reads.
  Weights(OnnxGraph& graph, const Kernels& kernels);

  // Of the constant that is the node's second input; null where it is not one of these weights.
  const PackedWeights* find(const reference::Node& node, int slot) const;
  size_t bytes() const { return values_.size() * sizeof(float); }

 private:
  // How a node's second input is laid out, without values; n == 0: it is none of these weights.
  PackedWeights layout(const OnnxGraph& graph, const reference::Node& node,
                       const std::vector<int64_t>& inputs) const;
  int64_t floats_of(const PackedWeights& weights) const;
  void pack(const reference::Tensor& weight, const PackedWeights& to, float* values) const;
  void pack_linear(const float* values, const PackedWeights& to, bool is_transposed, float* packed) const;
  void pack_tiles(const float* values, const PackedWeights& to, bool is_transposed, float* packed) const;

  const Kernels& kernels_;
  std::map<int64_t, PackedWeights> packed_;
  Floats values_;  // in the order of the nodes, so that a kernel can fetch ahead
};

}  // namespace dt::cpu
