// From the parts of a network to the steps of a plan.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backends/cpu/fuse.h"
#include "backends/cpu/plan.h"
#include "backends/cpu/static_graph.h"
#include "backends/cpu/view.h"

namespace dt::cpu {

// What a plan is made for.
struct PlanRequest {
  std::map<std::string, Shape> shapes;         // of the inputs
  std::map<std::string, const float*> inputs;  // dense; read by every run
  std::set<std::string> varying;               // inputs that change between the runs of a window
  std::vector<RowRange> outputs;               // rows that are needed, one for each variant
  size_t batch = 1, n_threads = 1;
};

// A plan, and what its steps refer to.
struct LoweredNetwork {
  std::unique_ptr<StaticGraph> graph;
  std::vector<std::shared_ptr<const Tensor>> constants;
  std::vector<std::unique_ptr<Floats>> tables;
  std::unique_ptr<Plan> plan;
  std::vector<std::string> interpreted;  // operators that the interpreter computes
};

// graph and weights must outlive the result. Throws Error(DT_UNSUPPORTED) for what a plan cannot do, and as
// OnnxGraph::estimate() does.
LoweredNetwork lower(const OnnxGraph& graph, const Weights& weights, const Kernels& kernels,
                     const PlanRequest& request);

}  // namespace dt::cpu
