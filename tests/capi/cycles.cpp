// A model, a stream, a scheduler and an array are opened, used and released over and over: memory, threads
// and open files stay what they were. Usage: cycles BUNDLE [CYCLES [BACKEND]]
#include <dt/dt.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "expect.h"

#if defined(__linux__)
#include <dirent.h>
#include <malloc.h>
#endif

namespace {

struct Held {
  long rss_kb = 0, n_threads = 0, n_files = 0;
};

// Zeros where the system does not tell.
Held held() {
  Held h;
#if defined(__linux__)
  malloc_trim(0);
  if (std::FILE* const file = std::fopen("/proc/self/status", "r")) {
    char line[256];
    while (std::fgets(line, sizeof(line), file) != nullptr) {
      std::sscanf(line, "VmRSS: %ld", &h.rss_kb);
      std::sscanf(line, "Threads: %ld", &h.n_threads);
    }
    std::fclose(file);
  }
  if (DIR* const folder = opendir("/proc/self/fd")) {
    while (readdir(folder) != nullptr) ++h.n_files;
    closedir(folder);
  }
#endif
  return h;
}

// Returns the sum of its frames, which every cycle has alike.
double cycle(const char* bundle, const char* backend, const std::vector<float>& audio) {
  dt_model_options options;
  dt_model_options_default(&options);
  options.backend = backend;
  dt_model* model = nullptr;
  EXPECT(dt_model_open(bundle, &options, &model) == DT_OK);
  if (model == nullptr) std::exit(1);
  dt_model_info info{};
  info.struct_size = sizeof(info);
  EXPECT(dt_model_get_info(model, &info) == DT_OK);
  dt_stream *alone = nullptr, *member = nullptr;
  dt_scheduler* scheduler = nullptr;
  EXPECT(dt_stream_create(model, nullptr, &alone) == DT_OK &&
         dt_stream_create(model, nullptr, &member) == DT_OK);
  dt_scheduler_options crowd;
  dt_scheduler_options_default(&crowd);
  crowd.warm_up = 0;
  EXPECT(dt_scheduler_create(model, &crowd, &scheduler) == DT_OK);
  EXPECT(dt_scheduler_add(scheduler, member) == DT_OK);
  dt_model_release(model);  // the streams keep it
  std::vector<float> frames(64 * static_cast<size_t>(info.n_channels));
  double sum = 0;
  for (dt_stream* stream : {alone, member}) {
    EXPECT(dt_stream_push(stream, audio.data(), audio.size(), 1, 16000) == DT_OK);
    EXPECT(dt_stream_flush(stream) == DT_OK);
    EXPECT(dt_scheduler_step(scheduler, -1, -1, nullptr) == DT_OK);
    int64_t first = 0;
    size_t n = 0;
    do {
      EXPECT(dt_stream_pull(stream, frames.data(), 64, &first, &n) == DT_OK);
      for (size_t i = 0; i < n * static_cast<size_t>(info.n_channels); ++i) sum += frames[i];
    } while (n > 0);
  }
  dt_stream_release(alone);
  dt_stream_release(member);
  dt_scheduler_release(scheduler);
  EXPECT(dt_allocated_bytes() == 0);
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int n_cycles = argc > 2 ? std::atoi(argv[2]) : 50;
  const char* const backend = argc > 3 ? argv[3] : "reference";
  std::vector<float> audio;
  for (int i = 0; i < 8000; ++i) audio.push_back(static_cast<float>(0.3 * std::sin(0.05 * i)));
  const double usual = cycle(argv[1], backend, audio);
  const int n_warm_up = n_cycles / 5 + 1;
  for (int i = 0; i < n_warm_up; ++i) cycle(argv[1], backend, audio);
  const Held before = held();
  for (int i = n_warm_up; i < n_cycles; ++i) EXPECT(cycle(argv[1], backend, audio) == usual);
  const Held after = held();
  std::printf(
      "%s, %d cycles after %d to warm up: memory %ld -> %ld kB, threads %ld -> %ld, files %ld -> %ld\n",
      backend, n_cycles - n_warm_up, n_warm_up, before.rss_kb, after.rss_kb, before.n_threads,
      after.n_threads, before.n_files, after.n_files);
  EXPECT(after.n_threads <= before.n_threads && after.n_files <= before.n_files);
  // 4 MB: what the heap's own arenas move by; a leak of 1 kB a cycle is 4 MB in 4,000.
  EXPECT(after.rss_kb - before.rss_kb <= 4096);
  std::printf("%d failures\n", n_failures);
  return n_failures == 0 ? 0 : 1;
}
