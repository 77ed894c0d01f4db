#include "backends/cpu/network.h"

#include <algorithm>
#include <utility>

#include "common/error.h"

namespace dt::cpu {
namespace {

class PlannedRun : public NetworkRun {
 public:
  explicit PlannedRun(LoweredNetwork network) : network_(std::move(network)) {}
  const float* run(size_t variant, bool is_first, Pool* pool) override {
    network_.plan->run(variant, is_first, pool);
    return network_.plan->output();
  }

 private:
  LoweredNetwork network_;
};

class InterpretedRun : public NetworkRun {
 public:
  InterpretedRun(const OnnxGraph& graph, const PlanRequest& request) : graph_(graph), request_(request) {}
  const float* run(size_t, bool, Pool*) override {
    std::map<std::string, Tensor> inputs;
    for (const auto& [name, shape] : request_.shapes) {
      const float* from = request_.inputs.at(name);
      inputs[name] = Tensor::from(shape, {from, from + reference::n_elements(shape)});
    }
    output_ = std::move(graph_.run(inputs).at(0));
    return output_.floats.data();
  }

 private:
  const OnnxGraph& graph_;
  const PlanRequest request_;
  Tensor output_;
};

}  // namespace

Network::Network(const std::string& onnx, std::string file, const NetworkForm& form, const Kernels& kernels,
                 const PlanRequest& trial, const Log& log)
    : file_(std::move(file)), kernels_(kernels) {
  const auto read = [&] {
    graph_ = std::make_unique<OnnxGraph>(load_network(onnx, file_, form, reference::Weights::kRead));
  };
  read();
  weights_ = std::make_unique<Weights>(*graph_, kernels_);
  try {
    const LoweredNetwork network = lower(*graph_, *weights_, kernels_, trial);
    if (!network.interpreted.empty() && !trial.varying.empty()) {
      log.warning(file_ + ": the interpreter computes " + std::to_string(network.interpreted.size()) +
                  " nodes of the network, which is slow: among them " + network.interpreted.front());
    }
  } catch (const Error& e) {
    if (e.status() != DT_UNSUPPORTED) return;  // shapes that do not fit show where they are asked for
    log.warning(file_ + " runs on the slow reference interpreter: " + e.what());
    weights_.reset();
    read();
  }
}

void Network::check_output(const PlanRequest& request, const Shape& expected) const {
  const OnnxGraph::Estimate estimate = graph_->estimate(request.shapes, request.batch);
  if (estimate.outputs[0] == expected && estimate.dtypes[0] == reference::DType::kFloat) return;
  throw Error(DT_BAD_BUNDLE, "the network output \"" + graph_->outputs()[0].name + "\" has shape " +
                                 reference::to_string(estimate.outputs[0]) +
                                 ", which does not fit bundle.json");
}

std::unique_ptr<NetworkRun> Network::plan(const PlanRequest& request, const Shape& expected) const {
  check_output(request, expected);
  if (weights_ == nullptr) return std::make_unique<InterpretedRun>(*graph_, request);
  try {
    return std::make_unique<PlannedRun>(lower(*graph_, *weights_, kernels_, request));
  } catch (const Error& e) {
    throw Error(e.status() == DT_UNSUPPORTED ? DT_BAD_BUNDLE : e.status(), file_ + ": " + e.what());
  }
}

}  // namespace dt::cpu
