#include "toy_engines.h"

#include <algorithm>

#include "backend_support.h"
#include "backends/gpu/cuda_device.h"
#include "common/error.h"

namespace dt::test {
namespace {

class ToyContext : public GpuContext {
 public:
  ToyContext(Network network, const ToyWeights& weights, size_t window, size_t batch, size_t more_scratch,
             std::shared_ptr<bool> crash)
      : network_(network),
        weights_(weights),
        window_(window),
        batch_(batch),
        scratch_bytes_(std::max<size_t>(1, batch * window * 8) + batch * more_scratch),
        crash_(std::move(crash)) {}

  size_t scratch_bytes() const override { return scratch_bytes_; }
  void set_scratch(void* memory, size_t) override { scratch_ = static_cast<float*>(memory); }
  void bind(const std::string& tensor, const GpuArray<float>& memory) override {
    bound_[tensor] = memory.data();
  }
  void set_shape(const std::string&, const std::vector<int64_t>& shape) override {
    n_frames_ = static_cast<size_t>(shape[1]);
  }

  void enqueue(GpuStream& stream) override {
    CUstream_st* const raw = cuda_stream(stream);
    try {
      if (*crash_) toy_crash(raw);
      run(raw);
    } catch (const Error& e) {
      throw GpuError(GpuFault::kOther, e.what());
    }
  }

 private:
  void run(CUstream_st* raw) {
    switch (network_) {
      case Network::kAudioEncoder:
        return toy_encode(weights_, bound_["mel"], bound_["audio"], batch_ * window_ / 3, raw);
      case Network::kDenoiser:
        return toy_denoise(weights_, bound_["x_t"], bound_["known"], bound_["audio"], bound_["condition"],
                           bound_["x0"], scratch_, batch_, window_, raw);
      case Network::kConditioner:
        return toy_condition(weights_, bound_["style"], bound_["t"], bound_["condition"], batch_, raw);
      case Network::kStyleEncoder:
        return toy_style(bound_["mel"], bound_["styles"], n_frames_, raw);
    }
  }

  const Network network_;
  const ToyWeights weights_;
  const size_t window_, batch_, scratch_bytes_;
  const std::shared_ptr<bool> crash_;
  size_t n_frames_ = 0;
  float* scratch_ = nullptr;
  std::map<std::string, float*> bound_;
};

GpuArray<float> put(GpuDevice& device, GpuStream& stream, const std::vector<float>& values) {
  GpuArray<float> memory(device, GpuArray<float>::kDevice, values.size());
  stream.upload(memory.data(), values.data(), memory.bytes());
  stream.synchronize();
  return memory;
}

}  // namespace

// The weights of backend_support.cpp.
ToyEngines::ToyEngines(GpuDevice& device, std::vector<size_t> windows, std::vector<size_t> batches,
                       size_t more_scratch)
    : windows_(std::move(windows)), batches_(std::move(batches)), more_scratch_(more_scratch) {
  const std::unique_ptr<GpuStream> stream = device.make_stream();
  encoder_ = put(device, *stream, random_tensor({800, 12}, 1, 0.03f).floats);
  denoiser_ = put(device, *stream, random_tensor({7, 2}, 2, 0.4f).floats);
  denoiser_style_ = put(device, *stream, random_tensor({3, 2}, 3, 0.4f).floats);
  conditioner_ = put(device, *stream, kWeight);
  weights_ = {encoder_.data(), denoiser_.data(), denoiser_style_.data(), conditioner_.data()};
}

std::vector<size_t> ToyEngines::batches(size_t window) const {
  return std::count(windows_.begin(), windows_.end(), window) > 0 ? batches_ : std::vector<size_t>{};
}

std::unique_ptr<GpuContext> ToyEngines::make_context(Network network, size_t window, size_t batch) {
  return std::make_unique<ToyContext>(network, weights_, window, batch, more_scratch_, crash_);
}

}  // namespace dt::test
