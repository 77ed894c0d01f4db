// An execution context of TensorRT for one profile of an engine, whose activations lie in memory of ours.
#pragma once

#include <memory>
#include <string>

#include "backends/gpu/gpu_engine.h"
#include "backends/tensorrt/rtx_kernels.h"
#include "backends/tensorrt/trt_library.h"

struct CUstream_st;  // cudaStream_t

namespace dt {

using TrtKernels = RtxKernels<nvinfer1::ICudaEngine>;

struct TrtEngine {
  std::string file;  // for messages
  std::unique_ptr<nvinfer1::ICudaEngine> engine;
};

class TrtContext : public GpuContext {
 public:
  // profile: of the engine. setup: a stream for the choice of the profile; waits. kernels: outlives the
  // context. Throws GpuError.
  TrtContext(std::shared_ptr<const TrtEngine> engine, TrtLogger& logger, TrtKernels* kernels, int profile,
             CUstream_st* setup);
  size_t scratch_bytes() const override { return scratch_bytes_; }
  void set_scratch(void* memory, size_t bytes) override;
  void bind(const std::string& tensor, const GpuArray<float>& memory) override;
  void set_shape(const std::string& tensor, const std::vector<int64_t>& shape) override;
  void enqueue(GpuStream& stream) override;

 private:
  [[noreturn]] void fail(const std::string& what) const;
  void set_largest_shapes(int profile);

  const std::shared_ptr<const TrtEngine> engine_;  // outlives the context
  TrtLogger& logger_;
  std::shared_ptr<void> config_;  // of the context, which it outlives
  std::unique_ptr<nvinfer1::IExecutionContext> context_;
  size_t scratch_bytes_ = 0;
  bool has_open_shapes_ = false;   // of inputs, as sets with several batches have
  bool may_swap_kernels_ = false;  // for those of an open shape, in the middle of its life
  bool is_capturable_ = true;      // as its last run outside of a recording left it
};

}  // namespace dt
