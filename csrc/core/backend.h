// What a backend does: run one window of the sampler, from log-mel and a seed to the weights that leave. The
// level is a whole hop, so that a GPU backend can run it as one launch; HostLoopSession (host_loop.h) is the
// loop for the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "common/log.h"
#include "core/backend_description.h"
#include "core/bundle.h"
#include "core/device.h"

namespace dt {

// Raised whenever a type of this header, or of one that it includes, changes: core and backend modules are
// built from the same sources. The number is part of the symbol that a module exports, so that a module of
// another number is refused.
#define DT_BACKEND_INTERFACE 7

// Sizes of a window, in animation frames: past + hop <= frames.
struct WindowShape {
  size_t frames = 0;  // W
  size_t past = 0;    // the first ones are given, the others generated
  size_t hop = 0;     // of the generated ones leave, from the first on; what follows is lookahead
  friend bool operator==(const WindowShape& a, const WindowShape& b) {
    return a.frames == b.frames && a.past == b.past && a.hop == b.hop;
  }
};

// One window of one stream. Every pointer is to dense float32 that the caller owns.
struct Window {
  const float* mel = nullptr;        // [M, n_mels], M = mel frames that last as long as W animation frames
  const float* condition = nullptr;  // Backend::condition_size() floats, by Backend::condition()
  // Of the noise (kernels/noise.h): the stream's seed, and the absolute index of the first generated frame.
  uint64_t seed = 0;
  int64_t first_frame = 0;  // >= 0
  // [past, n_channels], normalised. In: the frames before the first generated one. Out: those before the
  // next window's, which begins a hop later.
  float* past = nullptr;
  // [hop, n_channels]. Out: the frames that leave, in the bundle's units and limits (kernels/denormalise.h).
  float* weights = nullptr;
  // Null, or where on the backend's device the weights are written too; undefined there after a failure.
  float* device_weights = nullptr;
};

// One window each of `batch` streams.
struct WindowBatch {
  size_t batch = 0;  // 1 .. batch of the session
  WindowShape shape;
  const Window* streams = nullptr;  // [batch]
};

// Wall time that the parts of run() took, added to what is there. A backend that runs a window as one launch
// books all of it as denoiser_ns, unless it profiles.
struct PhaseTimes {
  int64_t encoder_ns = 0, denoiser_ns = 0;
  int64_t update_ns = 0;  // noise and sampler updates
  int64_t post_ns = 0;    // normalised frames to weights
};

// Runs windows of one shape; holds what one caller needs (buffers, infer requests). One thread at a time.
class Session {
 public:
  virtual ~Session() = default;
  // windows: of the shape the session was made for, or fewer streams (the cost is that of a full batch). Does
  // not allocate after its first call. Throws Error(DT_INTERNAL_ERROR) when a network fails; no stream's past
  // or weights are changed then.
  virtual void run(const WindowBatch& windows, PhaseTimes* times) = 0;
};

// The networks of one bundle on one device. Immutable from outside; any thread.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual const char* name() const = 0;
  // The first session of a shape may compile the networks, which takes up to a second. batch >= 1, hop >= 1.
  virtual std::unique_ptr<Session> make_session(size_t batch, const WindowShape& shape) = 0;

  // Floats that hold what the sampler's steps need to know of a style: n_steps * K. At most some 100 KB, and
  // the same for all streams of a style.
  virtual size_t condition_size() const = 0;
  // style: [d_identity] -> out: condition_size() floats. Less work than a sampler step; allocates, may wait
  // for another thread's call. Throws Error(DT_INTERNAL_ERROR) when the network fails or gives a value that
  // is not finite.
  virtual void condition(const float* style, float* out) = 0;

  // Null: results are on the host only.
  virtual Device* device() { return nullptr; }

  // Styles of a speaker heard in reference speech. mel: [n_mel_frames, n_mels], the log-mel of the bundle's
  // audio section; n_mel_frames within the bundle's style_encoder.min_mel_frames .. max_mel_frames. styles:
  // [1 + n_emotions, d_identity]: with the mood of the speech itself, then with each emotion of the bundle.
  // Takes up to some 100 ms, more at the first call; other calls of it wait. Throws Error:
  // DT_INVALID_ARGUMENT (the bundle has no style encoder, or the length does not fit), DT_INTERNAL_ERROR.
  virtual void enroll(const float* mel, size_t n_mel_frames, float* styles) = 0;
};

struct BackendOptions {
  std::string precision = "f32";  // "f32", "bf16" (CPU) or "f16" (GPU); Model::open also takes "auto"
  int n_threads = 2;              // that compute, the callers among them; 1 runs on the caller alone
  int n_workers = 1;         // sessions that are to run side by side, by n_threads / n_workers threads each
  bool pin_threads = false;  // bind the backend's threads to cores each; a host with threads of its own loses
  std::string cache_folder;  // UTF-8, of compiled networks; empty: none. The backend makes folders of its own
  int device = 0;            // number of the GPU, as the driver counts
  // UTF-8: the one set of compiled engines to use
  // (docs/tensorrt-engines.md); empty: looked for in the user's cache.
  std::string engine_folder;
  // Engines of TensorRT's version-compatible kind carry native code, which loading them runs: only for files
  // that the user trusts like a program.
  bool allow_host_code = false;
  Log log;
};

// How a backend is created, built in or from a module. Every call may be made from any thread.
class BackendFactory {
 public:
  virtual ~BackendFactory() = default;
  virtual const BackendDescription& description() const = 0;
  // Throws Error(DT_NO_BACKEND) with the reason when the backend cannot run on this machine.
  virtual void probe() const = 0;
  // Whether this machine computes in it natively: a backend may accept a precision and be slow at it. Unknown
  // names are false. Does not throw; false where probe() throws.
  virtual bool has_precision(const std::string& precision) const = 0;
  // Takes what it needs from the bundle. Throws Error: DT_NO_BACKEND, DT_BAD_BUNDLE (networks that do not fit
  // the manifest), DT_INVALID_ARGUMENT (a precision that it does not have).
  virtual std::unique_ptr<Backend> create(const Bundle& bundle, const BackendOptions& options) const = 0;
};

// The symbol that a backend module exports. The factory lives as long as the process, as does the module.
using BackendModuleEntry = const BackendFactory* (*)();
#define DT_JOIN_EXPANDED(a, b) a##b
#define DT_JOIN(a, b) DT_JOIN_EXPANDED(a, b)
#define DT_BACKEND_MODULE_ENTRY DT_JOIN(dt_backend_module_v, DT_BACKEND_INTERFACE)
#if defined(_WIN32)
#define DT_MODULE_EXPORT __declspec(dllexport)
#else
#define DT_MODULE_EXPORT __attribute__((visibility("default")))
#endif

}  // namespace dt
