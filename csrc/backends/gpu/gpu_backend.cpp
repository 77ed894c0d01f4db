#include "backends/gpu/gpu_backend.h"

#include <algorithm>

#include "backends/gpu/gpu_session.h"
#include "common/clock.h"
#include "common/error.h"

namespace dt {
namespace {

std::string list(const std::vector<size_t>& numbers) {
  std::string text;
  for (const size_t n : numbers) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return text;
}

}  // namespace

size_t choose_bucket(const std::vector<size_t>& buckets, size_t n) {
  const auto it = std::lower_bound(buckets.begin(), buckets.end(), n);
  return it == buckets.end() ? buckets.back() : *it;
}

GpuBackend::GpuBackend(const Bundle& bundle, const std::string& name, std::unique_ptr<GpuDevice> device,
                       std::unique_ptr<EngineSource> engines, const Log& log, HopOptions options)
    : LoopBackend(bundle),
      name_(name),
      log_(log),
      options_(options),
      device_(std::move(device)),
      engines_(std::move(engines)) {
  guarded([&] {
    stream_ = device_->make_stream();
    arena_ = std::make_unique<ScratchArena>(*device_);
    make_conditioner();
  });
}

// Work that still runs must not lose its memory.
GpuBackend::~GpuBackend() {
  try {
    const OnDevice turn(*device_);
    if (stream_ != nullptr) stream_->synchronize();
    drop();
  } catch (const GpuError&) {  // a lost device has no work
    drop();
  }
}

// All that has memory or engines on the device: contexts before their engines.
void GpuBackend::drop() noexcept {
  hops_.clear();
  conditioner_.reset();
  style_encoder_.reset();
  style_.reset();
  t_.reset();
  condition_.reset();
  arena_.reset();
  engines_.reset();
  stream_.reset();
}

// Under the lock, with the device chosen; a GpuError becomes a status, and a lost device stays lost.
template <typename Work>
void GpuBackend::guarded(Work&& work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  try {
    if (!lost_.empty()) throw GpuError(GpuFault::kLost, lost_);
    const OnDevice turn(*device_);
    work();
  } catch (const GpuError& e) {
    if (e.fault() == GpuFault::kOutOfMemory) {
      throw Error(DT_OUT_OF_MEMORY, std::string("the GPU has no memory left (") + e.what() +
                                        "): close other programs, or build engines for smaller batches");
    }
    if (e.fault() == GpuFault::kLost) {
      lost_ = e.what();
      throw Error(DT_INTERNAL_ERROR, "the GPU stopped working (" + lost_ +
                                         "): restart the program; its driver's log tells the cause");
    }
    throw Error(DT_INTERNAL_ERROR, std::string("the GPU refused a call: ") + e.what());
  }
}

void GpuBackend::let_go(DeviceEvent event) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  try {
    const OnDevice turn(*device_);
    device_->release_event(event);
  } catch (const GpuError&) {  // the device is lost, its event is not
    device_->release_event(event);
  }
}

void GpuBackend::work(const std::function<void(GpuDevice&, GpuStream&)>& body) {
  guarded([&] { body(*device_, *stream_); });
}

std::vector<size_t>& GpuBackend::buckets(size_t window) {
  const auto it = buckets_.find(window);
  if (it != buckets_.end()) return it->second;
  std::vector<size_t> found = engines_->batches(window);
  if (found.empty()) {
    throw Error(DT_UNSUPPORTED, "the engines have no window of " + std::to_string(window) + " frames, only " +
                                    list(engines_->windows()) + ": build them for this bundle's profiles");
  }
  return buckets_[window] = std::move(found);
}

void GpuBackend::give_up_bucket(size_t window, size_t batch, const GpuError& cause) {
  std::vector<size_t>& there = buckets(window);
  for (auto it = hops_.begin(); it != hops_.end();) {
    const HopShape& shape = it->first;
    it = shape.window.frames == window && shape.batch >= batch ? hops_.erase(it) : std::next(it);
  }
  std::vector<size_t> left;
  for (const size_t b : there) {
    if (b < batch) left.push_back(b);
  }
  if (left.empty()) throw cause;
  there = std::move(left);
  log_.warning("the GPU has no memory for " + std::to_string(batch) + " streams at once (" + cause.what() +
               "); at most " + std::to_string(there.back()) + " are run together");
}

// The graph for n streams or for as many of them as fit at once.
HopGraph& GpuBackend::hop(size_t n, const WindowShape& window) {
  for (;;) {
    const HopShape shape{choose_bucket(buckets(window.frames), n), window};
    std::unique_ptr<HopGraph>& entry = hops_[shape];
    try {
      if (entry == nullptr) {
        entry = std::make_unique<HopGraph>(model(), *device_, *stream_, *engines_, *arena_, shape, log_,
                                           options_);
      }
      entry->prepare();
      return *entry;
    } catch (const GpuError& e) {
      if (e.fault() != GpuFault::kOutOfMemory) {
        hops_.erase(shape);
        throw;
      }
      give_up_bucket(window.frames, shape.batch, e);
    } catch (...) {
      hops_.erase(shape);
      throw;
    }
  }
}

