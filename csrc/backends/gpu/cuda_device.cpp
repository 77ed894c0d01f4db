#include "backends/gpu/cuda_device.h"

#include <cuda_runtime_api.h>

#include <cstring>
#include <vector>

#include "backends/gpu/cuda_current.h"
#include "common/error.h"

namespace dt {
namespace {

// Faults after which the context is gone, or never was.
GpuFault fault_of(cudaError_t error) {
  switch (error) {
    case cudaErrorMemoryAllocation:
      return GpuFault::kOutOfMemory;
    case cudaErrorIllegalAddress:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorHardwareStackError:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorDevicesUnavailable:
    case cudaErrorInsufficientDriver:
    case cudaErrorNoDevice:
    case cudaErrorInitializationError:
    case cudaErrorCudartUnloading:
    case cudaErrorUnknown:
      return GpuFault::kLost;
    default:
      return GpuFault::kOther;
  }
}

void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // or the next kernel's check would find it
  throw GpuError(fault_of(error),
                 std::string(what) + ": " + cudaGetErrorName(error) + ", " + cudaGetErrorString(error));
}

class CudaGraph : public GpuGraph {
 public:
  explicit CudaGraph(cudaGraphExec_t exec) : exec(exec) {}
  ~CudaGraph() override { cudaGraphExecDestroy(exec); }
  const cudaGraphExec_t exec;
};

class CudaTimer : public GpuTimer {
 public:
  explicit CudaTimer(size_t n_marks) {
    events_.reserve(n_marks);
    for (size_t i = 0; i < n_marks; ++i) {
      cudaEvent_t event = nullptr;
      check(cudaEventCreate(&event), "cudaEventCreate");
      events_.push_back(event);
    }
  }
  ~CudaTimer() override {
    for (const cudaEvent_t event : events_) cudaEventDestroy(event);
  }
  int64_t between_ns(size_t from, size_t to) const override {
    float ms = 0;
    check(cudaEventElapsedTime(&ms, events_[from], events_[to]), "cudaEventElapsedTime");
    return static_cast<int64_t>(double{ms} * 1e6);
  }
  cudaEvent_t event(size_t mark) const { return events_[mark]; }

 private:
  std::vector<cudaEvent_t> events_;
};

class CudaStream : public GpuStream {
 public:
  // Not the legacy stream, which would wait for everybody's work and cannot be recorded.
  CudaStream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate"); }
  ~CudaStream() override { cudaStreamDestroy(stream_); }
  cudaStream_t raw() const { return stream_; }

  void upload(void* device, const void* pinned, size_t bytes) override {
    check(cudaMemcpyAsync(device, pinned, bytes, cudaMemcpyHostToDevice, stream_), "upload");
  }
  void download(void* pinned, const void* device, size_t bytes) override {
    check(cudaMemcpyAsync(pinned, device, bytes, cudaMemcpyDeviceToHost, stream_), "download");
  }
  void copy(void* to, const void* from, size_t bytes) override {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream_), "copy");
  }
  void clear(void* device, size_t bytes) override {
    check(cudaMemsetAsync(device, 0, bytes, stream_), "clear");
  }
  void put_past(const PastCarryArgs& args) override {
    kernel([&] { put_past_cuda(args, stream_); });
  }
  void keep_past(const PastCarryArgs& args) override {
    kernel([&] { keep_past_cuda(args, stream_); });
  }
  void noise_fill(const NoiseFillArgs& args) override {
    kernel([&] { noise_fill_cuda(args, stream_); });
  }
  void sampler_step(const SamplerStepArgs& args) override {
    kernel([&] { sampler_step_cuda(args, stream_); });
  }
  void denormalise(const DenormaliseArgs& args) override {
    kernel([&] { denormalise_cuda(args, stream_); });
  }
  void rig(const RigArgs& args) override {
    kernel([&] { rig_cuda(args, stream_); });
  }
  void record(DeviceEvent event) override {
    check(cudaEventRecord(static_cast<cudaEvent_t>(event), stream_), "cudaEventRecord");
  }
  // External: a node of the graph that records the event itself, not a mere order among its nodes.
  void mark(GpuTimer& timer, size_t mark) override {
    const unsigned flags = is_recording_ ? cudaEventRecordExternal : cudaEventRecordDefault;
    check(cudaEventRecordWithFlags(static_cast<CudaTimer&>(timer).event(mark), stream_, flags),
          "cudaEventRecord");
  }
  void synchronize() override { check(cudaStreamSynchronize(stream_), "waiting for the GPU"); }

  // Thread-local: other threads of the program may go on allocating.
  void begin_capture() override {
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    is_recording_ = true;
  }
  std::unique_ptr<GpuGraph> end_capture() noexcept override {
    is_recording_ = false;
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t exec = nullptr;
    const bool is_good = cudaStreamEndCapture(stream_, &graph) == cudaSuccess && graph != nullptr &&
                         cudaGraphInstantiateWithFlags(&exec, graph, 0) == cudaSuccess &&
                         cudaGraphUpload(exec, stream_) == cudaSuccess;
    if (graph != nullptr) cudaGraphDestroy(graph);
    if (is_good) return std::make_unique<CudaGraph>(exec);
    if (exec != nullptr) cudaGraphExecDestroy(exec);
    cudaGetLastError();
    return nullptr;
  }
  void launch(GpuGraph& graph) override {
    check(cudaGraphLaunch(static_cast<CudaGraph&>(graph).exec, stream_), "cudaGraphLaunch");
  }

 private:
  template <typename Launch>
  static void kernel(Launch&& launch) {
    try {
      launch();
    } catch (const Error& e) {
      throw GpuError(fault_of(cudaGetLastError()), e.what());  // a lost device repeats its fault
    }
  }

  cudaStream_t stream_ = nullptr;
  bool is_recording_ = false;
};

