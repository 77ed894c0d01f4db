// CPU backend on OpenVINO. Networks are compiled for static shapes (dynamic ones cost 10-80 % more) on first
// use of a (batch, window) and shared by all sessions of that shape.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <openvino/runtime/core.hpp>
#include <string>
#include <utility>

#include "core/host_loop.h"

namespace dt {

struct OvNetworks {
  ov::CompiledModel audio_encoder, denoiser;
};

class OvBackend : public Backend {
 public:
  // Throws DT_BAD_BUNDLE when a network cannot be read or has other inputs than the format says.
  OvBackend(const Bundle& bundle, const BackendOptions& options);
  const char* name() const override { return "openvino"; }
  std::unique_ptr<Session> make_session(size_t batch, size_t window, size_t past) override;

 private:
  std::shared_ptr<const OvNetworks> compiled(size_t batch, size_t window);

  HostLoopModel model_;
  ov::Core core_;
  ov::AnyMap config_;
  std::shared_ptr<ov::Model> audio_encoder_, denoiser_;  // of dynamic shape
  std::mutex mutex_;                                     // guards compiled_
  std::map<std::pair<size_t, size_t>, std::shared_ptr<const OvNetworks>> compiled_;
};

// Properties of the CPU plugin for these options.
ov::AnyMap ov_config(const BackendOptions& options);

// Reads an ONNX graph from memory and checks that it has exactly these inputs and one output of that name.
std::shared_ptr<ov::Model> read_network(ov::Core& core, const std::string& onnx, const std::string& file,
                                        const std::vector<std::string>& inputs, const std::string& output);

}  // namespace dt
