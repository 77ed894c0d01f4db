// A network of a bundle, ready to be planned for windows of any shape.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "backends/cpu/lower.h"
#include "backends/reference/network_graph.h"
#include "common/log.h"

namespace dt::cpu {

// One network for inputs of fixed shapes, with memory of its own: one thread at a time.
class NetworkRun {
 public:
  virtual ~NetworkRun() = default;
  // variant, is_first, pool: as of Plan::run(). Returns the output, dense.
  virtual const float* run(size_t variant, bool is_first, Pool* pool) = 0;
};

// Any thread.
class Network {
 public:
  // Reads and packs. trial: inputs that the network will be planned for; where a plan cannot be made for
  // them, the interpreter takes the network's place, with a warning. Throws DT_BAD_BUNDLE as load_network()
  // does.
  Network(const std::string& onnx, std::string file, const NetworkForm& form, const Kernels& kernels,
          const PlanRequest& trial, const Log& log);

  // expected: the shape of the output. Throws DT_BAD_BUNDLE where the network gives another one.
  std::unique_ptr<NetworkRun> plan(const PlanRequest& request, const Shape& expected) const;
  bool is_planned() const { return weights_ != nullptr; }

 private:
  void check_output(const PlanRequest& request, const Shape& expected) const;

  std::string file_;
  const Kernels& kernels_;
  std::unique_ptr<OnnxGraph> graph_;
  std::unique_ptr<Weights> weights_;  // null: the interpreter runs it
};

}  // namespace dt::cpu
