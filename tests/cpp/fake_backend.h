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
  explicit FakeSession(Recorder* recorder) : recorder_(recorder) {}

  void run(const WindowBatch& w, PhaseTimes*) override {
    if (recorder_->fail) throw Error(DT_INTERNAL_ERROR, "told to fail");
    const size_t group = 10 * 80;
    RecordedWindow r;
    r.mel.assign(w.mel, w.mel + w.window / 3 * group);
    r.x_t.assign(w.x_t, w.x_t + w.window * 2);
    r.style.assign(w.style, w.style + 2);
    for (size_t i = w.past; i < w.window; ++i) {
      const float* mel = w.mel + i / 3 * group;
      w.x_t[2 * i] = std::accumulate(mel, mel + group, 0.0f) / static_cast<float>(group) / 20;
      w.x_t[2 * i + 1] = i > 0 ? 0.5f * w.x_t[2 * i - 2] : 0.0f;
    }
    recorder_->windows.push_back(std::move(r));
  }

 private:
  Recorder* recorder_;
};

class FakeBackend : public Backend {
 public:
  explicit FakeBackend(Recorder* recorder) : recorder_(recorder) {}
  const char* name() const override { return "fake"; }
  std::unique_ptr<Session> make_session(size_t, size_t, size_t) override {
    return std::make_unique<FakeSession>(recorder_);
  }

 private:
  Recorder* recorder_;
};

inline std::shared_ptr<Model> fake_model(Recorder* recorder) {
  nlohmann::json manifest = tiny_manifest();
  manifest["motion"]["min"] = {-1, -1};  // leaves the fake's output unclamped
  return Model::create(load_bundle(tiny_source(manifest)), std::make_unique<FakeBackend>(recorder));
}

}  // namespace dt::test
