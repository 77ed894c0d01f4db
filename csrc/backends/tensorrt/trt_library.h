// The TensorRT library itself, loaded when it is first asked for: the module can be on every machine.
#pragma once

#include <NvInferRuntime.h>

#include <memory>
#include <mutex>
#include <string>

#include "common/dynamic_library.h"
#include "common/log.h"

namespace dt {

#if NV_TENSORRT_MAJOR == 1 && !defined(DT_TENSORRT_RTX)
#define DT_TENSORRT_RTX  // the headers of the RTX SDK
#endif

#if defined(DT_TENSORRT_RTX)
constexpr char kTrtName[] = "tensorrt-rtx";
#else
constexpr char kTrtName[] = "tensorrt";
#endif

// Hands TensorRT's warnings on, and keeps its last error for messages. Any thread.
class TrtLogger : public nvinfer1::ILogger {
 public:
  explicit TrtLogger(const Log& log) : log_(log) {}
  void log(Severity severity, const char* message) noexcept override;
  // The last error since it was asked for, in brackets after a blank; "" without.
  std::string take_error();

 private:
  const Log log_;
  std::mutex mutex_;
  std::string error_;
};

class TrtLibrary {
 public:
  // Loads it, and compares it with the headers of this build, before anything else of it is called: another
  // major version crashes. Throws Error(DT_NO_BACKEND) in one sentence. Any thread.
  static const TrtLibrary& get();

  const std::string& version() const { return version_; }  // "10.15.1"
  // Only where a GPU is there: without one some versions crash. logger must outlive the runtime. Throws
  // Error(DT_NO_BACKEND).
  std::unique_ptr<nvinfer1::IRuntime> create_runtime(TrtLogger& logger) const;

 private:
  TrtLibrary();
  void* symbol(const char* name) const;

  std::unique_ptr<DynamicLibrary> library_;
  std::string version_;
};

}  // namespace dt
