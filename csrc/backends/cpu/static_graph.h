// A network for inputs of fixed shapes: every shape is known, and what depends on shapes and constants only
// is a value. What is left are the nodes that compute with what the network is given.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/reference/onnx_graph.h"

namespace dt::cpu {

using reference::Shape;
using reference::Tensor;

struct GraphValue {
  Shape shape;
  reference::DType dtype = reference::DType::kFloat;
  // Null where it depends on the inputs. An outline for a constant whose values live in Weights only.
  std::shared_ptr<const Tensor> known;
  int producer = -1;       // node
  std::vector<int> users;  // nodes, one entry per use
};

struct GraphNode {
  const reference::Node* node = nullptr;
  reference::OpFunction function = nullptr;
  std::vector<int> inputs, outputs;  // values; -1: left out

  const std::string& op() const { return node->op_type; }
  int64_t integer(const std::string& name, int64_t otherwise) const {
    const auto found = node->attributes.find(name);
    return found == node->attributes.end() ? otherwise : found->second.i;
  }
  std::vector<int64_t> integers(const std::string& name) const {
    const auto found = node->attributes.find(name);
    return found == node->attributes.end() ? std::vector<int64_t>() : found->second.ints;
  }
};

struct StaticGraph {
  // The graph must outlive this. Throws as OnnxGraph::trace() does.
  StaticGraph(const OnnxGraph& graph, const std::map<std::string, Shape>& inputs, size_t batch);

  const GraphValue& value(int v) const { return values[static_cast<size_t>(v)]; }
  bool is_known(int v) const { return value(v).known != nullptr; }
  // The values of a known float constant that is no outline; null otherwise.
  const std::vector<float>* floats(int v) const;
  // The node that computes a value, null for inputs and constants; the one node that uses it, -1 for none or
  // more.
  const GraphNode* producer(int v) const;
  int only_user(int v) const;

  std::vector<GraphValue> values;  // by slot of the graph
  std::vector<GraphNode> nodes;    // in order
  std::map<std::string, int> inputs;
  int output = -1;  // the first
};

}  // namespace dt::cpu
