// Clocks that jump by hours, back and forth, under the library's feet: suspended machines, a wrong clock set
// right, a debugger. The frames are those of a quiet clock, no call hangs, and no number of statistics is
// asked to make sense. Usage: clock_jumps BUNDLE. Linux: it takes the place of clock_gettime.
#include <dt/dt.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "expect.h"

namespace {

std::atomic<bool> jumps{false};
std::atomic<unsigned> n_asked{0};

}  // namespace

extern "C" int clock_gettime(clockid_t clock, struct timespec* time) noexcept {
  const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  if (!jumps || result != 0) return result;
  const unsigned n = ++n_asked;
  // -12 h .. 12 h, another one every call. The monotonic clock too: it stands still while a machine sleeps,
  // and a virtual machine that moves has jumped.
  time->tv_sec += static_cast<long>(n * 2654435761u % 86400u) - 43200;
  return 0;
}

namespace {

// Appends every frame that a stream has to *taken.
void take_all(dt_stream* stream, size_t channels, std::vector<float>* taken) {
  std::vector<float> frames(64 * channels);
  int64_t first = 0;
  size_t n = 0;
  do {
    EXPECT(dt_stream_pull(stream, frames.data(), 64, &first, &n) == DT_OK);
    taken->insert(taken->end(), frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(n * channels));
  } while (n > 0);
}

std::vector<float> life(const char* bundle, bool in_crowd) {
  std::vector<float> audio, result;
  for (int i = 0; i < 48000; ++i)
    audio.push_back(static_cast<float>(0.3 * std::sin(0.05 * i) * std::sin(0.001 * i)));
  dt_model_options options;
  dt_model_options_default(&options);
  options.backend = "reference";
  dt_model* model = nullptr;
  EXPECT(dt_model_open(bundle, &options, &model) == DT_OK);
  dt_model_info info{};
  info.struct_size = sizeof(info);
  EXPECT(dt_model_get_info(model, &info) == DT_OK);
  const auto channels = static_cast<size_t>(info.n_channels);
  dt_scheduler_options crowd;
  dt_scheduler_options_default(&crowd);
  crowd.max_wait_us = in_crowd ? 20000 : 0;
  dt_scheduler* scheduler = nullptr;
  EXPECT(dt_scheduler_create(model, &crowd, &scheduler) == DT_OK);
  dt_stream* streams[3] = {};
  for (dt_stream*& stream : streams) {
    EXPECT(dt_stream_create(model, nullptr, &stream) == DT_OK);
    if (in_crowd) EXPECT(dt_scheduler_add(scheduler, stream) == DT_OK);
  }
  std::vector<std::vector<float>> taken(3);
  for (size_t at = 0; at < audio.size(); at += 1600) {
    for (size_t s = 0; s < 3; ++s) {
      EXPECT(dt_stream_push(streams[s], audio.data() + at, 1600, 1, 16000) == DT_OK);
      if (at + 1600 == audio.size()) EXPECT(dt_stream_flush(streams[s]) == DT_OK);
    }
    // A budget that a jump has spent, or made endless; and after it what is left.
    EXPECT(dt_scheduler_step(scheduler, 2000, -1, nullptr) == DT_OK);
    for (int i = 0; i < 8; ++i) EXPECT(dt_scheduler_step(scheduler, -1, -1, nullptr) == DT_OK);
    for (size_t s = 0; s < 3; ++s) {
      take_all(streams[s], channels, &taken[s]);
      dt_stream_stats stats{};
      stats.struct_size = sizeof(stats);
      EXPECT(dt_stream_get_stats(streams[s], &stats) == DT_OK);
    }
  }
  for (size_t s = 0; s < 3; ++s) {
    // Windows that still wait for others: without the scheduler the stream computes them itself.
    if (in_crowd) EXPECT(dt_scheduler_remove(scheduler, streams[s]) == DT_OK);
    take_all(streams[s], channels, &taken[s]);
    result.insert(result.end(), taken[s].begin(), taken[s].end());
    dt_stream_release(streams[s]);
  }
  dt_scheduler_release(scheduler);
  dt_model_release(model);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (const bool in_crowd : {false, true}) {
    jumps = false;
    const std::vector<float> quiet = life(argv[1], in_crowd);
    n_asked = 0;
    jumps = true;
    const std::vector<float> jumpy = life(argv[1], in_crowd);
    jumps = false;
    EXPECT(!quiet.empty() && quiet == jumpy);
    EXPECT(n_asked > 100);  // or nobody asks this clock, and nothing was tried
    std::printf("%s: %zu values, clocks were asked %u times and jumped each time\n",
                in_crowd ? "in a scheduler" : "alone", quiet.size(), n_asked.load());
  }
  std::printf("%d failures\n", n_failures);
  return n_failures == 0 ? 0 : 1;
}
