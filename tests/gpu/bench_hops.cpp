#include <algorithm>

#include "backend_support.h"
#include "bench.h"
#include "common/clock.h"
#include "gpu_target.h"
#include "step_loop.h"

namespace dt::test {
namespace {

// Streams of a crowd for a real bundle: random mel and noise, the style of the first identity.
struct Streams {
  Streams(const Bundle& bundle, Backend* backend, size_t n, size_t window) {
    const HostLoopModel m(bundle);
    for (size_t i = 0; i < n; ++i) {
      const auto seed = static_cast<uint32_t>(10 * i);
      mel.push_back(random_values(m.mel_frames(window) * m.n_mels, seed + 1));
      x_t.push_back(random_values(window * m.n_channels, seed + 2));
    }
    condition.resize(backend->condition_size());
    backend->condition(bundle.identities.data.data(), condition.data());
  }
  WindowBatch batch(size_t window, size_t past) {
    for (size_t i = 0; i < mel.size(); ++i) {
      mels.push_back(mel[i].data());
      conditions.push_back(condition.data());
      motions.push_back(x_t[i].data());
    }
    return {mel.size(), window, past, mels.data(), conditions.data(), motions.data()};
  }
  std::vector<std::vector<float>> mel, x_t;
  std::vector<float> condition;
  std::vector<const float*> mels, conditions;
  std::vector<float*> motions;
};

// Milliseconds on the host's clock from the windows in host memory to the frames in host memory.
nlohmann::json time_session(Session* session, const WindowBatch& windows, size_t hop_frames) {
  std::vector<double> ms;
  PhaseTimes times;
  for (int i = 0; i < 220; ++i) {
    const int64_t start = now_ns();
    session->run(windows, &times);
    if (i >= 20) ms.push_back(static_cast<double>(now_ns() - start) / 1e6);
  }
  const double p50 = percentile(ms, 0.5);
  return {{"p50_ms", p50},
          {"p95_ms", percentile(ms, 0.95)},
          {"p99_ms", percentile(ms, 0.99)},
          {"max_ms", percentile(ms, 1.0)},
          {"frames_per_s", static_cast<double>(windows.batch * hop_frames) / p50 * 1e3}};
}

}  // namespace

nlohmann::json bench_hops(const BenchTarget& given) {
  nlohmann::json rows = nlohmann::json::array();
  const GpuTarget target(given);
  const auto recorded = target.backend(true), eager = target.backend(false);
  const std::unique_ptr<EngineSource> engines = target.engines();
  const HostLoopModel model(target.bundle());
  for (const Profile& p : target.bundle().manifest.profiles) {
    const auto window = static_cast<size_t>(p.window_frames()), past = static_cast<size_t>(p.past_frames);
    for (const size_t batch : engines->batches(window)) {
      Streams streams(target.bundle(), recorded.get(), batch, window);
      const WindowBatch windows = streams.batch(window, past);
      const auto add = [&](const char* way, Session* session) {
        nlohmann::json row = time_session(session, windows, static_cast<size_t>(p.hop_frames));
        row["way"] = way;
        row["profile"] = p.name;
        row["batch"] = batch;
        rows.push_back(std::move(row));
      };
      add("one graph", recorded->make_session(batch, window, past).get());
      add("enqueued piece by piece", eager->make_session(batch, window, past).get());
      StepLoop steps(model, target.device(), *engines, batch, window, past);
      add("host loop, a step at a time", &steps);
    }
  }
  return rows;
}

}  // namespace dt::test
