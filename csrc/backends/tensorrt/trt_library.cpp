#include "backends/tensorrt/trt_library.h"

#include <cstdint>
#include <filesystem>

#include "common/error.h"

#define DT_STRING(x) #x
#define DT_EXPAND_STRING(x) DT_STRING(x)

namespace dt {
namespace {

#if defined(DT_TENSORRT_RTX)
constexpr int kMajor = 1;
constexpr char kRemedy[] = "pip install tensorrt-rtx";
#else
constexpr int kMajor = NV_TENSORRT_MAJOR;
constexpr char kRemedy[] = "pip install \"tensorrt==" DT_EXPAND_STRING(NV_TENSORRT_MAJOR) ".*\"";
#endif

#if defined(DT_TENSORRT_LIBRARY)
constexpr char kFile[] = DT_TENSORRT_LIBRARY;
#elif defined(_WIN32) && defined(DT_TENSORRT_RTX)
constexpr char kFile[] = "tensorrt_rtx_1_" DT_EXPAND_STRING(NV_TENSORRT_MINOR) ".dll";
#elif defined(_WIN32)
constexpr char kFile[] = "nvinfer_" DT_EXPAND_STRING(NV_TENSORRT_MAJOR) ".dll";
#elif defined(DT_TENSORRT_RTX)
constexpr char kFile[] = "libtensorrt_rtx.so.1";
#else
constexpr char kFile[] = "libnvinfer.so." DT_EXPAND_STRING(NV_TENSORRT_MAJOR);
#endif

// getInferLibVersion counts 1000 major + 100 minor + patch
// up to 8, 10000 major + 100 minor + patch from 10 on.
std::string version_text(int32_t version) {
  const int32_t unit = version < 10000 ? 1000 : 10000;
  return std::to_string(version / unit) + "." + std::to_string(version % unit / 100) + "." +
         std::to_string(version % 100);
}

}  // namespace

void TrtLogger::log(Severity severity, const char* message) noexcept {
  try {
    if (severity == Severity::kWARNING) log_.warning(std::string(kTrtName) + ": " + message);
    if (severity != Severity::kERROR && severity != Severity::kINTERNAL_ERROR) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (error_.empty()) error_ = message;  // the first one names the cause
  } catch (...) {                          // out of memory: the message is lost
  }
}

std::string TrtLogger::take_error() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string text = error_.empty() ? "" : " (" + error_ + ")";
  error_.clear();
  return text;
}

TrtLibrary::TrtLibrary() {
  try {
    library_ = std::make_unique<DynamicLibrary>(std::filesystem::u8path(kFile));
  } catch (const Error& e) {
    throw Error(DT_NO_BACKEND, std::string(kTrtName) + " " + std::to_string(kMajor) + " is not installed (" +
                                   e.what() + "); " + kRemedy);
  }
  library_->keep();  // nobody promises that it can be unloaded
  const int32_t version = reinterpret_cast<int32_t (*)()>(symbol("getInferLibVersion"))();
  version_ = version_text(version);
  if (version_.substr(0, version_.find('.')) != std::to_string(kMajor)) {
    throw Error(DT_NO_BACKEND, std::string(kFile) + " is version " + version_ + ", this build needs " +
                                   std::to_string(kMajor) + ".x; " + kRemedy);
  }
}

void* TrtLibrary::symbol(const char* name) const {
  try {
    return library_->symbol(name);
  } catch (const Error& e) {
    throw Error(DT_NO_BACKEND, std::string(kFile) + " cannot be used: " + e.what() + "; " + kRemedy);
  }
}

const TrtLibrary& TrtLibrary::get() {
  static const TrtLibrary library;  // a failure is thrown, and tried again at the next call
  return library;
}

std::unique_ptr<nvinfer1::IRuntime> TrtLibrary::create_runtime(TrtLogger& logger) const {
  using Create = void* (*)(void*, int32_t);
  const auto create = reinterpret_cast<Create>(symbol("createInferRuntime_INTERNAL"));
  auto* runtime = static_cast<nvinfer1::IRuntime*>(create(&logger, NV_TENSORRT_VERSION));
  // Some versions give a small number for a null pointer when CUDA does not start.
  if (reinterpret_cast<uintptr_t>(runtime) < 4096) {
    throw Error(DT_NO_BACKEND, std::string(kTrtName) + " " + version_ + " does not start" +
                                   logger.take_error() + ": the driver may be too old for it");
  }
  return std::unique_ptr<nvinfer1::IRuntime>(runtime);
}

}  // namespace dt
