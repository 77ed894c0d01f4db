#include "backends/tensorrt/trt_context.h"

#include <cuda_runtime_api.h>

#include "backends/gpu/cuda_device.h"
#include "common/error.h"

namespace dt {
namespace {

// Values of a shape; 0 where a dimension is open.
size_t volume(const nvinfer1::Dims& dims) {
  size_t n = 1;
  for (int i = 0; i < dims.nbDims; ++i) n *= dims.d[i] < 0 ? 0 : static_cast<size_t>(dims.d[i]);
  return dims.nbDims < 0 ? 0 : n;
}

#if defined(DT_TENSORRT_RTX)
constexpr bool kIsRtx = true;
#else
constexpr bool kIsRtx = false;
#endif

struct MadeContext {
  std::shared_ptr<void> config;
  std::unique_ptr<nvinfer1::IExecutionContext> context;
  bool compiles_at_once = false;
};

// With headers of TensorRT-RTX that can tell it to. A template, so that other headers need not have the
// calls.
template <typename Kernels, typename Engine>
MadeContext make_eager_context(Kernels* kernels, Engine& engine) {
  MadeContext made;
  if constexpr (Kernels::kIsThere) {
    auto config = kernels->configure(engine);
    if (config == nullptr) return made;
    made.context.reset(engine.createExecutionContext(config.get()));
    made.config = std::move(config);
    made.compiles_at_once = made.context != nullptr;
  }
  return made;
}

// Without memory of its own: it is set before every use.
nvinfer1::IExecutionContext* make_context(nvinfer1::ICudaEngine& engine) {
#if NV_TENSORRT_MAJOR >= 10 || defined(DT_TENSORRT_RTX)
  return engine.createExecutionContext(nvinfer1::ExecutionContextAllocationStrategy::kUSER_MANAGED);
#else
  return engine.createExecutionContextWithoutDeviceMemory();
#endif
}

size_t scratch_of(const nvinfer1::ICudaEngine& engine, int profile) {
#if NV_TENSORRT_MAJOR >= 10 || defined(DT_TENSORRT_RTX)
  return static_cast<size_t>(engine.getDeviceMemorySizeForProfileV2(profile));
#else
  (void)profile;  // that version knows the largest of all only
  return engine.getDeviceMemorySize();
#endif
}

// TensorRT-RTX can compile kernels in its first runs, and tells whether it is done with what a recording
// forbids. Only its own headers have the question.
template <typename Context>
auto is_capturable(const Context& context, cudaStream_t stream, int)
    -> decltype(static_cast<bool>(context.isStreamCapturable(stream))) {
  return context.isStreamCapturable(stream);
}
template <typename Context>
bool is_capturable(const Context&, cudaStream_t, long) {
  return true;
}

bool is_recording(cudaStream_t stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  return cudaStreamIsCapturing(stream, &status) == cudaSuccess && status != cudaStreamCaptureStatusNone;
}

}  // namespace

TrtContext::TrtContext(std::shared_ptr<const TrtEngine> engine, TrtLogger& logger, TrtKernels* kernels,
                       int profile, CUstream_st* setup)
    : engine_(std::move(engine)), logger_(logger) {
  MadeContext made = make_eager_context(kernels, *engine_->engine);
  config_ = std::move(made.config);
  context_ = std::move(made.context);
  may_swap_kernels_ = kIsRtx && !made.compiles_at_once;
  if (context_ == nullptr) context_.reset(make_context(*engine_->engine));
  if (context_ == nullptr) fail("no execution context");
  if (!context_->setOptimizationProfileAsync(profile, setup)) fail("the profile was refused");
  if (cudaStreamSynchronize(setup) != cudaSuccess) fail("the profile could not be set");
  set_largest_shapes(profile);
  scratch_bytes_ = scratch_of(*engine_->engine, profile);
}

void TrtContext::fail(const std::string& what) const {
  throw GpuError(GpuFault::kOther, engine_->file + ": " + what + logger_.take_error());
}

void TrtContext::set_largest_shapes(int profile) {
  const nvinfer1::ICudaEngine& engine = *engine_->engine;
  for (int i = 0; i < engine.getNbIOTensors(); ++i) {
    const char* name = engine.getIOTensorName(i);
    if (engine.getTensorDataType(name) != nvinfer1::DataType::kFLOAT) {
      throw Error(DT_NO_BACKEND, engine_->file + " has the tensor \"" + name +
                                     "\" of another type than float32: build it again with `diffusiontalker "
                                     "engine build BUNDLE`");
    }
    const bool is_open = volume(engine.getTensorShape(name)) == 0;
    if (!is_open || engine.getTensorIOMode(name) != nvinfer1::TensorIOMode::kINPUT) continue;
    has_open_shapes_ = true;
    const nvinfer1::Dims dims = engine.getProfileShape(name, profile, nvinfer1::OptProfileSelector::kMAX);
    if (!context_->setInputShape(name, dims)) fail(std::string("the shape of \"") + name + "\" was refused");
  }
}

void TrtContext::set_scratch(void* memory, size_t bytes) {
  if (bytes < scratch_bytes_) fail("the scratch memory is too small");
#if NV_TENSORRT_MAJOR >= 10 || defined(DT_TENSORRT_RTX)
  context_->setDeviceMemoryV2(memory, static_cast<int64_t>(bytes));
#else
  context_->setDeviceMemory(memory);
#endif
}

void TrtContext::bind(const std::string& tensor, const GpuArray<float>& memory) {
  const nvinfer1::ICudaEngine& engine = *engine_->engine;
  const bool is_there = engine.getTensorIOMode(tensor.c_str()) != nvinfer1::TensorIOMode::kNONE;
  const size_t n = is_there ? volume(context_->getTensorShape(tensor.c_str())) : 0;
  if (n != memory.size()) {
    throw Error(DT_NO_BACKEND, engine_->file + " has " + std::to_string(n) + " values of \"" + tensor +
                                   "\", the bundle " + std::to_string(memory.size()) +
                                   ": build it again with `diffusiontalker engine build BUNDLE`");
  }
  if (!context_->setTensorAddress(tensor.c_str(), memory.data())) {
    fail("the address of \"" + tensor + "\" was refused");
  }
}

void TrtContext::set_shape(const std::string& tensor, const std::vector<int64_t>& shape) {
  nvinfer1::Dims dims{};
  dims.nbDims = static_cast<int32_t>(shape.size());
  using Dimension = std::decay_t<decltype(dims.d[0])>;  // 32 bits in 8.6
  for (size_t i = 0; i < shape.size(); ++i) dims.d[i] = static_cast<Dimension>(shape[i]);
  if (!context_->setInputShape(tensor.c_str(), dims)) fail("the shape of \"" + tensor + "\" was refused");
}

// A refused enqueue records nothing, and a graph of it would replay what lay in memory before.
void TrtContext::enqueue(GpuStream& stream) {
  const cudaStream_t raw = cuda_stream(stream);
  if (is_recording(raw) && may_swap_kernels_ && has_open_shapes_) {
    throw GpuError(GpuFault::kOther,
                   engine_->file +
                       ": this build cannot tell TensorRT-RTX to compile at once, so kernels "
                       "of a set with several batches may be swapped later");
  }
  if (is_recording(raw) && !is_capturable_) {
    throw GpuError(GpuFault::kOther, engine_->file + ": TensorRT-RTX says that it cannot be recorded");
  }
  if (context_->enqueueV3(raw)) {
    // Asked after a run, which a recording always follows: nothing but the run itself may be called inside.
    if (!is_recording(raw)) is_capturable_ = is_capturable(*context_, raw, 0);
    return;
  }
  const cudaError_t error = cudaGetLastError();
  const GpuFault fault = error == cudaErrorMemoryAllocation ? GpuFault::kOutOfMemory : GpuFault::kOther;
  throw GpuError(fault, engine_->file + ": TensorRT refused to run" + logger_.take_error());
}

}  // namespace dt
