#include "backends/gpu/hop_graph.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "common/error.h"

namespace dt {
namespace {

// A stream that records; the recording ends in any case.
class Recording {
 public:
  explicit Recording(GpuStream& stream) : stream_(stream) { stream_.begin_capture(); }
  ~Recording() {
    if (!is_done_) stream_.end_capture();
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  std::unique_ptr<GpuGraph> finish() {
    is_done_ = true;
    return stream_.end_capture();
  }

 private:
  GpuStream& stream_;
  bool is_done_ = false;
};

}  // namespace

HopGraph::HopGraph(const LoopModel& model, GpuDevice& device, GpuStream& stream, EngineSource& engines,
                   ScratchArena& arena, HopShape shape, const Log& log, HopOptions options)
    : model_(model),
      stream_(stream),
      arena_(arena),
      shape_(shape),
      log_(log),
      encoder_(engines.make_context(Network::kAudioEncoder, shape.window.frames, shape.batch)),
      denoiser_(engines.make_context(Network::kDenoiser, shape.window.frames, shape.batch)),
      tensors_(model, device, shape.batch, shape.window.frames),
      tables_(model, device, &stream),
      is_eager_(!options.record) {
  arena_.reserve(std::max(encoder_->scratch_bytes(), denoiser_->scratch_bytes()));
  make_buffers(device);
  tensors_.bind(encoder_.get(), denoiser_.get());
  tensors_.upload_known(&stream_, shape.window.frames, shape.window.past);
  if (options.profile) timer_ = device.make_timer(2 * model.steps.size() + 4);
}

void HopGraph::make_buffers(GpuDevice& device) {
  const auto make = [&](auto* on_device, auto* on_host, size_t n) {
    using Array = std::remove_reference_t<decltype(*on_device)>;
    *on_device = Array(device, Array::kDevice, n);
    *on_host = Array(device, Array::kPinned, n);
  };
  const size_t past = shape_.batch * shape_.window.past * model_.n_channels;
  make(&conditions_, &h_conditions_, model_.steps.size() * shape_.batch * model_.n_condition);
  make(&past_, &h_past_, past);
  make(&weights_, &h_weights_, shape_.batch * shape_.window.hop * model_.n_channels);
  make(&seed_, &h_seed_, shape_.batch);
  make(&first_frame_, &h_first_frame_, shape_.batch);
  make(&faults_, &h_faults_, shape_.batch);
  h_mel_ = {device, GpuArray<float>::kPinned, tensors_.mel.size()};
  h_next_past_ = {device, GpuArray<float>::kPinned, past};
  stream_.upload(conditions_.data(), h_conditions_.data(), conditions_.bytes());  // stage() compares with it
  stream_.synchronize();
}

// Ends a part of the hop.
void HopGraph::mark(Phase before) {
  if (timer_ == nullptr) return;
  if (before != nullptr) phases_.push_back(before);
  stream_.mark(*timer_, n_marks_++);
}

void HopGraph::enqueue_start() {
  stream_.upload(tensors_.mel.data(), h_mel_.data(), h_mel_.bytes());
  stream_.upload(seed_.data(), h_seed_.data(), h_seed_.bytes());
  stream_.upload(first_frame_.data(), h_first_frame_.data(), h_first_frame_.bytes());
  stream_.clear(faults_.data(), faults_.bytes());
  if (past_.size() > 0) {
    stream_.upload(past_.data(), h_past_.data(), past_.bytes());
    PastCarryArgs carry = past_args(model_, shape_.batch, shape_.window);
    carry.x_t = tensors_.x_t.data(), carry.past = past_.data();
    stream_.put_past(carry);
  }
  NoiseFillArgs noise = noise_args(model_, shape_.batch, shape_.window);
  noise.seed = seed_.data(), noise.first_frame = first_frame_.data();
  noise.scale = tables_.noise_scale.data(), noise.x_t = tensors_.x_t.data();
  stream_.noise_fill(noise);
}

void HopGraph::enqueue_steps() {
  SamplerStepArgs step;
  step.x_t = tensors_.x_t.data(), step.x0 = tensors_.x0.data();
  step.lo = tables_.lo.data(), step.hi = tables_.hi.data();
  step.faults = faults_.data();
  step.batch = shape_.batch, step.window = shape_.window.frames, step.past = shape_.window.past;
  step.channels = model_.n_channels;
  const GpuArray<float>& condition = tensors_.condition;
  for (size_t i = 0; i < model_.steps.size(); ++i) {
    // Copied, so that the denoiser is bound once: some
    // versions of TensorRT work again after a changed address.
    stream_.copy(condition.data(), conditions_.data() + i * condition.size(), condition.bytes());
    denoiser_->enqueue(stream_);
    mark(&PhaseTimes::denoiser_ns);
    step.coefficients = tables_.coefficients.data() + i;
    stream_.sampler_step(step);
    mark(&PhaseTimes::update_ns);
  }
}

void HopGraph::enqueue_end() {
  if (past_.size() > 0) {
    PastCarryArgs carry = past_args(model_, shape_.batch, shape_.window);
    carry.x_t = tensors_.x_t.data(), carry.past = past_.data();
    stream_.keep_past(carry);
    stream_.download(h_next_past_.data(), past_.data(), past_.bytes());
  }
  DenormaliseArgs weights = weight_args(model_, shape_.batch, shape_.window);
  weights.x_t = tensors_.x_t.data(), weights.w = weights_.data();
  weights.std = tables_.std.data(), weights.mean = tables_.mean.data();
  weights.lo = tables_.min.data(), weights.hi = tables_.max.data();
  stream_.denormalise(weights);
  stream_.download(h_weights_.data(), weights_.data(), weights_.bytes());
  stream_.download(h_faults_.data(), faults_.data(), faults_.bytes());
}

void HopGraph::enqueue() {
  n_marks_ = 0;
  phases_.clear();
  mark(nullptr);
  enqueue_start();
  mark(&PhaseTimes::update_ns);
  encoder_->enqueue(stream_);
  mark(&PhaseTimes::encoder_ns);
  enqueue_steps();
  enqueue_end();
  mark(&PhaseTimes::post_ns);
}

void HopGraph::prepare() {
  const bool has_moved = generation_ != arena_.generation();
  if (has_moved) {
    graph_ = nullptr;  // it has the old addresses
    encoder_->set_scratch(arena_.data(), arena_.bytes());
    denoiser_->set_scratch(arena_.data(), arena_.bytes());
    generation_ = arena_.generation();
  }
  if (graph_ == nullptr && !is_eager_) record();
}

void HopGraph::record() {
  // First once for real: networks allocate and choose kernels in their first run, which a recording forbids.
  enqueue();
  stream_.synchronize();
  std::string reason = "the driver made no graph of it";
  try {
    Recording recording(stream_);
    enqueue();
    graph_ = recording.finish();
  } catch (const GpuError& e) {
    if (e.fault() == GpuFault::kLost) throw;
    reason = e.what();
  }
  if (graph_ != nullptr) return;
  is_eager_ = true;
  log_.warning("a hop of " + std::to_string(shape_.batch) + " streams could not be recorded as one launch (" +
               reason + "); it is enqueued piece by piece, which is slower");
}

// Places without a stream keep what an earlier hop left: no stream sees them.
void HopGraph::stage(const WindowBatch& windows, size_t first, size_t n) {
  const size_t mel = h_mel_.size() / shape_.batch, past = h_past_.size() / shape_.batch;
  const size_t k = model_.n_condition;
  for (size_t b = 0; b < n; ++b) {
    const Window& w = windows.streams[first + b];
    std::copy_n(w.mel, mel, h_mel_.data() + b * mel);
    std::copy_n(w.past, past, h_past_.data() + b * past);
    h_seed_.data()[b] = w.seed;
    h_first_frame_.data()[b] = w.first_frame;
    for (size_t i = 0; i < model_.steps.size(); ++i) {
      float* const to = h_conditions_.data() + (i * shape_.batch + b) * k;
      if (std::memcmp(to, w.condition + i * k, k * sizeof(float)) == 0) continue;
      std::copy_n(w.condition + i * k, k, to);
      condition_changed_ = true;
    }
  }
}

void HopGraph::add_times(PhaseTimes* times) const {
  for (size_t i = 0; i < phases_.size(); ++i) times->*phases_[i] += timer_->between_ns(i, i + 1);
}

void HopGraph::run(const WindowBatch& windows, size_t first, size_t n, const HopResult* out,
                   PhaseTimes* times) {
  prepare();
  stage(windows, first, n);
  if (condition_changed_) stream_.upload(conditions_.data(), h_conditions_.data(), conditions_.bytes());
  condition_changed_ = false;
  if (graph_ != nullptr) {
    stream_.launch(*graph_);
  } else {
    enqueue();
  }
  const size_t past = h_past_.size() / shape_.batch, hop = h_weights_.size() / shape_.batch;
  for (size_t b = 0; b < n; ++b) {
    float* const to = windows.streams[first + b].device_weights;
    if (to != nullptr) stream_.copy(to, weights_.data() + b * hop, hop * sizeof(float));
  }
  stream_.synchronize();
  if (timer_ != nullptr) add_times(times);
  if (std::any_of(h_faults_.data(), h_faults_.data() + n, [](uint32_t fault) { return fault != 0; })) {
    throw Error(DT_INTERNAL_ERROR,
                "the denoiser gave a value that is not finite: check the bundle with another "
                "backend or precision \"f32\"");
  }
  for (size_t b = 0; b < n; ++b) {
    std::copy_n(h_next_past_.data() + b * past, past, out[b].past);
    std::copy_n(h_weights_.data() + b * hop, hop, out[b].weights);
  }
}

}  // namespace dt
