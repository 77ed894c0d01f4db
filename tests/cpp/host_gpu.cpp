#include "host_gpu.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "backend_support.h"
#include "kernels/sampler_step.h"

namespace dt::test {
namespace {

using reference::Tensor;

class HostGraph : public GpuGraph {
 public:
  explicit HostGraph(std::vector<std::function<void()>> work) : work(std::move(work)) {}
  const std::vector<std::function<void()>> work;
};

class HostTimer : public GpuTimer {
 public:
  explicit HostTimer(size_t n) : marks(n, -1) {}
  int64_t between_ns(size_t from, size_t to) const override {
    if (marks[from] < 0 || marks[to] < 0) throw GpuError(GpuFault::kOther, "a mark was never passed");
    return marks[to] - marks[from];
  }
  std::vector<int64_t> marks;
};

void check_alive(const HostGpuState& state) {
  if (state.is_lost) throw GpuError(GpuFault::kLost, "the test pulled the card");
}

// An access to device memory that was released would be undefined on a GPU; here it is a clear fault.
void check_live(const HostGpuState& state, const void* memory) {
  if (state.live.count(memory) == 0) throw GpuError(GpuFault::kLost, "illegal address");
}

// Inputs and outputs of one network.
struct Io {
  std::vector<std::string> inputs;
  std::string output;
};

const std::map<Network, Io>& io_of_networks() {
  static const std::map<Network, Io> io{{Network::kAudioEncoder, {{"mel"}, "audio"}},
                                        {Network::kDenoiser, {{"x_t", "known", "audio", "condition"}, "x0"}},
                                        {Network::kConditioner, {{"style", "t"}, "condition"}},
                                        {Network::kStyleEncoder, {{"mel"}, "styles"}}};
  return io;
}

class HostContext : public GpuContext {
 public:
  HostContext(std::shared_ptr<HostGpuState> state, std::shared_ptr<OnnxGraph> graph, const Io& io,
              std::map<std::string, reference::Shape> shapes, size_t scratch)
      : state_(std::move(state)),
        graph_(std::move(graph)),
        io_(io),
        shapes_(std::move(shapes)),
        scratch_(scratch) {
    ++state_->n_contexts;
  }
  ~HostContext() override { --state_->n_contexts; }
  size_t scratch_bytes() const override { return scratch_; }
  void set_scratch(void* memory, size_t bytes) override {
    if (bytes < scratch_) throw GpuError(GpuFault::kOther, "the scratch memory is too small");
    memory_ = memory;
  }
  void bind(const std::string& tensor, const GpuArray<float>& memory) override {
    bound_[tensor] = memory.data();
  }
  void set_shape(const std::string& tensor, const std::vector<int64_t>& shape) override {
    shapes_[tensor] = reference::Shape(shape.begin(), shape.end());
  }

  void enqueue(GpuStream& stream) override {
    check_alive(*state_);
    auto& host = static_cast<HostStream&>(stream);
    if (state_->refuse_in_capture && host.is_recording()) {
      throw GpuError(GpuFault::kOther, "the engine cannot be recorded");
    }
    // The addresses of now, as a launch has them.
    host.submit([this, bound = bound_, memory = memory_, shapes = shapes_] { run(bound, memory, shapes); });
  }

 private:
  void run(const std::map<std::string, void*>& bound, void* memory,
           const std::map<std::string, reference::Shape>& shapes) const {
    check_live(*state_, memory);
    std::memset(memory, 0x5A, scratch_);
    std::map<std::string, Tensor> inputs;
    for (const std::string& name : io_.inputs) {
      check_live(*state_, bound.at(name));
      const auto n = static_cast<size_t>(reference::n_elements(shapes.at(name)));
      const auto* values = static_cast<const float*>(bound.at(name));
      inputs[name] = Tensor::from(shapes.at(name), std::vector<float>(values, values + n));
    }
    const std::vector<float> result = graph_->run(inputs)[0].floats;
    std::copy(result.begin(), result.end(), static_cast<float*>(bound.at(io_.output)));
  }

