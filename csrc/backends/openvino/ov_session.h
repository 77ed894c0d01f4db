// Infer requests of one stream, bound once to the session's own buffers.
#pragma once

#include <memory>
#include <openvino/runtime/infer_request.hpp>

#include "backends/openvino/ov_backend.h"
#include "core/host_loop.h"

namespace dt {

class OvSession : public HostLoopSession {
 public:
  OvSession(const LoopModel& model, std::shared_ptr<const OvNetworks> networks, size_t batch,
            const WindowShape& shape);

 protected:
  void encode() override { audio_encoder_.infer(); }
  void denoise() override { denoiser_.infer(); }

 private:
  std::shared_ptr<const OvNetworks> networks_;  // keeps the compiled code alive
  ov::InferRequest audio_encoder_, denoiser_;
};

}  // namespace dt
