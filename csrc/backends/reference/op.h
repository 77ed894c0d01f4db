// What an operator of the interpreter looks like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "backends/reference/onnx_model.h"
#include "backends/reference/tensor.h"

namespace dt::reference {

// The arguments of one call: checked access to inputs and attributes. Every getter throws
// dt::Error(DT_BAD_BUNDLE) when what it is asked for is missing or of another type.
class OpArgs {
 public:
  // inputs: as long as node.inputs; NULL where an optional input is left out. All must outlive this object.
  OpArgs(const Node& node, std::vector<const Tensor*> inputs) : node_(node), inputs_(std::move(inputs)) {}

  size_t n_inputs() const { return inputs_.size(); }
  size_t n_outputs() const { return node_.outputs.size(); }
  bool has(size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }

  const Tensor& input(size_t i) const;
  const Tensor& float_input(size_t i) const;
  const std::vector<int64_t>& ints_input(size_t i) const;  // the values of an int64 tensor
  float real_input(size_t i) const;                        // a tensor of one float

  const Attribute* attribute(const std::string& name) const;  // NULL when absent
  int64_t int_attribute(const std::string& name, int64_t otherwise) const;
  float float_attribute(const std::string& name, float otherwise) const;
  std::string string_attribute(const std::string& name, const std::string& otherwise) const;
  std::vector<int64_t> ints_attribute(const std::string& name) const;  // [] when absent
  // Axes given as input i (newer opsets) or as attribute "axes" (older ones); [] when neither is there.
  std::vector<int64_t> axes(size_t i) const;

  // Throws dt::Error(DT_BAD_BUNDLE) naming the operator.
  [[noreturn]] void fail(const std::string& what) const;
  void require(bool ok, const std::string& what) const {
    if (!ok) fail(what);
  }

 private:
  const Node& node_;
  std::vector<const Tensor*> inputs_;
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
