#include "backends/cpu/cpu_backend.h"

#include <algorithm>
#include <utility>

#include "backends/cpu/cpu_description.h"
#include "backends/cpu/network.h"
#include "backends/cpu/tables.h"
#include "common/error.h"
#include "core/host_loop.h"
#include "core/host_memory_device.h"
#include "core/loop_backend.h"

namespace dt {
namespace {

using cpu::Network;
using cpu::NetworkRun;
using cpu::PlanRequest;
using cpu::Pool;
using reference::Shape;

int64_t dim(size_t n) { return static_cast<int64_t>(n); }

// The rows of x0 that a step of the sampler uses: what is generated, and in the last step what leaves.
enum Variant : size_t { kEveryStep, kLastStep };

PlanRequest encoder_request(const LoopModel& m, size_t batch, size_t frames, size_t n_threads,
                            const float* mel) {
  PlanRequest request;
  request.shapes = {{"mel", {dim(batch), dim(m.mel_frames(frames)), dim(m.n_mels)}}};
  request.inputs = {{"mel", mel}};
  request.varying = {"mel"};
  request.outputs = {{0, dim(frames)}};
  request.batch = batch, request.n_threads = n_threads;
  return request;
}

PlanRequest denoiser_request(const LoopModel& m, size_t batch, const WindowShape& shape, size_t n_threads) {
  const int64_t b = dim(batch), w = dim(shape.frames);
  PlanRequest request;
  request.shapes = {{"x_t", {b, w, dim(m.n_channels)}},
                    {"known", {b, w, 1}},
                    {"audio", {b, w, dim(m.n_features)}},
                    {"condition", {b, dim(m.n_condition)}}};
  request.varying = {"x_t", "condition"};
  request.outputs = {{dim(shape.past), w}, {dim(shape.past), dim(shape.past + shape.hop)}};
  request.batch = batch, request.n_threads = n_threads;
  return request;
}

// With memory that only stands for that of a session, so that a network can be tried.
PlanRequest on_trial(PlanRequest request) {
  static const float kNothing = 0;
  for (const auto& [name, shape] : request.shapes) request.inputs[name] = &kNothing;
  return request;
}

struct Networks {
  // exact: kernels of float32, for what runs once.
  Networks(const Bundle& b, const LoopModel& m, const cpu::Kernels& kernels, const cpu::Kernels& exact,
           const Log& log)
      : audio_encoder(b.audio_encoder, b.manifest.audio_encoder_file, audio_encoder_form(), kernels,
                      on_trial(encoder_request(m, 1, window(b).frames, 1, nullptr)), log),
        conditioner(b.conditioner, b.manifest.conditioner_file, conditioner_form(), exact,
                    on_trial(conditioner_request(m)), log),
        denoiser(b.denoiser, b.manifest.denoiser_file, denoiser_form(), kernels,
                 on_trial(denoiser_request(m, 1, window(b), 1)), log) {}

  static PlanRequest conditioner_request(const LoopModel& m) {
    PlanRequest request;
    request.shapes = {{"style", {dim(m.steps.size()), dim(m.d_identity)}}, {"t", {dim(m.steps.size())}}};
    request.outputs = {{0, dim(m.steps.size())}};
    request.batch = m.steps.size();
    return request;
  }
  static WindowShape window(const Bundle& b) {
    const Profile& p = b.manifest.profiles.front();
    return {static_cast<size_t>(p.window_frames()), static_cast<size_t>(p.past_frames),
            static_cast<size_t>(p.hop_frames)};
  }

  Network audio_encoder, conditioner, denoiser;
};

// Pools of threads for as many sessions as are to run side by side; a session that finds none runs alone.
class Pools {
 public:
  explicit Pools(const BackendOptions& options) {
    const int each = options.n_threads / std::max(options.n_workers, 1);
    for (int i = 0; each > 1 && i < options.n_workers; ++i) pools_.push_back(std::make_unique<Pool>(each));
  }
  ~Pools() {
    for (auto& pool : pools_) {
      if (!pool->is_of_this_process()) (void)pool.release();
    }
  }
  Pools(const Pools&) = delete;
  Pools& operator=(const Pools&) = delete;
  // The most that a pool has.
  size_t n_threads() const {
    size_t most = 1;
    for (const auto& pool : pools_) most = std::max(most, pool->n_threads());
    return most;
  }
  Pool* acquire() {
    for (auto& pool : pools_) {
      if (pool->try_acquire()) return pool.get();
    }
    return nullptr;
  }

 private:
  std::vector<std::unique_ptr<Pool>> pools_;
};

class PoolUse {
 public:
  explicit PoolUse(Pools& pools) : pool_(pools.acquire()) {}
  ~PoolUse() {
    if (pool_ != nullptr) pool_->release();
  }
  PoolUse(const PoolUse&) = delete;
  PoolUse& operator=(const PoolUse&) = delete;
  Pool* get() const { return pool_; }

