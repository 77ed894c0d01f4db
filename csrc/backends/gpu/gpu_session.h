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
  GpuSession(GpuBackend& backend, const HostLoopModel& model, size_t batch, size_t window, size_t past)
      : backend_(backend), batch_(batch), window_(window), past_(past) {
    held_.reserve(batch * window * model.n_channels);  // run() must not allocate
  }

  void run(const WindowBatch& windows, PhaseTimes* times) override {
    check_window_shape(windows, batch_, window_, past_);
    backend_.run(windows, &held_, times);
  }

 private:
  GpuBackend& backend_;
  const size_t batch_, window_, past_;
  std::vector<float> held_;
};

}  // namespace dt
