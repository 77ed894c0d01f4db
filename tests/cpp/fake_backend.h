// A backend without networks: records the windows it gets, and answers with a simple function of them.
#pragma once

#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "common/error.h"
#include "runtime/model.h"
#include "tiny_bundle.h"

namespace dt::test {

struct RecordedWindow {
  std::vector<float> mel, x_t, style;
};

struct Recorder {
  std::vector<RecordedWindow> windows;
  bool fail = false;
};

// x0 of channel 0 is the mean log-mel of the frame's group / 20 (in -1..1), of channel 1 half of the frame
// before.
class FakeSession : public Session {
 public:
  FakeSession(Recorder* recorder, size_t mel_group, size_t anim_group)
      : recorder_(recorder), mel_group_(mel_group), anim_group_(anim_group) {}

  void run(const WindowBatch& w, PhaseTimes*) override {
    if (recorder_->fail) throw Error(DT_INTERNAL_ERROR, "told to fail");
    const size_t group = mel_group_ * 80;
    RecordedWindow r;
    r.mel.assign(w.mel, w.mel + w.window / anim_group_ * group);
    r.x_t.assign(w.x_t, w.x_t + w.window * 2);
    r.style.assign(w.style, w.style + 2);
    for (size_t i = w.past; i < w.window; ++i) {
      const float* mel = w.mel + i / anim_group_ * group;
      w.x_t[2 * i] = std::accumulate(mel, mel + group, 0.0f) / static_cast<float>(group) / 20;
      w.x_t[2 * i + 1] = i > 0 ? 0.5f * w.x_t[2 * i - 2] : 0.0f;
    }
    recorder_->windows.push_back(std::move(r));
  }

 private:
  Recorder* recorder_;
  size_t mel_group_, anim_group_;
};

class FakeBackend : public Backend {
 public:
  FakeBackend(Recorder* recorder, const AudioSpec& audio)
      : recorder_(recorder),
        mel_group_(static_cast<size_t>(audio.mel_frames_per_group)),
        anim_group_(static_cast<size_t>(audio.anim_frames_per_group)) {}
  const char* name() const override { return "fake"; }
  std::unique_ptr<Session> make_session(size_t, size_t, size_t) override {
    return std::make_unique<FakeSession>(recorder_, mel_group_, anim_group_);
  }

 private:
  Recorder* recorder_;
  size_t mel_group_, anim_group_;
};

// change: called with the manifest before it is parsed.
template <typename Change>
std::shared_ptr<Model> fake_model(Recorder* recorder, Change&& change) {
  nlohmann::json manifest = tiny_manifest();
  manifest["motion"]["min"] = {-1, -1};  // leaves the fake's output unclamped
  change(manifest);
  Bundle bundle = load_bundle(tiny_source(manifest));
  auto backend = std::make_unique<FakeBackend>(recorder, bundle.manifest.audio);
  return Model::create(std::move(bundle), std::move(backend));
}

inline std::shared_ptr<Model> fake_model(Recorder* recorder) {
  return fake_model(recorder, [](nlohmann::json&) {});
}

}  // namespace dt::test
