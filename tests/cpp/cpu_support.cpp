#include "cpu_support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace dt::test {

using reference::Shape;
using reference::Tensor;

Tensor noise(Shape shape, uint32_t seed, float scale) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0.0f, scale);
  std::vector<float> values(static_cast<size_t>(reference::n_elements(shape)));
  for (float& v : values) v = normal(engine);
  return Tensor::from(std::move(shape), std::move(values));
}

Planned run_planned(const std::string& model, const Inputs& inputs, const cpu::Kernels& kernels,
                    cpu::RowRange rows, int n_threads) {
  OnnxGraph graph = reference::load(model);
  const cpu::Weights weights(graph, kernels);
  cpu::PlanRequest request;
  for (const auto& [name, tensor] : inputs) {
    request.shapes[name] = tensor.shape;
    request.inputs[name] = tensor.floats.data();
    request.varying.insert(name);
  }
  const Shape shape = graph.estimate(request.shapes).outputs[0];
  if (rows.is_empty()) rows = {0, shape.size() > 1 ? shape[1] : 1};
  request.outputs = {rows};
  request.n_threads = static_cast<size_t>(n_threads);
  const cpu::LoweredNetwork network = cpu::lower(graph, weights, kernels, request);
  cpu::Pool pool(n_threads);
  network.plan->run(0, true, n_threads > 1 ? &pool : nullptr);
  network.plan->run(0, false, n_threads > 1 ? &pool : nullptr);  // memory that was used before
  const float* output = network.plan->output();
  return {Tensor::from(shape, {output, output + reference::n_elements(shape)}), network.interpreted,
          network.plan->n_steps()};
}

Planned expect_parity(const std::string& model, const Inputs& inputs, float limit, cpu::RowRange rows) {
  const Tensor expected = reference::load(model).run(inputs)[0];
  Planned best;
  for (const cpu::Kernels* kernels : cpu::usable_kernels()) {
    const Planned got = run_planned(model, inputs, *kernels, rows);
    if (best.n_steps == 0) best = got;
    EXPECT_EQ(got.output.shape, expected.shape);
    const size_t n = static_cast<size_t>(expected.shape.empty() ? 1 : expected.shape.back());
    float worst = 0;
    for (size_t i = 0; i < expected.floats.size(); ++i) {
      const auto row = static_cast<int64_t>(i / n) % (expected.rank() == 3 ? expected.shape[1] : 1);
      if (!rows.is_empty() && (row < rows.first || row >= rows.last)) continue;
      const float error = std::fabs(got.output.floats[i] - expected.floats[i]);
      worst = error <= worst ? worst : error;
    }
    EXPECT_LE(worst, limit) << kernels->name;
  }
  return best;
}

}  // namespace dt::test
