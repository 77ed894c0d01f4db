#include "backends/reference/onnx_graph.h"

#include <set>
#include <utility>

#include "backends/reference/ops.h"
#include "common/error.h"

namespace dt::reference {
namespace {

constexpr int64_t kMinOpset = 13;  // the first whose Softmax, Squeeze and Split mean what they mean today

[[noreturn]] void bad_graph(const std::string& what) {
  throw Error(DT_BAD_BUNDLE, "the ONNX graph is not usable: " + what + "; export the bundle again");
}

}  // namespace

OnnxGraph OnnxGraph::load(const uint8_t* data, size_t size) {
  return OnnxGraph(parse_onnx_model(data, size, Weights::kRead), true);
}

OnnxGraph OnnxGraph::outline(const uint8_t* data, size_t size) {
  return OnnxGraph(parse_onnx_model(data, size, Weights::kOutline), false);
}

OnnxGraph::OnnxGraph(OnnxModel model, bool folds) : model_(std::move(model)) {
  if (model_.opset < kMinOpset) {
    bad_graph("it has opset " + std::to_string(model_.opset) + ", expected " + std::to_string(kMinOpset) +
              " or later");
  }
  resolve();
  if (folds) fold_constants();
  find_last_uses();
  if (folds) drop_unused_constants();
}

// Gives every value a slot. ONNX lists nodes in topological order, so a name must exist before its first use.
void OnnxGraph::resolve() {
  const auto define = [this](const std::string& name) {
    const int64_t slot = static_cast<int64_t>(n_slots_++);
    if (!slot_of_.emplace(name, slot).second) bad_graph("two values are called '" + name + "'");
    return slot;
  };
  for (auto& [name, tensor] : model_.initializers)
    constants_[define(name)] = std::move(tensor);  // each name once
  for (const ValueInfo& info : model_.inputs) {
    if (model_.initializers.count(info.name)) continue;  // old files list initializers as inputs too
    define(info.name);
    inputs_.push_back(info);
  }
  model_.initializers.clear();
  for (size_t i = 0; i < model_.nodes.size(); ++i) {
    const Node& node = model_.nodes[i];
    const auto op = op_table().find(node.op_type);
    if (op == op_table().end() || !(node.domain.empty() || node.domain == "ai.onnx")) {
      throw Error(DT_BAD_BUNDLE, "operator " + (node.domain.empty() ? "" : node.domain + ".") + node.op_type +
                                     " (opset " + std::to_string(model_.opset) +
                                     ") is not one that a bundle may use (docs/bundle-format.md lists them)");
    }
    Step step{i, op->second, {}, {}, {}};
    for (const std::string& name : node.inputs) {
      const auto found = slot_of_.find(name);
      if (!name.empty() && found == slot_of_.end()) bad_graph("'" + name + "' is used before it is computed");
      step.inputs.push_back(name.empty() ? -1 : found->second);
    }
    for (const std::string& name : node.outputs) step.outputs.push_back(name.empty() ? -1 : define(name));
    steps_.push_back(std::move(step));
  }
  if (model_.outputs.empty()) bad_graph("it has no output");
  for (const ValueInfo& info : model_.outputs) {
    if (!slot_of_.count(info.name)) bad_graph("its output '" + info.name + "' is never computed");
  }
}

// Runs once, at load, every node that depends on constants only.
void OnnxGraph::fold_constants() {
  Values values(n_slots_, nullptr);
  for (const auto& [slot, tensor] : constants_) values[static_cast<size_t>(slot)] = &tensor;
  std::vector<Step> remaining;
  CostMeter meter{{}, kMaxNetworkCost};
  for (Step& step : steps_) {
    bool constant = true;
    for (int64_t slot : step.inputs) constant = constant && (slot < 0 || values[static_cast<size_t>(slot)]);
    if (!constant) {
      remaining.push_back(std::move(step));
      continue;
    }
    run_step(step, values, &meter);  // before memory is taken
    std::vector<Tensor> results = run_step(step, values);
    for (size_t i = 0; i < step.outputs.size(); ++i) {
      if (step.outputs[i] < 0) continue;
      Tensor& kept = constants_[step.outputs[i]] = std::move(results[i]);
      values[static_cast<size_t>(step.outputs[i])] = &kept;  // std::map never moves its elements
    }
  }
  steps_ = std::move(remaining);
}

// Those that folding replaced, such as weights before their cast.
void OnnxGraph::drop_unused_constants() {
  std::set<int64_t> used;
  for (const Step& step : steps_) used.insert(step.inputs.begin(), step.inputs.end());
  for (const ValueInfo& info : model_.outputs) used.insert(slot_of_.at(info.name));
  for (auto it = constants_.begin(); it != constants_.end();) {
    it = used.count(it->first) ? std::next(it) : constants_.erase(it);
  }
}

void OnnxGraph::find_last_uses() {
  std::set<int64_t> needed_later;
  for (const ValueInfo& info : model_.outputs) needed_later.insert(slot_of_.at(info.name));
  for (size_t i = steps_.size(); i-- > 0;) {
    Step& step = steps_[i];
    for (const std::vector<int64_t>* slots : {&step.inputs, &step.outputs}) {
      for (int64_t slot : *slots) {
        if (slot >= 0 && needed_later.insert(slot).second) step.last_use.push_back(static_cast<size_t>(slot));
      }
    }
  }
}

std::vector<Tensor> OnnxGraph::run_step(const Step& step, const Values& values, CostMeter* meter) const {
  const Node& node = model_.nodes[step.node];
  Values inputs;
  for (int64_t slot : step.inputs) inputs.push_back(slot < 0 ? nullptr : values[static_cast<size_t>(slot)]);
  const OpArgs args(node, std::move(inputs), meter);
  std::vector<Tensor> results;
  try {
    results = step.function(args);
  } catch (const Error& error) {
    const std::string message = error.what();
    if (message.rfind("operator ", 0) == 0) throw;
    args.fail(message);  // names the operator
  }
  args.require(results.size() >= node.outputs.size(), "it has " + std::to_string(results.size()) +
                                                          " outputs, " + std::to_string(node.outputs.size()) +
                                                          " are used");
  for (const Tensor& result : results) args.count_numbers(result.size());
  return results;
}

const Tensor& OnnxGraph::checked_input(const ValueInfo& info,
                                       const std::map<std::string, Tensor>& inputs) const {
  const auto found = inputs.find(info.name);
  if (found == inputs.end())
    throw Error(DT_INVALID_ARGUMENT, "the network's input '" + info.name + "' is missing");
  const Tensor& tensor = found->second;
  bool fits = tensor.dtype == info.dtype && tensor.shape.size() == info.shape.size();
  for (size_t d = 0; fits && d < info.shape.size(); ++d)
    fits = info.shape[d] < 0 || info.shape[d] == tensor.shape[d];
  if (!fits) {
    throw Error(DT_INVALID_ARGUMENT, "the network's input '" + info.name + "' is " +
                                         dtype_name(tensor.dtype) + " " + to_string(tensor.shape) +
                                         ", expected " + dtype_name(info.dtype) + " " +
                                         to_string(info.shape) + " (-1: any)");
  }
  return tensor;
}

std::vector<Tensor> OnnxGraph::run(const std::map<std::string, Tensor>& inputs) const {
  return run_steps(inputs, nullptr);
}

std::map<std::string, Tensor> OnnxGraph::outlines_of(const std::map<std::string, Shape>& inputs) const {
  std::map<std::string, Tensor> outlines;
  for (const ValueInfo& info : inputs_) {
    const auto found = inputs.find(info.name);
    if (found != inputs.end()) outlines[info.name] = Tensor::outline(info.dtype, found->second);
  }
  return outlines;
}

OnnxGraph::Estimate OnnxGraph::estimate(const std::map<std::string, Shape>& inputs, size_t batch) const {
  CostMeter meter{{}, {kMaxNetworkCost.numbers * batch, kMaxNetworkCost.products * batch}};
  Estimate estimate;
  for (const Tensor& result : run_steps(outlines_of(inputs), &meter)) {
    estimate.outputs.push_back(result.shape);
    estimate.dtypes.push_back(result.dtype);
  }
  estimate.cost = meter.cost;
  return estimate;
}

void OnnxGraph::trace(const std::map<std::string, Shape>& inputs, size_t batch, const Visitor& visit) const {
  CostMeter meter{{}, {kMaxNetworkCost.numbers * batch, kMaxNetworkCost.products * batch}};
  run_steps(outlines_of(inputs), &meter, &visit);
}

std::vector<Tensor> OnnxGraph::trace_step(const Step& step, const Values& values, CostMeter* meter,
                                          const Visitor& visit) const {
  std::vector<Tensor> results = run_step(step, values, meter);
  TracedStep traced{&model_.nodes[step.node], step.function, step.inputs, step.outputs, {}, nullptr};
  bool is_known = true;
  for (int64_t slot : step.inputs) {
    traced.values.push_back(slot < 0 ? nullptr : values[static_cast<size_t>(slot)]);
    is_known = is_known && (slot < 0 || !traced.values.back()->is_outline);
  }
  // What follows from sizes alone, such as the part of a table that a window needs, large as it may be.
  if (is_known) results = run_step(step, values);
  traced.results = &results;
  visit(traced);
  return results;
}

int64_t OnnxGraph::slot(const std::string& name) const {
  const auto found = slot_of_.find(name);
  return found == slot_of_.end() ? -1 : found->second;
}

const Tensor* OnnxGraph::constant(int64_t slot) const {
  const auto found = constants_.find(slot);
  return found == constants_.end() ? nullptr : &found->second;
}

void OnnxGraph::forget(const std::vector<int64_t>& slots) {
  for (const int64_t slot : slots) {
    Tensor& constant = constants_.at(slot);
    constant = Tensor::outline(constant.dtype, constant.shape);
  }
}

void OnnxGraph::for_each_node(
    const std::function<void(const Node&, const std::vector<int64_t>& inputs)>& visit) const {
  for (const Step& step : steps_) visit(model_.nodes[step.node], step.inputs);
}

std::vector<Tensor> OnnxGraph::run_steps(const std::map<std::string, Tensor>& inputs, CostMeter* meter,
                                         const Visitor* visit) const {
  Values values(n_slots_, nullptr);
  std::vector<Tensor> computed(n_slots_);
  for (const auto& [slot, tensor] : constants_) values[static_cast<size_t>(slot)] = &tensor;
  for (const ValueInfo& info : inputs_) {
    values[static_cast<size_t>(slot_of_.at(info.name))] = &checked_input(info, inputs);
  }
  for (const Step& step : steps_) {
    std::vector<Tensor> results =
        visit == nullptr ? run_step(step, values, meter) : trace_step(step, values, meter, *visit);
    for (size_t i = 0; i < step.outputs.size(); ++i) {
      if (step.outputs[i] < 0) continue;
      const size_t slot = static_cast<size_t>(step.outputs[i]);
      computed[slot] = std::move(results[i]);
      values[slot] = &computed[slot];
    }
    for (size_t slot : step.last_use) computed[slot] = Tensor();
  }
  std::vector<Tensor> outputs;
  outputs.reserve(model_.outputs.size());
  for (const ValueInfo& info : model_.outputs) {
    outputs.push_back(*values[static_cast<size_t>(slot_of_.at(info.name))]);
  }
  return outputs;
}

}  // namespace dt::reference
