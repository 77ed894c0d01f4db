// CPU backend on OpenVINO. Networks are compiled for static shapes (dynamic ones cost 10-80 % more) on first
// use of a (batch, window) and shared by all sessions of that shape.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <openvino/runtime/core.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/loop_backend.h"

namespace dt {

struct OvNetworks {
  ov::CompiledModel audio_encoder, denoiser;
};

class OvBackend : public LoopBackend {
 public:
  // Throws DT_BAD_BUNDLE when a network cannot be read or has other inputs than the format says; the style
  // encoder, which few need, is read at the first enrolment.
  OvBackend(const Bundle& bundle, const BackendOptions& options);
  const char* name() const override { return "openvino"; }
  std::unique_ptr<Session> make_session(size_t batch, const WindowShape& shape) override;

 protected:
  void run_conditioner() override { conditioner_.infer(); }
  void run_style_encoder(const float* mel, size_t n_mel_frames, float* styles) override;

 private:
  std::shared_ptr<const OvNetworks> compiled(size_t batch, size_t window);
  void compile_conditioner(const Bundle& bundle);
  void compile_style_encoder();

  ov::Core core_;
  ov::AnyMap config_, exact_config_;  // of the loop's networks; of the others, which are always f32
  std::shared_ptr<ov::Model> audio_encoder_, denoiser_;  // of dynamic shape
  ov::InferRequest conditioner_, style_encoder_;         // the latter empty until the first enrolment
  std::string style_encoder_onnx_, style_encoder_file_;
  std::mutex mutex_;  // guards compiled_
  std::map<std::pair<size_t, size_t>, std::shared_ptr<const OvNetworks>> compiled_;
};

// Properties of the CPU plugin for these options, but for the precision.
ov::AnyMap ov_config(const BackendOptions& options, const std::string& precision);

// Has `core` keep compiled networks under options.cache_folder, where one is given; a folder that cannot be
// used is a warning.
void use_ov_cache(ov::Core& core, const Bundle& bundle, const BackendOptions& options);

// Reads an ONNX graph from memory and checks that it has exactly these inputs and one output of that name.
std::shared_ptr<ov::Model> read_network(ov::Core& core, const std::string& onnx, const std::string& file,
                                        const std::vector<std::string>& inputs, const std::string& output);

// A copy with these input shapes. Throws DT_BAD_BUNDLE where the network does not take them, or its output is
// not `output`.
std::shared_ptr<ov::Model> with_shapes(const ov::Model& network,
                                       const std::map<std::string, ov::PartialShape>& shapes,
                                       const ov::Shape& output);

}  // namespace dt
