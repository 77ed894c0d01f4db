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

std::unique_ptr<GpuBackend> GpuTarget::backend(bool record) const {
  return std::make_unique<GpuBackend>(bundle_, "gpu", make_cuda_device(0), engines(), Log{}, record);
}

}  // namespace dt::test