  std::shared_ptr<HostGpuState> state_;
  std::shared_ptr<OnnxGraph> graph_;
  Io io_;
  std::map<std::string, reference::Shape> shapes_;
  size_t scratch_;
  std::map<std::string, void*> bound_;
  void* memory_ = nullptr;
};

std::map<std::string, reference::Shape> shapes_of(int64_t w, int64_t b) {
  return {{"mel", {b, w / 3 * 10, int64_t{kMels}}},
          {"x_t", {b, w, int64_t{kChannels}}},
          {"known", {b, w, 1}},
          {"audio", {b, w, 4}},
          {"condition", {b, int64_t{kCondition}}},
          {"style", {b, 2}},
          {"t", {b}}};
}

}  // namespace

void HostStream::submit(std::function<void()> work) {
  check_alive(*state_);
  work = [state = state_, work = std::move(work)] {
    ++state->clock_ns;
    work();
  };
  if (is_recording_) {
    recorded_.push_back(std::move(work));
  } else {
    ++state_->n_enqueued;
    work();
  }
}

void HostStream::copy(void* to, const void* from, size_t bytes) {
  submit([=] { std::memcpy(to, from, bytes); });
}

void HostStream::clear(void* device, size_t bytes) {
  submit([=] { std::memset(device, 0, bytes); });
}

void HostStream::put_past(const PastCarryArgs& args) {
  submit([=] {
    check_live(*state_, args.past);
    put_past_ref(args);
  });
}

void HostStream::keep_past(const PastCarryArgs& args) {
  submit([=] {
    check_live(*state_, args.past);
    keep_past_ref(args);
  });
}

void HostStream::noise_fill(const NoiseFillArgs& args) {
  submit([=] {
    for (const void* memory :
         std::initializer_list<const void*>{args.seed, args.first_frame, args.scale, args.x_t}) {
      check_live(*state_, memory);
    }
    noise_fill_ref(args);
  });
}

void HostStream::denormalise(const DenormaliseArgs& args) {
  submit([=] {
    for (const float* memory : {args.std, args.mean, args.lo, args.hi}) check_live(*state_, memory);
    denormalise_ref(args);
  });
}

void HostStream::rig(const RigArgs& args) {
  submit([=] {
    check_live(*state_, args.rig.neutral);
    rig_ref(args);
  });
}

void HostStream::record(DeviceEvent event) { state_->events.at(event) = state_->clock_ns; }

void HostStream::mark(GpuTimer& timer, size_t mark) {
  // Takes no time itself.
  submit([=, &timer] { static_cast<HostTimer&>(timer).marks[mark] = --state_->clock_ns; });
}

void HostStream::sampler_step(const SamplerStepArgs& args) {
  submit([=] {
    check_live(*state_, args.x_t);
    sampler_step_ref(args);
  });
}

void HostStream::synchronize() {
  check_alive(*state_);
  if (is_recording_) throw GpuError(GpuFault::kOther, "waiting while recording");
}

void HostStream::begin_capture() {
  check_alive(*state_);
  is_recording_ = true;
  ++state_->n_open_captures;
}

std::unique_ptr<GpuGraph> HostStream::end_capture() noexcept {
  is_recording_ = false;
  --state_->n_open_captures;
  std::vector<std::function<void()>> work = std::move(recorded_);
  recorded_.clear();
  if (state_->fail_capture || state_->is_lost) return nullptr;
  ++state_->n_captures;
  return std::make_unique<HostGraph>(std::move(work));
}

void HostStream::launch(GpuGraph& graph) {
  check_alive(*state_);
  if (state_->fail_launches > 0) {
    --state_->fail_launches;
    throw GpuError(GpuFault::kOther, "the launch was refused");
  }
  ++state_->n_launches;
  for (const auto& work : static_cast<HostGraph&>(graph).work) work();
}

HostDevice::~HostDevice() {
  if (!state_->live.empty() || !state_->events.empty()) std::abort();  // a leak on the device
}

void* HostDevice::enter() {
  check_alive(*state_);
  void* const before = const_cast<void*>(state_->current);
  state_->current = this;
  return before;
}

void HostDevice::leave(void* before) noexcept { state_->current = before; }

void* HostDevice::allocate(size_t bytes) {
  check_alive(*state_);
  if (state_->current != this)
    throw GpuError(GpuFault::kOther, "memory of a device that is not the thread's");
  if (state_->used_bytes + bytes > state_->memory_bytes) {
    throw GpuError(GpuFault::kOutOfMemory, "no " + std::to_string(bytes) + " bytes");
  }
  void* memory = std::malloc(bytes);
  std::memset(memory, 0xFF, bytes);  // NaN: nothing may count on zeros
  state_->live[memory] = bytes;
  state_->used_bytes += bytes;
  return memory;
}

void HostDevice::release(void* memory) noexcept {
  state_->used_bytes -= state_->live.at(memory);
  state_->live.erase(memory);
  std::free(memory);
}

void* HostDevice::allocate_pinned(size_t bytes) { return std::calloc(bytes, 1); }
void HostDevice::release_pinned(void* memory) noexcept { std::free(memory); }
DeviceEvent HostDevice::make_event() {
  check_alive(*state_);
  void* event = std::malloc(1);
  state_->events[event] = -1;
  return event;
}

void HostDevice::release_event(DeviceEvent event) noexcept {
  state_->events.erase(event);
  std::free(event);
}

void HostDevice::wait(DeviceEvent event, void* stream) {
  check_alive(*state_);
  state_->waits.emplace_back(stream, state_->events.at(event));
}

std::unique_ptr<GpuTimer> HostDevice::make_timer(size_t n) { return std::make_unique<HostTimer>(n); }
std::unique_ptr<GpuStream> HostDevice::make_stream() { return std::make_unique<HostStream>(state_.get()); }

HostEngines::HostEngines(const Bundle& bundle, std::shared_ptr<HostGpuState> state,
                         std::map<size_t, std::vector<size_t>> batches, size_t scratch)
    : state_(std::move(state)), batches_(std::move(batches)), scratch_(scratch) {
  const auto add = [&](Network network, const std::string& onnx) {
    graphs_[network] = std::make_shared<OnnxGraph>(
        OnnxGraph::load(reinterpret_cast<const uint8_t*>(onnx.data()), onnx.size()));
  };
  add(Network::kAudioEncoder, bundle.audio_encoder);
  add(Network::kDenoiser, bundle.denoiser);
  add(Network::kConditioner, bundle.conditioner);
  add(Network::kStyleEncoder, bundle.style_encoder);
}

std::vector<size_t> HostEngines::batches(size_t window) const {
  const auto it = batches_.find(window);
  return it == batches_.end() ? std::vector<size_t>{} : it->second;
}

std::vector<size_t> HostEngines::windows() const {
  std::vector<size_t> found;
  for (const auto& entry : batches_) found.push_back(entry.first);
  return found;
}

std::unique_ptr<GpuContext> HostEngines::make_context(Network network, size_t window, size_t batch) {
  check_alive(*state_);
  return std::make_unique<HostContext>(state_, graphs_.at(network), io_of_networks().at(network),
                                       shapes_of(static_cast<int64_t>(window), static_cast<int64_t>(batch)),
                                       scratch_ * batch);
}

}  // namespace dt::test
