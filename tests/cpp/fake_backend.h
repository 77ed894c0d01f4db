// A backend without networks: records the windows it gets, and answers with a simple function of them.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>
#include <utility>
#include <vector>

#include "common/error.h"
#include "core/host_loop.h"
#include "runtime/model.h"
#include "tiny_bundle.h"

namespace dt::test {

struct RecordedWindow {
  std::vector<float> mel, past, style;
  uint64_t seed = 0;
  int64_t first_frame = 0;
};

// Sessions of several threads may write into it.
struct Recorder {
  std::mutex mutex;
  std::vector<RecordedWindow> windows;
  std::vector<size_t> batches;   // streams of every run
  bool fail = false;             // every run fails
  float poison = 1e30f;          // a run with this style's first value fails
  float style_share = 0;         // of the style's first value, added to channel 1
  std::function<void()> during;  // called while a run is at work
};

// x0 of channel 0 is the mean log-mel of the frame's group
// / 20 (in -1..1), of channel 1 half of the frame before.
class FakeSession : public Session {
 public:
  FakeSession(Recorder* recorder, const LoopModel& model) : recorder_(recorder), model_(model) {}

  void run(const WindowBatch& w, PhaseTimes*) override {
    std::unique_lock<std::mutex> lock(recorder_->mutex);
    if (recorder_->fail) throw Error(DT_INTERNAL_ERROR, "told to fail");
    for (size_t b = 0; b < w.batch; ++b) {
      if (w.streams[b].condition[0] == recorder_->poison) throw Error(DT_INTERNAL_ERROR, "poisoned");
    }
    recorder_->batches.push_back(w.batch);
    for (size_t b = 0; b < w.batch; ++b) run_one(w.streams[b], w.shape);
    lock.unlock();  // `during` takes the locks of streams, whose pulls come here with those locks held
    if (recorder_->during) recorder_->during();
  }

 private:
  void run_one(const Window& w, const WindowShape& shape) {
    const size_t group = model_.mel_frames_per_group * 80;
    RecordedWindow r;
    r.mel.assign(w.mel, w.mel + shape.frames / model_.anim_frames_per_group * group);
    r.past.assign(w.past, w.past + shape.past * 2);
    r.style.assign(w.condition, w.condition + 2);
    r.seed = w.seed;
    r.first_frame = w.first_frame;
    std::vector<float> x0(r.past);
    for (size_t i = shape.past; i < shape.frames; ++i) {
      const float* mel = w.mel + i / model_.anim_frames_per_group * group;
      x0.push_back(std::accumulate(mel, mel + group, 0.0f) / static_cast<float>(group) / 20);
      x0.push_back((i > 0 ? 0.5f * x0[2 * i - 2] : 0.0f) + recorder_->style_share * w.condition[0]);
    }
    recorder_->windows.push_back(std::move(r));
    std::copy_n(x0.data() + 2 * shape.hop, 2 * shape.past, w.past);
    DenormaliseArgs weights = weight_args(model_, 1, shape);
    weights.x_t = x0.data(), weights.w = w.weights;
    denormalise_ref(weights);
  }

  Recorder* recorder_;
  const LoopModel& model_;
};

class FakeBackend : public Backend {
 public:
  FakeBackend(Recorder* recorder, const Bundle& bundle) : recorder_(recorder), model_(bundle) {}
  const char* name() const override { return "fake"; }
  std::unique_ptr<Session> make_session(size_t, const WindowShape&) override {
    return std::make_unique<FakeSession>(recorder_, model_);
  }
  // The condition is the style itself.
  size_t condition_size() const override { return 2; }
  void condition(const float* style, float* out) override { std::copy_n(style, 2, out); }
  // The style is the first row's first two values.
  void enroll(const float* mel, size_t, float* styles) override { std::copy_n(mel, 2, styles); }

 private:
  Recorder* recorder_;
  const LoopModel model_;
};

// change: called with the manifest before it is parsed.
template <typename Change>
std::shared_ptr<Model> fake_model(Recorder* recorder, Change&& change, const BackendOptions& options = {}) {
  nlohmann::json manifest = tiny_manifest();
  manifest["motion"]["min"] = {-1, -1};  // leaves the fake's output unclamped
  change(manifest);
  Bundle bundle = load_bundle(tiny_source(manifest));
  auto backend = std::make_unique<FakeBackend>(recorder, bundle);
  return Model::create(std::move(bundle), std::move(backend), options);
}

inline std::shared_ptr<Model> fake_model(Recorder* recorder, int n_workers = 1) {
  BackendOptions options;
  options.n_workers = n_workers;
  return fake_model(recorder, [](nlohmann::json&) {}, options);
}

}  // namespace dt::test