 private:
  Pool* pool_;
};

class CpuSession : public HostLoopSession {
 public:
  CpuSession(const LoopModel& m, const Networks& networks, Pools& pools, size_t batch,
             const WindowShape& shape)
      : HostLoopSession(m, batch, shape), pools_(pools) {
    const HostLoopBuffers& b = buffers();
    const PlanRequest encoder = encoder_request(m, batch, shape.frames, pools.n_threads(), b.mel.data());
    PlanRequest denoiser = denoiser_request(m, batch, shape, pools.n_threads());
    denoiser.inputs = {{"x_t", b.x_t.data()},
                       {"known", b.known.data()},
                       {"audio", b.audio.data()},
                       {"condition", b.condition.data()}};
    encoder_ = networks.audio_encoder.plan(encoder, {dim(batch), dim(shape.frames), dim(m.n_features)});
    denoiser_ = networks.denoiser.plan(denoiser, denoiser.shapes.at("x_t"));
  }

 protected:
  void encode() override {
    const PoolUse pool(pools_);
    std::copy_n(encoder_->run(0, true, pool.get()), buffers().audio.size(), buffers().audio.data());
    step_ = 0;
  }

  void denoise() override {
    const PoolUse pool(pools_);
    const bool is_last = step_ + 1 == model().steps.size();
    const float* x0 = denoiser_->run(is_last ? kLastStep : kEveryStep, step_ == 0, pool.get());
    ++step_;
    // What is not needed stays what it was: the update looks at it, and nothing comes of it.
    const size_t c = model().n_channels, stream = shape().frames * c, first = shape().past * c;
    const size_t n = is_last ? shape().hop * c : stream - first;
    for (size_t b = 0; b < batch(); ++b) {
      std::copy_n(x0 + b * stream + first, n, buffers().x0.data() + b * stream + first);
    }
  }

 private:
  Pools& pools_;
  std::unique_ptr<NetworkRun> encoder_, denoiser_;
  size_t step_ = 0;
};

class CpuBackend : public LoopBackend {
 public:
  CpuBackend(const Bundle& b, const BackendOptions& options)
      : LoopBackend(b),
        exact_kernels_(cpu::chosen_kernels()),
        networks_(b, model(), options.precision == "bf16" ? cpu::chosen_bf16_kernels() : exact_kernels_,
                  exact_kernels_, options.log),
        pools_(options),
        style_encoder_onnx_(b.style_encoder),
        style_encoder_file_(b.manifest.style_encoder_file) {
    ConditionBuffers& c = condition_buffers();
    PlanRequest request = Networks::conditioner_request(model());
    request.inputs = {{"style", c.style.data()}, {"t", c.t.data()}};
    conditioner_ = networks_.conditioner.plan(request, {dim(c.t.size()), dim(model().n_condition)});
    run_conditioner();  // a faulty one shows here
  }

  const char* name() const override { return "cpu"; }
  Device* device() override { return &device_; }
  std::unique_ptr<Session> make_session(size_t batch, const WindowShape& shape) override {
    return std::make_unique<CpuSession>(model(), networks_, pools_, batch, shape);
  }

 protected:
  void run_conditioner() override {
    std::vector<float>& condition = condition_buffers().condition;
    std::copy_n(conditioner_->run(0, true, nullptr), condition.size(), condition.data());
  }

  // Few need it: read when somebody is enrolled, and dropped again.
  void run_style_encoder(const float* mel, size_t n_mel_frames, float* styles) override {
    PlanRequest request;
    request.shapes = {{"mel", {1, dim(n_mel_frames), dim(model().n_mels)}}};
    request.outputs = {{0, dim(n_styles())}};
    const Network network(style_encoder_onnx_, style_encoder_file_, style_encoder_form(), exact_kernels_,
                          on_trial(request), Log());
    request.inputs = {{"mel", mel}};
    const auto run = network.plan(request, {1, dim(n_styles()), dim(model().d_identity)});
    std::copy_n(run->run(0, true, nullptr), n_styles() * model().d_identity, styles);
  }

 private:
  const cpu::Kernels& exact_kernels_;
  const Networks networks_;
  Pools pools_;
  HostMemoryDevice device_;
  std::unique_ptr<NetworkRun> conditioner_;
  const std::string style_encoder_onnx_, style_encoder_file_;
};

class CpuFactory : public BackendFactory {
 public:
  const BackendDescription& description() const override { return description_; }
  void probe() const override { cpu::chosen_kernels(); }
  bool has_precision(const std::string& precision) const override {
    return precision == "bf16" ? !cpu::usable_bf16_kernels().empty() : description_.has(precision);
  }
  std::unique_ptr<Backend> create(const Bundle& bundle, const BackendOptions& options) const override {
    require_precision(description_, options.precision);
    return std::make_unique<CpuBackend>(bundle, options);
  }

 private:
  const BackendDescription description_ = cpu_description();
};

}  // namespace

const BackendFactory& cpu_backend_factory() {
  static const CpuFactory factory;
  return factory;
}

}  // namespace dt
