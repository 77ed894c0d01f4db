#include <algorithm>

#include "backend_support.h"
#include "bench.h"
#include "common/clock.h"
#include "gpu_target.h"
#include "step_loop.h"

namespace dt::test {
namespace {

// Milliseconds on the host's clock from the windows in host memory to the frames in host memory.
nlohmann::json time_session(Session* session, const WindowBatch& windows) {
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
          {"frames_per_s", static_cast<double>(windows.batch * windows.shape.hop) / p50 * 1e3}};
}

// Share of the hop's time on the GPU by phase: milliseconds per hop.
nlohmann::json phases_of(Session* session, const WindowBatch& windows) {
  constexpr int kHops = 100;
  PhaseTimes times;
  for (int i = 0; i < kHops; ++i) session->run(windows, &times);
  const auto ms = [&](int64_t ns) { return static_cast<double>(ns) / kHops / 1e6; };
  return {{"encoder_ms", ms(times.encoder_ns)},
          {"denoiser_ms", ms(times.denoiser_ns)},
          {"update_ms", ms(times.update_ns)},
          {"post_ms", ms(times.post_ns)}};
}

}  // namespace

nlohmann::json bench_hops(const BenchTarget& given) {
  nlohmann::json rows = nlohmann::json::array();
  const GpuTarget target(given);
  const auto recorded = target.backend(), eager = target.backend({false, false}),
             profiled = target.backend({true, true});
  const std::unique_ptr<EngineSource> engines = target.engines();
  const LoopModel model(target.bundle());
  for (const Profile& p : target.bundle().manifest.profiles) {
    const WindowShape shape = shape_of(p);
    for (const size_t batch : engines->batches(shape.frames)) {
      const Streams streams(target.bundle(), recorded.get(), batch, shape);
      const WindowBatch windows = streams.batch();
      const auto add = [&](const char* way, Session* session) {
        nlohmann::json row = time_session(session, windows);
        row["way"] = way;
        row["profile"] = p.name;
        row["batch"] = batch;
        rows.push_back(std::move(row));
      };
      add("one graph", recorded->make_session(batch, shape).get());
      add("enqueued piece by piece", eager->make_session(batch, shape).get());
      StepLoop steps(model, target.device(), *engines, batch, shape);
      add("host loop, a step at a time", &steps);
      rows.push_back({{"way", "one graph, profiled"}, {"profile", p.name}, {"batch", batch}});
      rows.back().update(phases_of(profiled->make_session(batch, shape).get(), windows));
    }
  }
  return rows;
}

}  // namespace dt::test
