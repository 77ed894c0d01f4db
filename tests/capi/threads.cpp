// Threads that open, push, pull, reset and close at random, with handles
// that others release under their hands. Whatever happens, every answer is a
// status that dt.h lists. Usage: threads BUNDLE [SECONDS [THREADS [SEED]]]
#include <dt/dt.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace {

std::atomic<int> n_failures{0};
std::atomic<long> n_calls{0};

// Statuses that a race may lead to: released handles, full buffers, closed streams, two at once.
void expect_allowed(dt_status status, const char* call) {
  ++n_calls;
  if (status == DT_OK || status == DT_INVALID_ARGUMENT || status == DT_BUFFER_FULL || status == DT_CLOSED ||
      status == DT_BUSY) {
    return;
  }
  std::printf("%s: %d, %s\n", call, static_cast<int>(status), dt_last_error());
  ++n_failures;
}
#define CALL(expression) expect_allowed(expression, #expression)

// What the threads share: slots with streams, some of them in the scheduler.
struct Shared {
  dt_model* model = nullptr;
  dt_scheduler* scheduler = nullptr;
  std::atomic<dt_stream*> streams[8] = {};
  std::vector<float> audio, style;
  size_t n_channels = 0;
  std::atomic<bool> stop{false};
};

void one_call(Shared& s, std::mt19937& random, std::vector<float>& frames) {
  std::atomic<dt_stream*>& slot = s.streams[random() % 8];
  dt_stream* stream = slot.load();
  int64_t first = 0;
  size_t n = 0;
  switch (random() % 16) {
    case 0: {  // a new stream in the slot; the one before is released while others may be inside of it
      dt_stream_options options;
      dt_stream_options_default(&options);
      options.seed = random();
      options.sample_rate_hz = random() % 2 == 0 ? 0 : 16000;
      options.silence_gate = static_cast<int32_t>(random() % 2);
      options.smoothing_ms = static_cast<int32_t>(random() % 2 * 50);
      dt_stream* made = nullptr;
      CALL(dt_stream_create(s.model, &options, &made));
      dt_stream_release(slot.exchange(made));
      break;
    }
    case 1:
      CALL(dt_stream_reset(stream));
      break;
    case 2:
      CALL(dt_stream_interrupt(stream, static_cast<int32_t>(random() % 200), &first));
      break;
    case 3:
      CALL(dt_stream_set_style(stream, s.style.data(), static_cast<int32_t>(random() % 300)));
      break;
    case 4:
      CALL(dt_scheduler_add(s.scheduler, stream));
      break;
    case 5:
      CALL(dt_scheduler_remove(s.scheduler, stream));
      break;
    case 6:
      CALL(dt_scheduler_step(s.scheduler, 2000, 4, nullptr));
      break;
    case 7:
      CALL(dt_stream_flush(stream));
      break;
    case 8: {
      CALL(dt_stream_pause(stream, static_cast<int32_t>(random() % 2)));
      dt_stream_info info{};
      info.struct_size = sizeof(info);
      CALL(dt_stream_get_info(stream, &info));
      break;
    }
    case 9:
    case 10:
    case 11:
      CALL(dt_stream_pull(stream, frames.data(), 16, &first, &n));
      for (size_t i = 0; i < n * s.n_channels; ++i) {
        if (!std::isfinite(frames[i])) ++n_failures;
      }
      break;
    default:
      CALL(
          dt_stream_push(stream, s.audio.data(), 1 + random() % 3000, 1, random() % 20 == 0 ? 44100 : 16000));
  }
}

void work(Shared& s, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> frames(16 * s.n_channels);
  while (!s.stop) one_call(s, random, frames);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 5;
  const int n_threads = argc > 3 ? std::atoi(argv[3]) : 16;
  const unsigned seed = argc > 4 ? static_cast<unsigned>(std::atoi(argv[4])) : 1;
  Shared s;
  dt_model_options options;
  dt_model_options_default(&options);
  options.backend = "reference";
  options.n_workers = 256;  // as many as there are cores
  if (dt_model_open(argv[1], &options, &s.model) != DT_OK) {
    std::printf("%s\n", dt_last_error());
    return 1;
  }
  dt_model_info info{};
  info.struct_size = sizeof(info);
  CALL(dt_model_get_info(s.model, &info));
  s.n_channels = static_cast<size_t>(info.n_channels);
  s.style.assign(static_cast<size_t>(info.d_identity), 0.25f);
  for (int i = 0; i < 4000; ++i) s.audio.push_back(static_cast<float>(0.2 * std::sin(0.05 * i)));
  CALL(dt_scheduler_create(s.model, nullptr, &s.scheduler));
  std::vector<std::thread> threads;
  for (int i = 0; i < n_threads; ++i)
    threads.emplace_back(work, std::ref(s), seed + static_cast<unsigned>(i));
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  s.stop = true;
  for (std::thread& t : threads) t.join();
  for (auto& stream : s.streams) dt_stream_release(stream);
  dt_scheduler_release(s.scheduler);
  dt_model_release(s.model);
  if (dt_allocated_bytes() != 0) {
    std::printf("%lld bytes are still allocated\n", static_cast<long long>(dt_allocated_bytes()));
    ++n_failures;
  }
  std::printf("%ld calls from %d threads (seed %u), %d failures\n", n_calls.load(), n_threads, seed,
              n_failures.load());
  return n_failures == 0 ? 0 : 1;
}
