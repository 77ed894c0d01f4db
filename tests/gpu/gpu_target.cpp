#include "gpu_target.h"

#include "backend_support.h"
#include "backends/gpu/cuda_device.h"
#include "common/error.h"
#include "common/sha256.h"
#include "core/byte_source.h"
#include "toy_engines.h"
#if defined(DT_WITH_TENSORRT)
#include "backends/tensorrt/trt_engines.h"
#endif

namespace dt::test {

WindowShape shape_of(const Profile& p) {
  return {static_cast<size_t>(p.window_frames()), static_cast<size_t>(p.past_frames),
          static_cast<size_t>(p.hop_frames)};
}

Streams::Streams(const Bundle& bundle, Backend* backend, size_t n, const WindowShape& given)
    : shape(given), condition(backend->condition_size()) {
  const LoopModel m(bundle);
  backend->condition(bundle.identities.data.data(), condition.data());
  for (size_t i = 0; i < n; ++i) {
    const auto seed = static_cast<uint32_t>(10 * i);
    mel.push_back(random_values(m.mel_frames(shape.frames) * m.n_mels, seed + 1));
    past.push_back(random_values(shape.past * m.n_channels, seed + 2));
    weights.emplace_back(shape.hop * m.n_channels);
  }
  for (size_t i = 0; i < n; ++i) {
    windows.push_back({mel[i].data(), condition.data(), i, 0, past[i].data(), weights[i].data()});
  }
}

std::vector<std::vector<float>> Streams::results() const {
  std::vector<std::vector<float>> all = weights;
  for (size_t i = 0; i < all.size(); ++i) all[i].insert(all[i].end(), past[i].begin(), past[i].end());
  return all;
}

GpuTarget::GpuTarget(const BenchTarget& target)
    : target_(target),
      bundle_(target.bundle.empty() ? bundle_of_networks() : load_bundle(*open_path(target.bundle))) {
  cuda_info(0);
  device_ = make_cuda_device(0);
}

std::unique_ptr<EngineSource> GpuTarget::engines() const {
  if (target_.bundle.empty()) {
    return std::make_unique<ToyEngines>(*device_, std::vector<size_t>{kWindow},
                                        std::vector<size_t>{1, 8, 64});
  }
#if defined(DT_WITH_TENSORRT)
  const CudaInfo gpu = cuda_info(0);
  const TrtLibrary& library = TrtLibrary::get();
  EngineUser user;
  const std::string& json = bundle_.json_text;
  user.bundle_sha256 = sha256_hex(reinterpret_cast<const uint8_t*>(json.data()), json.size());
  user.library = kTrtName;
  user.library_version = library.version();
  user.gpu_name = gpu.name;
  user.compute_capability = gpu.compute_capability;
  user.precision = target_.precision;
  user.allow_host_code = true;  // the suite's own engines
  return std::make_unique<TrtEngines>(find_engine_set(target_.engines, user), library, true, Log{});
#else
  throw Error(DT_NO_BACKEND, "this build has no TensorRT: configure with -DTENSORRT_ROOT=FOLDER");
#endif
}

std::unique_ptr<GpuBackend> GpuTarget::backend(HopOptions options) const {
  return std::make_unique<GpuBackend>(bundle_, "gpu", make_cuda_device(0), engines(), Log{}, options);
}

}  // namespace dt::test
