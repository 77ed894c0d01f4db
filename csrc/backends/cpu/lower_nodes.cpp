// Steps of single nodes: views where nothing has to move, arithmetic by kernels, and the interpreter for the
// rest.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "backends/cpu/lowering.h"
#include "backends/reference/op.h"
#include "common/error.h"

namespace dt::cpu {
namespace {

using reference::OpArgs;

size_t axis_of(int64_t axis, size_t rank) {
  return reference::normalized_axis(axis, static_cast<int64_t>(rank));
}

}  // namespace

void Lowering::lower_node(const GraphNode& node) {
  const bool has_kernel = lower_as_view(node) || lower_slice(node) || lower_split(node) ||
                          lower_function(node) || lower_arithmetic(node) || lower_concat(node);
  if (!has_kernel) interpret(node);
}

// Nodes that only rename, reorder or repeat axes.
bool Lowering::lower_as_view(const GraphNode& node) {
  const std::string& op = node.op();
  const int out = node.outputs[0];
  const Shape& shape = result_.graph->value(out).shape;
  if (op == "Reshape" || op == "Squeeze" || op == "Unsqueeze") {
    View view = float_view(node.inputs[0]);
    if (!view.reshape(shape)) {
      view = copied(view);
      view.reshape(shape);
    }
    define(out, std::move(view));
    return true;
  }
  if (op == "Transpose") {
    const View& view = float_view(node.inputs[0]);
    std::vector<int64_t> order = node.integers("perm");
    if (order.empty()) {
      order.resize(view.shape.size());
      std::iota(order.rbegin(), order.rend(), 0);
    }
    for (int64_t& axis : order) axis = static_cast<int64_t>(axis_of(axis, order.size()));
    define(out, view.transposed(order));
    return true;
  }
  if (op == "Expand") {
    define(out, float_view(node.inputs[0]).broadcast(shape));
    return true;
  }
  return false;
}

// The result's shape says how many are taken; where it begins follows from starts and steps.
bool Lowering::lower_slice(const GraphNode& node) {
  if (node.op() != "Slice") return false;
  const auto ints = [&](size_t i) -> const std::vector<int64_t>* {
    if (i >= node.inputs.size() || node.inputs[i] < 0) return nullptr;
    return &result_.graph->value(node.inputs[i]).known->ints;
  };
  View view = float_view(node.inputs[0]);
  const Shape from = view.shape;
  const std::vector<int64_t>*starts = ints(1), *axes = ints(3), *steps = ints(4);
  for (size_t i = 0; i < starts->size(); ++i) {
    const size_t d = axis_of(axes == nullptr ? static_cast<int64_t>(i) : (*axes)[i], from.size());
    const int64_t step = steps == nullptr ? 1 : (*steps)[i], n = from[d];
    int64_t start = (*starts)[i] < 0 ? (*starts)[i] + n : (*starts)[i];
    start = step > 0 ? std::clamp<int64_t>(start, 0, n) : std::clamp<int64_t>(start, -1, n - 1);
    view.shape[d] = result_.graph->value(node.outputs[0]).shape[d];
    if (view.shape[d] == 0) continue;
    view.offset += start * view.strides[d];
    view.strides[d] *= view.shape[d] > 1 ? step : 1;
  }
  define(node.outputs[0], std::move(view));
  return true;
}

bool Lowering::lower_split(const GraphNode& node) {
  if (node.op() != "Split") return false;
  const View whole = float_view(node.inputs[0]);
  const size_t axis = axis_of(node.integer("axis", 0), whole.shape.size());
  int64_t start = 0;
  for (const int out : node.outputs) {
    // A part without a name has no shape here, and those after it no place.
    if (out < 0) throw Error(DT_UNSUPPORTED, "a part of a Split is not used");
    View part = whole;
    part.shape = result_.graph->value(out).shape;
    part.offset += start * whole.strides[axis];
    start += part.shape[axis];
    define(out, std::move(part));
  }
  return true;
}

// Functions that no network of ours has in a hop's inner part: plain loops.
bool Lowering::lower_function(const GraphNode& node) {
  static const std::map<std::string, float (*)(float)> functions{
      {"Tanh", [](float x) { return std::tanh(x); }},
      {"Sin", [](float x) { return std::sin(x); }},
      {"Cos", [](float x) { return std::cos(x); }},
      {"Sqrt", [](float x) { return std::sqrt(x); }}};
  const auto found = functions.find(node.op());
  if (found == functions.end()) return false;
  const View a = float_view(node.inputs[0]), out = dense_like(a);
  const auto f = found->second;
  elementwise(out, {a}, [f](const float* const* in, const ptrdiff_t* steps, float* to, int64_t n) {
    for (int64_t i = 0; i < n; ++i) to[i] = f(in[0][i * steps[0]]);
  });
  define(node.outputs[0], out);
  return true;
}

bool Lowering::lower_arithmetic(const GraphNode& node) {
  const std::string& op = node.op();
  const Kernels* k = &kernels_;
  if (op == "Neg" || op == "Sigmoid" || op == "Cast") {
    const View a = float_view(node.inputs[0]);
    if (op == "Cast") {  // from floats to floats, or define() refuses
      define(node.outputs[0], a);
      return true;
    }
    const Unary f = op == "Neg" ? Unary::kNegate : Unary::kSigmoid;
    const View out = dense_like(a);
    elementwise(out, {a}, [=](const float* const* in, const ptrdiff_t* steps, float* to, int64_t n) {
      if (steps[0] == 1) return k->unary(f, in[0], to, n);
      for (int64_t i = 0; i < n; ++i) k->unary(f, in[0] + i * steps[0], to + i, 1);
    });
    define(node.outputs[0], out);
    return true;
  }
  Binary f;
  if (op == "Add") {
    f = Binary::kAdd;
  } else if (op == "Sub") {
    f = Binary::kSub;
  } else if (op == "Mul") {
    f = Binary::kMul;
  } else if (op == "Div") {
    f = Binary::kDiv;
  } else {
    return false;
  }
  const View a = float_view(node.inputs[0]), b = float_view(node.inputs[1]);
  const Shape& shape = result_.graph->value(node.outputs[0]).shape;
  const View out = a.shape == shape ? dense_like(a) : b.shape == shape ? dense_like(b) : dense(shape);
  elementwise(out, {a, b}, [=](const float* const* in, const ptrdiff_t* steps, float* to, int64_t n) {
    const auto plain = [](ptrdiff_t step) { return step == 0 || step == 1; };
    if (plain(steps[0]) && plain(steps[1])) return k->binary(f, in[0], steps[0], in[1], steps[1], to, n);
    for (int64_t i = 0; i < n; ++i) k->binary(f, in[0] + i * steps[0], 0, in[1] + i * steps[1], 0, to + i, 1);
  });
  define(node.outputs[0], out);
  return true;
}

bool Lowering::lower_concat(const GraphNode& node) {
  if (node.op() != "Concat") return false;
  const View out = dense(result_.graph->value(node.outputs[0]).shape);
  const size_t axis = axis_of(node.integer("axis", 0), out.shape.size());
  int64_t start = 0;
  for (const int in : node.inputs) {
    const View from = float_view(in);
    View part = out;
    part.shape = from.shape;
    part.offset += start * out.strides[axis];
    start += from.shape[axis];
    if (reference::n_elements(from.shape) == 0) continue;
    elementwise(part, {from},
                [k = &kernels_](const float* const* sources, const ptrdiff_t* steps, float* to, int64_t n) {
                  if (steps[0] == 1) return k->unary(Unary::kCopy, sources[0], to, n);
                  for (int64_t i = 0; i < n; ++i) to[i] = sources[0][i * steps[0]];
                });
  }
  define(node.outputs[0], out);
  return true;
}

// The node as the interpreter has it, on copies of its inputs; allocates when it runs.
void Lowering::interpret(const GraphNode& node) {
  result_.interpreted.push_back(node.op());
  PlanStep step;
  std::vector<View> in;  // buffer -1: known, or left out
  std::vector<std::shared_ptr<const Tensor>> known;
  for (const int v : node.inputs) {
    known.push_back(v < 0 ? nullptr : result_.graph->value(v).known);
    if (known.back() != nullptr && known.back()->is_outline)
      throw Error(DT_UNSUPPORTED,
                  "operator " + node.op() + " reads weights that are laid out for another use");
    in.emplace_back();
    if (v < 0 || known.back() != nullptr) continue;
    const View from = float_view(v);
    in.back() = from.is_dense() ? from : copied(from);
    step.reads.push_back(read_all(in.back()));
  }
  std::vector<View> out;
  for (const int v : node.outputs) {
    if (v < 0) throw Error(DT_UNSUPPORTED, "a result of operator " + node.op() + " is not used");
    out.push_back(dense(result_.graph->value(v).shape));
    step.writes.push_back(out.back().buffer);
    define(v, out.back());
  }
  step.make = [=, op = node.node, function = node.function](const PlanMemory& memory) -> PlanStep::Runner {
    return [=](const RowTask&, float*) {
      std::vector<Tensor> copies(in.size());
      std::vector<const Tensor*> inputs(in.size());
      for (size_t i = 0; i < in.size(); ++i) {
        inputs[i] = known[i].get();
        if (in[i].buffer < 0) continue;
        const float* from = memory.at(in[i].buffer) + in[i].offset;
        copies[i] = Tensor::from(in[i].shape, {from, from + reference::n_elements(in[i].shape)});
        inputs[i] = &copies[i];
      }
      const std::vector<Tensor> results = function(OpArgs(*op, inputs));
      for (size_t i = 0; i < out.size(); ++i) {
        std::copy(results[i].floats.begin(), results[i].floats.end(),
                  memory.at(out[i].buffer) + out[i].offset);
      }
    };
  };
  steps_.push_back(std::move(step));
}

LoweredNetwork lower(const OnnxGraph& graph, const Weights& weights, const Kernels& kernels,
                     const PlanRequest& request) {
  return Lowering(graph, weights, kernels, request).run();
}

}  // namespace dt::cpu
