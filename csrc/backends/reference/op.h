// What an operator of the interpreter looks like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "backends/reference/network_limits.h"
#include "backends/reference/onnx_model.h"
#include "backends/reference/tensor.h"

namespace dt::reference {

// The arguments of one call: checked access to inputs and attributes. Every getter throws
// dt::Error(DT_BAD_BUNDLE) when what it is asked for is missing or of another type.
class OpArgs {
 public:
  // inputs: as long as node.inputs; NULL where an optional input is left out. All must outlive this object.
  // meter: NULL to compute. Else shapes are enough: what is large is given as an outline, and the cost is
  // added here.
  OpArgs(const Node& node, std::vector<const Tensor*> inputs, CostMeter* meter = nullptr)
      : node_(node), inputs_(std::move(inputs)), meter_(meter) {}

  size_t n_inputs() const { return inputs_.size(); }
  size_t n_outputs() const { return node_.outputs.size(); }
  bool has(size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }

  const Tensor& input(size_t i) const;
  const Tensor& float_input(size_t i) const;
  // The values of an int64 tensor, which must not depend on what the network is given.
  const std::vector<int64_t>& ints_input(size_t i) const;
  float real_input(size_t i) const;  // a tensor of one float

  const Attribute* attribute(const std::string& name) const;  // NULL when absent
  int64_t int_attribute(const std::string& name, int64_t otherwise) const;
  float float_attribute(const std::string& name, float otherwise) const;
  std::string string_attribute(const std::string& name, const std::string& otherwise) const;
  std::vector<int64_t> ints_attribute(const std::string& name) const;  // [] when absent
  // Axes given as input i (newer opsets) or as attribute "axes" (older ones); [] when neither is there.
  std::vector<int64_t> axes(size_t i) const;

  // Whether a result of this shape is to be an outline: an input is one, or only the cost is asked for and it
  // is large.
  bool wants_outline(const Shape& result) const;
  // Adds to the cost, where it is asked for: products of matrices [m, k] and [k, n], `times` of them.
  void count_products(int64_t m, int64_t n, int64_t k, int64_t times) const;
  // The same for numbers that are written beside the results.
  void count_numbers(int64_t n) const;

  // Throws dt::Error(DT_BAD_BUNDLE) naming the operator.
  [[noreturn]] void fail(const std::string& what) const;
  void require(bool ok, const std::string& what) const {
    if (!ok) fail(what);
  }

 private:
  const Node& node_;
  std::vector<const Tensor*> inputs_;
  CostMeter* meter_;
};

// Computes the outputs of one node.
using OpFunction = std::vector<Tensor> (*)(const OpArgs&);

// Most operators have one output.
inline std::vector<Tensor> one(Tensor tensor) {
  std::vector<Tensor> outputs;
  outputs.push_back(std::move(tensor));
  return outputs;
}

}  // namespace dt::reference