std::unique_ptr<Session> GpuBackend::make_session(size_t batch, const WindowShape& shape) {
  guarded([&] { hop(batch, shape); });
  return std::make_unique<GpuSession>(*this, model(), batch, shape);
}

void GpuBackend::run(const WindowBatch& windows, std::vector<float>* held, PhaseTimes* times) {
  guarded([&] {
    PhaseTimes ignored;
    const ScopedTimer timer(options_.profile ? &ignored.denoiser_ns : &times->denoiser_ns);
    run_hops(windows, held, times);
  });
}

void GpuBackend::run_hops(const WindowBatch& windows, std::vector<float>* held, PhaseTimes* times) {
  const size_t past = windows.shape.past * model().n_channels,
               hop_size = windows.shape.hop * model().n_channels;
  HopResult out[kMaxStreams];
  size_t n_held = 0;  // streams whose results wait until all are good
  const auto held_result = [&](size_t b) {
    float* const at = held->data() + b * (past + hop_size);
    return HopResult{at, at + past};
  };
  for (size_t first = 0; first < windows.batch;) {
    HopGraph& graph = hop(windows.batch - first, windows.shape);
    const size_t n = std::min({graph.shape().batch, windows.batch - first, kMaxStreams});
    const bool is_all = n == windows.batch;
    if (!is_all) held->resize(windows.batch * (past + hop_size));
    for (size_t b = 0; b < n; ++b) {
      const Window& w = windows.streams[first + b];
      out[b] = is_all ? HopResult{w.past, w.weights} : held_result(first + b);
    }
    graph.run(windows, first, n, out, times);
    first += n;
    if (!is_all) n_held = first;
  }
  for (size_t b = 0; b < n_held; ++b) {
    std::copy_n(held_result(b).past, past, windows.streams[b].past);
    std::copy_n(held_result(b).weights, hop_size, windows.streams[b].weights);
  }
}

// Its scratch memory is part of the arena from the start: the first style must not move it.
void GpuBackend::make_conditioner() {
  using Floats = GpuArray<float>;
  const ConditionBuffers& c = condition_buffers();
  conditioner_ = engines_->make_context(Network::kConditioner, 0, c.t.size());
  arena_->reserve(conditioner_->scratch_bytes());
  style_ = {*device_, Floats::kDevice, c.style.size()};
  t_ = {*device_, Floats::kDevice, c.t.size()};
  condition_ = {*device_, Floats::kDevice, c.condition.size()};
  conditioner_->bind("style", style_);
  conditioner_->bind("t", t_);
  conditioner_->bind("condition", condition_);
  stream_->upload(t_.data(), c.t.data(), t_.bytes());
  stream_->synchronize();
}

void GpuBackend::run_conditioner() {
  guarded([&] {
    ConditionBuffers& c = condition_buffers();
    stream_->upload(style_.data(), c.style.data(), style_.bytes());
    conditioner_->set_scratch(arena_->data(), arena_->bytes());
    conditioner_->enqueue(*stream_);
    stream_->download(c.condition.data(), condition_.data(), condition_.bytes());
    stream_->synchronize();
  });
}

// Enrolment is rare and its activations are large: they get memory of their own, for this call.
void GpuBackend::run_style_encoder(const float* mel, size_t n_mel_frames, float* styles) {
  guarded([&] {
    if (style_encoder_ == nullptr) style_encoder_ = engines_->make_context(Network::kStyleEncoder, 0, 1);
    using Floats = GpuArray<float>;
    const Floats input(*device_, Floats::kDevice, n_mel_frames * model().n_mels);
    const Floats output(*device_, Floats::kDevice, n_styles() * model().d_identity);
    const GpuArray<uint8_t> scratch(*device_, GpuArray<uint8_t>::kDevice, style_encoder_->scratch_bytes());
    style_encoder_->set_shape("mel",
                              {1, static_cast<int64_t>(n_mel_frames), static_cast<int64_t>(model().n_mels)});
    style_encoder_->bind("mel", input);
    style_encoder_->bind("styles", output);
    style_encoder_->set_scratch(scratch.data(), scratch.bytes());
    stream_->upload(input.data(), mel, input.bytes());
    style_encoder_->enqueue(*stream_);
    stream_->download(styles, output.data(), output.bytes());
    stream_->synchronize();
  });
}

}  // namespace dt
