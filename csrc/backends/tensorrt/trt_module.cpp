// Entry of the module libdiffusiontalker_tensorrt, for TensorRT and TensorRT-RTX.
#include <algorithm>
#include <string>

#include "backends/gpu/cuda_device.h"
#include "backends/gpu/gpu_backend.h"
#include "backends/tensorrt/trt_description.h"
#include "backends/tensorrt/trt_engines.h"
#include "common/error.h"
#include "common/sha256.h"

namespace dt {
namespace {

class TrtFactory : public BackendFactory {
 public:
  const BackendDescription& description() const override { return description_; }

  // In this order: without a GPU the library must not be started, another major version not be called. No
  // context is made: a program that only asks must not take a GPU's memory.
  void probe() const override {
    cuda_info(0);
    TrtLibrary::get();
  }

  // Every GPU that TensorRT supports computes in both.
  bool has_precision(const std::string& precision) const override {
    if (!description_.has(precision)) return false;
    try {
      probe();
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  std::unique_ptr<Backend> create(const Bundle& bundle, const BackendOptions& options) const override {
    require_precision(description_, options.precision);
    const CudaInfo gpu = cuda_info(options.device);
    const TrtLibrary& library = TrtLibrary::get();
    const std::string& json = bundle.json_text;
    EngineUser user;
    user.bundle_sha256 = sha256_hex(reinterpret_cast<const uint8_t*>(json.data()), json.size());
    user.library = kTrtName;
    user.library_version = library.version();
    user.gpu_name = gpu.name;
    user.compute_capability = gpu.compute_capability;
    user.precision = options.precision;
    user.allow_host_code = options.allow_host_code;
    user.window = static_cast<size_t>(bundle.manifest.profile(nullptr).window_frames());
    EngineSet set = find_engine_set(options.engine_folder, user);
    auto device = make_cuda_device(options.device);
    const OnDevice turn(*device);  // the engines' runtime is made for the device of the thread
    auto engines =
        std::make_unique<TrtEngines>(std::move(set), library, options.allow_host_code, options.log);
    return std::make_unique<GpuBackend>(bundle, description_.name, std::move(device), std::move(engines),
                                        options.log);
  }

 private:
  const BackendDescription description_ = tensorrt_description();
};

}  // namespace
}  // namespace dt

extern "C" DT_MODULE_EXPORT const dt::BackendFactory* DT_BACKEND_MODULE_ENTRY() {
  static const dt::TrtFactory factory;
  return &factory;
}

// Opens the library without starting it, which needs neither GPU nor driver, for tests and tools. text: gets
// "tensorrt-rtx 1.7.1" with status DT_OK, or with DT_NO_BACKEND why it cannot be opened, cut to `capacity`
// bytes with the final 0; capacity > 0. Any thread.
extern "C" DT_MODULE_EXPORT dt_status dt_backend_module_library(char* text, size_t capacity) {
  dt_status status = DT_OK;
  std::string said;
  try {
    said = std::string(dt::kTrtName) + " " + dt::TrtLibrary::get().version();
  } catch (const dt::Error& e) {
    status = DT_NO_BACKEND;
    said = e.what();
  }
  said.resize(std::min(said.size(), capacity - 1));
  *std::copy(said.begin(), said.end(), text) = '\0';
  return status;
}
