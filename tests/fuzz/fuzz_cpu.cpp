// Networks for the cpu backend, which plans any graph that passes the gate: graphs made node by node, and
// ONNX files as they come. A plan gives what the interpreter gives, or is refused.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "../cpp/onnx_builder.h"
#include "backends/cpu/lower.h"
#include "backends/cpu/tables.h"
#include "common/error.h"
#include "random_graph.h"
#include "tiny_model.h"

using namespace dt::reference;
namespace cpu = dt::cpu;

namespace {

using Inputs = std::map<std::string, Tensor>;

// Small enough for a fuzzer's time.
constexpr NetworkCost kSmall = {uint64_t{1} << 18, uint64_t{1} << 22};

Inputs inputs_of(const std::map<std::string, Shape>& shapes, float scale) {
  Inputs inputs;
  for (const auto& [name, shape] : shapes) {
    Tensor t = Tensor::zeros(DType::kFloat, shape);
    for (size_t i = 0; i < t.floats.size(); ++i)
      t.floats[i] =
          (static_cast<float>(i * 7 % 13) - 6) / 4 * scale + static_cast<float>(i % 3) * (scale - 1);
    inputs[name] = std::move(t);
  }
  return inputs;
}

float largest(const std::vector<float>& values) {
  float most = 0;
  for (const float v : values) most = std::fabs(v) <= most ? most : std::fabs(v);  // NaN stays
  return most;
}

float distance(const std::vector<float>& a, const std::vector<float>& b, size_t first, size_t last) {
  float worst = 0;
  for (size_t i = first; i < last; ++i) worst = std::max(worst, std::fabs(a[i] - b[i]));
  return worst;
}

// What is compared: values of a size that float32 computes alike in any order of sums.
bool is_tame(const OnnxGraph& graph, const std::map<std::string, Shape>& shapes, const Tensor& expected) {
  const float most = largest(expected.floats);
  if (!(most < 1e6f)) return false;
  const Tensor near = graph.run(inputs_of(shapes, 1.0f + 1e-6f))[0];
  return distance(near.floats, expected.floats, 0, near.floats.size()) <= 1e-4f * (1 + most);
}

cpu::LoweredNetwork planned(const OnnxGraph& graph, const cpu::Weights& weights, const cpu::Kernels& kernels,
                            const cpu::PlanRequest& request) {
  return cpu::lower(graph, weights, kernels, request);
}

// rows: of the result that are asked for, where it has rows.
void compare(const std::string& model, const std::map<std::string, Shape>& shapes,
             const cpu::Kernels& kernels, cpu::RowRange rows) {
  const auto* const data = reinterpret_cast<const uint8_t*>(model.data());
  const OnnxGraph judge = OnnxGraph::load(data, model.size());
  const OnnxGraph::Estimate estimate = judge.estimate(shapes);
  if (estimate.cost.numbers > kSmall.numbers || estimate.cost.products > kSmall.products) return;
  if (estimate.dtypes[0] != DType::kFloat) return;
  const Inputs inputs = inputs_of(shapes, 1.0f);
  const Tensor expected = judge.run(inputs)[0];
  OnnxGraph graph = OnnxGraph::load(data, model.size());
  const cpu::Weights weights(graph, kernels);
  cpu::PlanRequest request;
  request.shapes = shapes;
  for (const auto& [name, tensor] : inputs)
    request.inputs[name] = tensor.floats.data(), request.varying.insert(name);
  const bool has_rows = expected.rank() == 3;
  const int64_t n_rows = has_rows ? expected.shape[1] : expected.rank() > 1 ? expected.shape[1] : 1;
  rows.last = std::min(rows.last, n_rows), rows.first = std::min(rows.first, rows.last);
  if (!has_rows || rows.is_empty()) rows = {0, n_rows};
  request.outputs = {rows};
  const cpu::LoweredNetwork network = planned(graph, weights, kernels, request);
  for (const bool is_first : {true, false}) network.plan->run(0, is_first, nullptr);
  if (!is_tame(judge, shapes, expected)) return;
  const float* const output = network.plan->output();
  const std::vector<float> got(output, output + expected.size());
  const float limit = 1e-3f * (1 + largest(expected.floats));
  const size_t width = has_rows ? static_cast<size_t>(expected.shape[2]) : 1;
  const size_t all = expected.floats.size(), streams = has_rows ? static_cast<size_t>(expected.shape[0]) : 1;
  for (size_t s = 0; s < streams; ++s) {
    const size_t stream = all / streams;
    const size_t first = has_rows ? s * stream + static_cast<size_t>(rows.first) * width : 0;
    const size_t last = has_rows ? s * stream + static_cast<size_t>(rows.last) * width : all;
    if (!(distance(got, expected.floats, first, last) <= limit))
      dt::fuzz::fault("another result than the interpreter's");
  }
}

template <typename Body>
void refused_at_most(Body&& body) {
  try {
    body();
  } catch (const dt::Error& e) {
    if (e.status() != DT_BAD_BUNDLE && e.status() != DT_INVALID_ARGUMENT && e.status() != DT_UNSUPPORTED)
      dt::fuzz::fault(e.what());
  }
}

// Inputs of these dimensions where the graph leaves them open; empty where it wants large ones, or integers.
std::map<std::string, Shape> shapes_of(const OnnxGraph& graph, int64_t free) {
  std::map<std::string, Shape> shapes;
  for (const ValueInfo& info : graph.inputs()) {
    if (info.dtype != DType::kFloat) return {};
    Shape& shape = shapes[info.name];
    int64_t n = 1;
    for (const int64_t d : info.shape) {
      shape.push_back(d < 0 ? free : d);
      if (shape.back() > 65536) return {};
      n *= shape.back();
      if (n > 65536) return {};
    }
  }
  return shapes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dt::fuzz::Input in(data, size);
  const uint8_t kind = in.u8();
  const std::vector<const cpu::Kernels*>& all = cpu::usable_kernels();
  const cpu::Kernels& kernels = *all[kind % all.size()];
  cpu::RowRange rows;
  rows.first = in.u8() % 8, rows.last = rows.first + in.u8() % 8;
  if (kind < 192) {
    dt::fuzz::RandomGraph graph(in);
    refused_at_most([&] { compare(graph.model(), graph.inputs(), kernels, rows); });
    return 0;
  }
  const std::string model(reinterpret_cast<const char*>(data + size - in.left()), in.left());
  refused_at_most([&] {
    const OnnxGraph graph = OnnxGraph::load(reinterpret_cast<const uint8_t*>(model.data()), model.size());
    for (const int64_t free : {1, 6}) {
      const std::map<std::string, Shape> shapes = shapes_of(graph, free);
      if (shapes.size() == graph.inputs().size())
        refused_at_most([&] { compare(model, shapes, kernels, rows); });
    }
  });
  return 0;
}
