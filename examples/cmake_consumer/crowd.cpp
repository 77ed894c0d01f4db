// Eight characters of one model, computed in batches by a worker thread while the "game" pushes and pulls:
// the C++17 wrapper dt/dt.hpp.
//   crowd bundle-folder
// Fails when a character does not get all of its frames.
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <thread>
#include <vector>

#include "dt/dt.hpp"

namespace {

constexpr int kFaces = 8, kRateHz = 16000, kTickSamples = kRateHz / 50, kTicks = 100;

// Stands for the voice of a character: a buzz of its own pitch.
std::vector<float> voice(int face) {
  std::vector<float> samples(static_cast<size_t>(kTicks) * kTickSamples);
  for (size_t i = 0; i < samples.size(); ++i) {
    const double t = static_cast<double>(i) / kRateHz;
    samples[i] = static_cast<float>(0.2 * (1 - std::cos(25.1 * t)) * std::fmod(t * (90 + 20 * face), 1.0));
  }
  return samples;
}

int run(const char* bundle) {
  const dtalk::Model model(bundle);
  dtalk::Scheduler scheduler(model);
  dt_stream_options options = dtalk::stream_options();
  options.profile = "live";
  std::vector<dtalk::Stream> faces;
  std::vector<std::vector<float>> voices;
  for (int f = 0; f < kFaces; ++f) {
    options.seed = static_cast<uint64_t>(f);
    faces.emplace_back(model, options);
    voices.push_back(voice(f));
    scheduler.add(faces.back());
  }
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    while (!stop) {
      if (scheduler.step().n_windows == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  std::vector<size_t> n_frames(kFaces, 0);
  std::vector<float> weights(64 * faces[0].n_channels());
  const auto expected = static_cast<size_t>(
      std::ceil(static_cast<double>(kTicks) / 50 * model.info().fps_num / model.info().fps_den));
  bool done = false;
  for (int tick = 0; !done; ++tick) {
    done = true;
    for (size_t f = 0; f < kFaces; ++f) {
      const size_t at = static_cast<size_t>(tick) * kTickSamples;
      // A full buffer would mean that the worker cannot keep up; the example runs faster than real time, so
      // it waits.
      while (tick < kTicks && !faces[f].push(voices[f].data() + at, kTickSamples, 1, kRateHz)) {
        int64_t first = 0;
        n_frames[f] += faces[f].pull(weights.data(), 64, &first);
        std::this_thread::yield();
      }
      if (tick == kTicks) faces[f].flush();
      int64_t first = 0;
      n_frames[f] += faces[f].pull(weights.data(), 64, &first);
      done = done && n_frames[f] >= expected;
    }
    if (tick > kTicks) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (tick > kTicks + 60000) break;
  }
  stop = true;
  worker.join();
  const dt_scheduler_stats stats = scheduler.stats();
  std::printf("%d faces, %zu frames each, %lld windows in %lld batches\n", kFaces, n_frames[0],
              static_cast<long long>(stats.n_windows), static_cast<long long>(stats.n_batches));
  for (size_t n : n_frames) {
    if (n != expected) return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: crowd bundle-folder\n");
    return 2;
  }
  try {
    return run(argv[1]);
  } catch (const dtalk::Error& e) {
    std::fprintf(stderr, "error %d: %s\n", static_cast<int>(e.status()), e.what());
    return 1;
  }
}
