// A session of GpuBackend: a shape and room for results; all else is shared.
#pragma once

#include <string>
#include <vector>

#include "backends/gpu/gpu_backend.h"
#include "common/error.h"

namespace dt {

// Most streams of one hop.
constexpr size_t kMaxStreams = 1024;

class GpuSession : public Session {
 public:
  GpuSession(GpuBackend& backend, const LoopModel& model, size_t batch, const WindowShape& shape)
      : backend_(backend), batch_(batch), shape_(shape) {
    held_.reserve(batch * (shape.past + shape.hop) * model.n_channels);  // run() must not allocate
  }

  void run(const WindowBatch& windows, PhaseTimes* times) override {
    check_window_shape(windows, batch_, shape_);
    backend_.run(windows, &held_, times);
  }

 private:
  GpuBackend& backend_;
  const size_t batch_;
  const WindowShape shape_;
  std::vector<float> held_;
};

}  // namespace dt
