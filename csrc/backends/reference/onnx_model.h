// What an ONNX file says, as plain structs. Field numbers are
// those of onnx.proto (ONNX 1.x, IR version 3 and later).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "backends/reference/tensor.h"

namespace dt::reference {

// Attribute of a node; only the member that belongs to its type is set.
struct Attribute {
  int64_t i = 0;
  float f = 0.0f;
  std::string s;
  std::vector<int64_t> ints;
  std::vector<float> floats;
  std::vector<Tensor> tensors;  // one for a tensor attribute
};

struct Node {
  std::string name, op_type, domain;
  std::vector<std::string> inputs, outputs;  // "" is an optional value left out
  std::map<std::string, Attribute> attributes;
};

// An input or output of the graph.
struct ValueInfo {
  std::string name;
  DType dtype = DType::kFloat;
  Shape shape;                              // -1 where symbolic
  std::vector<std::string> symbolic_names;  // as long as shape; "" where fixed or anonymous
};

struct OnnxModel {
  int64_t opset = 0;  // of the default domain
  std::vector<Node> nodes;
  std::map<std::string, Tensor> initializers;
  std::vector<ValueInfo> inputs, outputs;
};

// kOutline: the values of large tensors are counted and left out (Tensor::is_outline).
enum class Weights { kRead, kOutline };

// Reads a model from memory. Throws dt::Error(DT_BAD_BUNDLE) for damaged files, for more parts than
// network_limits.h allows, and for what a bundle must not use: external data, sparse tensors, strings,
// subgraphs, model-local functions, training information.
OnnxModel parse_onnx_model(const uint8_t* data, size_t size, Weights weights);

}  // namespace dt::reference
