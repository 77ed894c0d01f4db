// What a backend does: run one window of the sampler, from log-mel and noise to clean frames. The level is a
// whole hop, so that a GPU backend can run it as one launch; HostLoopSession (host_loop.h) is the loop for
// the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "common/log.h"
#include "core/bundle.h"

namespace dt {

// Raised whenever a type of this header, or of one that it includes, changes: core and backend modules are
// built from the same sources, and a module of another number is refused.
constexpr int kBackendInterface = 2;

// One window each of `batch` streams. All arrays are float32, dense, and owned by the caller.
struct WindowBatch {
  size_t batch = 0;
  size_t window = 0;             // animation frames W
  size_t past = 0;               // the first frames of the window are given, not generated
  const float* mel = nullptr;    // [batch, M, n_mels], M = mel frames that last as long as W animation frames
  const float* style = nullptr;  // [batch, d_identity]
  // [batch, W, n_channels], normalised. In: past frames, then noise. Out: past frames as they were, then x0.
  float* x_t = nullptr;
};

// Wall time that the parts of run() took, added to what is there.
struct PhaseTimes {
  int64_t encoder_ns = 0, denoiser_ns = 0, update_ns = 0;
};

// Runs windows of one shape; holds what one caller needs (buffers, infer requests). One thread at a time.
class Session {
 public:
  virtual ~Session() = default;
  // windows: of the shape the session was made for. Throws Error(DT_INTERNAL_ERROR) when a network fails.
  virtual void run(const WindowBatch& windows, PhaseTimes* times) = 0;
};

// The networks of one bundle on one device. Immutable from outside; any thread.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual const char* name() const = 0;
  // The first session of a shape may compile the networks, which takes up to a second. past < window.
  virtual std::unique_ptr<Session> make_session(size_t batch, size_t window, size_t past) = 0;
};

struct BackendOptions {
  std::string precision = "f32";  // "f32" or "bf16"
  int n_threads = 2;
  Log log;
};

// How a backend is created, built in or from a module. Every call may be made from any thread.
class BackendFactory {
 public:
  virtual ~BackendFactory() = default;
  virtual const char* name() const = 0;
  // Throws Error(DT_NO_BACKEND) with the reason when the backend cannot run on this machine.
  virtual void probe() const = 0;
  // Takes what it needs from the bundle. Throws Error: DT_NO_BACKEND, DT_BAD_BUNDLE (networks that do not fit
  // the manifest), DT_INVALID_ARGUMENT (a precision that it does not have).
  virtual std::unique_ptr<Backend> create(const Bundle& bundle, const BackendOptions& options) const = 0;
};

// The symbol that a backend module exports; the number is kBackendInterface. The factory lives as long as the
// process, as does the module.
using BackendModuleEntry = const BackendFactory* (*)();
#define DT_BACKEND_MODULE_ENTRY dt_backend_module_v2
#if defined(_WIN32)
#define DT_MODULE_EXPORT __declspec(dllexport)
#else
#define DT_MODULE_EXPORT __attribute__((visibility("default")))
#endif

}  // namespace dt
