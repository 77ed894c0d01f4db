// The engines of a set, deserialised when they are first asked for.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "backends/gpu/engine_set.h"
#include "backends/tensorrt/trt_context.h"

namespace dt {

class TrtEngines : public EngineSource {
 public:
  // set: checked against this machine. The device is the calling thread's. Throws Error(DT_NO_BACKEND).
  TrtEngines(EngineSet set, const TrtLibrary& library, bool allow_host_code, const Log& log);
  ~TrtEngines() override;
  std::vector<size_t> batches(size_t window) const override;
  std::vector<size_t> windows() const override;
  std::unique_ptr<GpuContext> make_context(Network network, size_t window, size_t batch) override;

 private:
  std::shared_ptr<const TrtEngine> engine(const EngineEntry& entry);

  const EngineSet set_;
  TrtLogger logger_;
  std::unique_ptr<nvinfer1::IRuntime> runtime_;
  TrtKernels kernels_;  // of all contexts, kept beside the engines
  std::map<std::pair<Network, size_t>, std::shared_ptr<const TrtEngine>> engines_;
  CUstream_st* setup_ = nullptr;
};

}  // namespace dt