class CudaDevice : public GpuDevice {
 public:
  // Makes the device's context, which takes up to a second and some hundred MB of its memory.
  explicit CudaDevice(int number) : number_(number) {
    void* const before = current_context();
    const cudaError_t chosen = cudaSetDevice(number);
    const cudaError_t started = chosen != cudaSuccess ? chosen : cudaFree(nullptr);
    set_current_context(before);
    if (started == cudaSuccess) return;
    cudaGetLastError();  // or the next kernel's check would find it
    throw Error(DT_NO_BACKEND, "GPU " + std::to_string(number) + " cannot be used (" +
                                   cudaGetErrorString(started) + "): nvidia-smi shows who holds it");
  }
  void* enter() override {
    void* const before = current_context();
    const cudaError_t error = cudaSetDevice(number_);
    if (error != cudaSuccess) set_current_context(before);
    check(error, "cudaSetDevice");
    return before;
  }
  void leave(void* before) noexcept override { set_current_context(before); }
  void* allocate(size_t bytes) override {
    void* memory = nullptr;
    check(cudaMalloc(&memory, bytes), ("allocating " + std::to_string(bytes) + " bytes").c_str());
    return memory;
  }
  void release(void* memory) noexcept override {
    cudaFree(memory);
    cudaGetLastError();  // of a lost device: the next kernel must not be blamed for it
  }
  void* allocate_pinned(size_t bytes) override {
    void* memory = nullptr;
    check(cudaHostAlloc(&memory, bytes, cudaHostAllocDefault), "allocating pinned memory");
    std::memset(memory, 0, bytes);
    return memory;
  }
  void release_pinned(void* memory) noexcept override { cudaFreeHost(memory); }
  std::unique_ptr<GpuStream> make_stream() override { return std::make_unique<CudaStream>(); }
  std::unique_ptr<GpuTimer> make_timer(size_t n_marks) override {
    return std::make_unique<CudaTimer>(n_marks);
  }

  DeviceType type() const override { return DeviceType::kCuda; }
  int number() const override { return number_; }
  DeviceEvent make_event() override {
    cudaEvent_t event = nullptr;
    check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreate");
    return event;
  }
  void release_event(DeviceEvent event) noexcept override {
    cudaEventDestroy(static_cast<cudaEvent_t>(event));
  }
  void wait(DeviceEvent event, void* stream) override {
    const auto moment = static_cast<cudaEvent_t>(event);
    if (stream == nullptr) return check(cudaEventSynchronize(moment), "waiting for an event");
    check(cudaStreamWaitEvent(static_cast<cudaStream_t>(stream), moment, 0), "cudaStreamWaitEvent");
  }

 private:
  const int number_;
};

}  // namespace

CudaInfo cuda_info(int device) {
  int n = 0;
  const cudaError_t error = cudaGetDeviceCount(&n);
  // 35 (no or too old a driver) and 100 (a driver without a GPU) are the usual ones.
  if (error != cudaSuccess || n == 0) {
    throw Error(DT_NO_BACKEND, "this machine has no NVIDIA GPU with a driver that is new enough (" +
                                   std::string(error == cudaSuccess ? "no device" : cudaGetErrorName(error)) +
                                   "): nvidia-smi shows what is there");
  }
  if (device < 0 || device >= n) {
    throw Error(DT_NO_BACKEND, "there is no GPU " + std::to_string(device) + ": the driver counts " +
                                   std::to_string(n) + " from 0");
  }
  cudaDeviceProp properties{};
  const cudaError_t refused = cudaGetDeviceProperties(&properties, device);
  if (refused != cudaSuccess) {
    cudaGetLastError();
    throw Error(DT_NO_BACKEND, "GPU " + std::to_string(device) + " tells nothing of itself (" +
                                   cudaGetErrorString(refused) + "): nvidia-smi shows its state");
  }
  return {properties.name, std::to_string(properties.major) + "." + std::to_string(properties.minor)};
}

std::unique_ptr<GpuDevice> make_cuda_device(int device) { return std::make_unique<CudaDevice>(device); }

CUstream_st* cuda_stream(GpuStream& stream) { return static_cast<CudaStream&>(stream).raw(); }

}  // namespace dt
