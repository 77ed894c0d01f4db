#include "backends/tensorrt/trt_engines.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "common/error.h"

namespace dt {
namespace {

constexpr char kKernelsFile[] = "kernels.cache";  // trt_build/sets/cache.py names it too
constexpr char kRemedy[] = ": build it again with `diffusiontalker engine build BUNDLE`";

}  // namespace

TrtEngines::TrtEngines(EngineSet set, const TrtLibrary& library, bool allow_host_code, const Log& log)
    : set_(std::move(set)),
      logger_(log),
      runtime_(library.create_runtime(logger_)),
      kernels_(std::filesystem::u8path(set_.folder) / kKernelsFile) {
  runtime_->setEngineHostCodeAllowed(allow_host_code && set_.version_compatible);
  if (cudaStreamCreateWithFlags(&setup_, cudaStreamNonBlocking) != cudaSuccess) {
    throw Error(DT_NO_BACKEND, "the GPU gives no stream: it may be in use by another program alone");
  }
}

TrtEngines::~TrtEngines() {
  kernels_.save();
  engines_.clear();
  cudaStreamDestroy(setup_);
}

// Both networks of the loop must have the batch.
std::vector<size_t> TrtEngines::batches(size_t window) const {
  const EngineEntry* encoder = set_.find(Network::kAudioEncoder, window);
  const EngineEntry* denoiser = set_.find(Network::kDenoiser, window);
  if (encoder == nullptr || denoiser == nullptr) return {};
  std::set<size_t> found;
  for (const size_t batch : encoder->batches) {
    const auto& others = denoiser->batches;
    if (std::find(others.begin(), others.end(), batch) != others.end()) found.insert(batch);
  }
  return {found.begin(), found.end()};
}

std::vector<size_t> TrtEngines::windows() const {
  std::set<size_t> found;
  for (const EngineEntry& entry : set_.engines) {
    if (entry.window > 0 && !batches(entry.window).empty()) found.insert(entry.window);
  }
  return {found.begin(), found.end()};
}

std::shared_ptr<const TrtEngine> TrtEngines::engine(const EngineEntry& entry) {
  std::shared_ptr<const TrtEngine>& loaded = engines_[{entry.network, entry.window}];
  if (loaded != nullptr) return loaded;
  const std::string plan = read_plan(set_, entry);
  auto made = std::make_shared<TrtEngine>();
  made->file = set_.folder + "/" + entry.file;
  made->engine.reset(runtime_->deserializeCudaEngine(plan.data(), plan.size()));
  if (made->engine == nullptr) {
    throw Error(DT_NO_BACKEND, made->file + " was refused by " + kTrtName + logger_.take_error() + kRemedy);
  }
  if (made->engine->getNbOptimizationProfiles() != static_cast<int32_t>(entry.batches.size())) {
    throw Error(DT_NO_BACKEND,
                made->file + " has " + std::to_string(made->engine->getNbOptimizationProfiles()) +
                    " profiles, engines.json says " + std::to_string(entry.batches.size()) + kRemedy);
  }
  return loaded = made;
}

std::unique_ptr<GpuContext> TrtEngines::make_context(Network network, size_t window, size_t batch) {
  const EngineEntry* entry = set_.find(network, window);
  if (entry == nullptr) {
    throw Error(DT_NO_BACKEND,
                "the engines in " + set_.folder + " have no " + network_name(network) + kRemedy);
  }
  const auto it = std::find(entry->batches.begin(), entry->batches.end(), batch);
  if (it == entry->batches.end()) {
    throw Error(DT_NO_BACKEND, set_.folder + "/" + entry->file + " has no profile for a batch of " +
                                   std::to_string(batch) + kRemedy);
  }
  const int profile = static_cast<int>(it - entry->batches.begin());
  kernels_.save();  // of the contexts before: who ends a program by force keeps them too
  return std::make_unique<TrtContext>(engine(*entry), logger_, &kernels_, profile, setup_);
}

}  // namespace dt
