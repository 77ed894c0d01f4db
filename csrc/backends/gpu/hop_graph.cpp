#include "backends/gpu/hop_graph.h"

#include <algorithm>
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

HopGraph::HopGraph(const HostLoopModel& model, GpuDevice& device, GpuStream& stream, EngineSource& engines,
                   ScratchArena& arena, HopShape shape, const Log& log, bool record)
    : model_(model), stream_(stream), arena_(arena), shape_(shape), log_(log), is_eager_(!record) {
  encoder_ = engines.make_context(Network::kAudioEncoder, shape.window, shape.batch);
  denoiser_ = engines.make_context(Network::kDenoiser, shape.window, shape.batch);
  arena_.reserve(std::max(encoder_->scratch_bytes(), denoiser_->scratch_bytes()));
  make_buffers(device);
  bind();
  upload_constants();
}

void HopGraph::make_buffers(GpuDevice& device) {
  using Floats = GpuArray<float>;
  const size_t frames = shape_.batch * shape_.window, motion = frames * model_.n_channels;
  const size_t mel = shape_.batch * model_.mel_frames(shape_.window) * model_.n_mels;
  const size_t condition = shape_.batch * model_.n_condition, n_steps = model_.steps.size();
  const auto on_device = [&](size_t n) { return Floats(device, Floats::kDevice, n); };
  mel_ = on_device(mel);
  x_t_ = on_device(motion);
  known_ = on_device(frames);
  audio_ = on_device(frames * model_.n_features);
  conditions_ = on_device(n_steps * condition);
  condition_ = on_device(condition);
  x0_ = on_device(motion);
  lo_ = on_device(model_.n_channels);
  hi_ = on_device(model_.n_channels);
  coefficients_ = {device, GpuArray<SamplerCoefficients>::kDevice, n_steps};
  faults_ = {device, GpuArray<uint32_t>::kDevice, shape_.batch};
  h_mel_ = {device, Floats::kPinned, mel};
  h_x_t_ = {device, Floats::kPinned, motion};
  h_conditions_ = {device, Floats::kPinned, n_steps * condition};
  h_result_ = {device, Floats::kPinned, motion};
  h_faults_ = {device, GpuArray<uint32_t>::kPinned, shape_.batch};
}

void HopGraph::bind() {
  encoder_->bind("mel", mel_);
  encoder_->bind("audio", audio_);
  denoiser_->bind("x_t", x_t_);
  denoiser_->bind("known", known_);
  denoiser_->bind("audio", audio_);
  denoiser_->bind("condition", condition_);
  denoiser_->bind("x0", x0_);
}

void HopGraph::upload_constants() {
  std::vector<float> known(known_.size());
  for (size_t i = 0; i < known.size(); ++i) known[i] = i % shape_.window < shape_.past ? 1.0f : 0.0f;
  std::vector<SamplerCoefficients> coefficients;
  for (const HostLoopModel::Step& step : model_.steps) coefficients.push_back(step.coefficients);
  stream_.upload(known_.data(), known.data(), known_.bytes());
  stream_.upload(lo_.data(), model_.lo.data(), lo_.bytes());
  stream_.upload(hi_.data(), model_.hi.data(), hi_.bytes());
  stream_.upload(coefficients_.data(), coefficients.data(), coefficients_.bytes());
  stream_.synchronize();  // before the vectors go
}

void HopGraph::enqueue() {
  stream_.upload(mel_.data(), h_mel_.data(), mel_.bytes());
  stream_.upload(x_t_.data(), h_x_t_.data(), x_t_.bytes());
  stream_.upload(conditions_.data(), h_conditions_.data(), conditions_.bytes());
  stream_.clear(faults_.data(), faults_.bytes());
  encoder_->enqueue(stream_);
  SamplerStepArgs<float, float> step;
  step.x_t = x_t_.data();
  step.x0 = x0_.data();
  step.lo = lo_.data();
  step.hi = hi_.data();
  step.faults = faults_.data();
  step.batch = shape_.batch, step.window = shape_.window, step.past = shape_.past;
  step.channels = model_.n_channels;
  for (size_t i = 0; i < model_.steps.size(); ++i) {
    // Copied, so that the denoiser is bound once: some versions of TensorRT work again after a changed
    // address.
    stream_.copy(condition_.data(), conditions_.data() + i * condition_.size(), condition_.bytes());
    denoiser_->enqueue(stream_);
    step.coefficients = coefficients_.data() + i;
    stream_.sampler_step(step);
  }
  stream_.download(h_result_.data(), x_t_.data(), x_t_.bytes());
  stream_.download(h_faults_.data(), faults_.data(), faults_.bytes());
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
  const size_t mel = mel_.size() / shape_.batch, motion = x_t_.size() / shape_.batch;
  const size_t k = model_.n_condition;
  for (size_t b = 0; b < n; ++b) {
    std::copy_n(windows.mel[first + b], mel, h_mel_.data() + b * mel);
    std::copy_n(windows.x_t[first + b], motion, h_x_t_.data() + b * motion);
    for (size_t i = 0; i < model_.steps.size(); ++i) {
      std::copy_n(windows.condition[first + b] + i * k, k, h_conditions_.data() + (i * shape_.batch + b) * k);
    }
  }
}

void HopGraph::run(const WindowBatch& windows, size_t first, size_t n, float* const* out) {
  prepare();
  stage(windows, first, n);
  if (graph_ != nullptr) {
    stream_.launch(*graph_);
  } else {
    enqueue();
  }
  stream_.synchronize();
  if (std::any_of(h_faults_.data(), h_faults_.data() + n, [](uint32_t fault) { return fault != 0; })) {
    throw Error(DT_INTERNAL_ERROR,
                "the denoiser gave a value that is not finite: check the bundle with another "
                "backend or precision \"f32\"");
  }
  const size_t motion = x_t_.size() / shape_.batch;
  for (size_t b = 0; b < n; ++b) std::copy_n(h_result_.data() + b * motion, motion, out[b]);
}

}  // namespace dt
