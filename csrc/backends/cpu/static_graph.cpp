#include "backends/cpu/static_graph.h"

#include <algorithm>

namespace dt::cpu {
namespace {

GraphValue& at(std::vector<GraphValue>& values, int64_t slot) {
  if (static_cast<size_t>(slot) >= values.size()) values.resize(static_cast<size_t>(slot) + 1);
  return values[static_cast<size_t>(slot)];
}

void describe(GraphValue& value, const Tensor& tensor) {
  value.shape = tensor.shape;
  value.dtype = tensor.dtype;
}

}  // namespace

StaticGraph::StaticGraph(const OnnxGraph& graph, const std::map<std::string, Shape>& shapes, size_t batch) {
  for (const auto& info : graph.inputs()) inputs[info.name] = static_cast<int>(graph.slot(info.name));
  graph.trace(shapes, batch, [&](const OnnxGraph::TracedStep& step) {
    GraphNode node{step.node, step.function, {}, {}};
    const int index = static_cast<int>(nodes.size());
    const bool is_known = std::none_of(step.results->begin(), step.results->end(),
                                       [](const Tensor& t) { return t.is_outline; });
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      node.inputs.push_back(static_cast<int>(step.inputs[i]));
      if (step.inputs[i] < 0) continue;
      GraphValue& value = at(values, step.inputs[i]);
      describe(value, *step.values[i]);
      const Tensor* constant = graph.constant(step.inputs[i]);
      if (constant != nullptr) value.known = std::shared_ptr<const Tensor>(std::shared_ptr<void>(), constant);
      if (!is_known) value.users.push_back(index);
    }
    for (size_t i = 0; i < step.outputs.size(); ++i) {
      node.outputs.push_back(static_cast<int>(step.outputs[i]));
      if (step.outputs[i] < 0) continue;
      GraphValue& value = at(values, step.outputs[i]);
      describe(value, (*step.results)[i]);
      if (is_known) {
        value.known = std::make_shared<const Tensor>((*step.results)[i]);
      } else {
        value.producer = index;
      }
    }
    if (!is_known) nodes.push_back(std::move(node));
  });
  output = static_cast<int>(graph.slot(graph.outputs().at(0).name));
  at(values, output);
  for (const auto& [name, slot] : inputs) {
    GraphValue& value = at(values, slot);
    const auto found = shapes.find(name);
    if (found != shapes.end()) value.shape = found->second;
  }
}

const std::vector<float>* StaticGraph::floats(int v) const {
  if (v < 0) return nullptr;
  const auto& known = value(v).known;
  if (known == nullptr || known->is_outline || known->dtype != reference::DType::kFloat) return nullptr;
  return &known->floats;
}

const GraphNode* StaticGraph::producer(int v) const {
  if (v < 0 || value(v).producer < 0) return nullptr;
  return &nodes[static_cast<size_t>(value(v).producer)];
}

int StaticGraph::only_user(int v) const {
  const std::vector<int>& users = value(v).users;
  return users.size() == 1 && v != output ? users[0] : -1;
}

}  // namespace dt::cpu
