// Compiled networks of a bundle, as the GPU's loop sees them: TensorRT engines in the product, functions on
// the host in tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backends/gpu/gpu_device.h"

namespace dt {

enum class Network { kAudioEncoder, kDenoiser, kConditioner, kStyleEncoder };

// "audio_encoder", ..: the names of the bundle.
const char* network_name(Network network);

// One network made ready to run for one batch; tensors have the names and shapes of docs/bundle-format.md.
// Everything throws GpuError. After set_scratch, bind or set_shape a graph that was recorded before is stale.
class GpuContext {
 public:
  virtual ~GpuContext() = default;
  // Device memory for activations that enqueue() needs while it runs, and no longer: contexts that never run
  // at the same time may share it.
  virtual size_t scratch_bytes() const = 0;
  virtual void set_scratch(void* memory, size_t bytes) = 0;
  // memory: as many values as the tensor has, in float32; another number is an Error of the engine.
  virtual void bind(const std::string& tensor, const GpuArray<float>& memory) = 0;
  // Of an input whose shape is not fixed.
  virtual void set_shape(const std::string& tensor, const std::vector<int64_t>& shape) = 0;
  virtual void enqueue(GpuStream& stream) = 0;
};

// Any thread, one at a time.
class EngineSource {
 public:
  virtual ~EngineSource() = default;
  // Batches that the window's engines were compiled for, ascending; empty: there are none for the window.
  virtual std::vector<size_t> batches(size_t window) const = 0;
  // Windows that there are engines for, ascending.
  virtual std::vector<size_t> windows() const = 0;
  // The first context of a network and window loads its engine, which takes up to seconds. window: 0 for the
  // conditioner and the style encoder. batch: one of batches(window), or what the network was compiled for.
  // Throws GpuError, or Error where the engine's file is at fault.
  virtual std::unique_ptr<GpuContext> make_context(Network network, size_t window, size_t batch) = 0;
};

}  // namespace dt
