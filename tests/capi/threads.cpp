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
      status == DT_BUSY || status == DT_STALE) {
    return;
  }
  std::printf("%s: %d, %s\n", call, static_cast<int>(status), dt_last_error());
  ++n_failures;
}
#define CALL(expression) expect_allowed(expression, #expression)

// What the threads share: slots with streams, some of them in the scheduler.
struct Shared {
  dt_model* model = nullptr;
  std::atomic<dt_scheduler*> scheduler{nullptr};
  std::atomic<dt_stream*> streams[8] = {};
  std::vector<float> audio, style;
  size_t n_channels = 0;
  std::atomic<bool> stop{false};
};

template <typename Info>
Info sized() {
  Info info{};
  info.struct_size = sizeof(info);
  return info;
}

// A new stream in the slot; the one before is released while others may be inside of it.
void make_stream(Shared& s, std::mt19937& random, std::atomic<dt_stream*>& slot) {
  dt_stream_options options;
  dt_stream_options_default(&options);
  options.seed = random();
  options.sample_rate_hz = random() % 2 == 0 ? 0 : 16000;
  options.silence_gate = static_cast<int32_t>(random() % 2);
  options.smoothing_ms = static_cast<int32_t>(random() % 2 * 50);
  options.max_buffered_ms = random() % 2 == 0 ? 1000 : 100;
  options.grow_to_ms = random() % 2 == 0 ? 0 : 3000;
  dt_stream* made = nullptr;
  CALL(dt_stream_create(s.model, &options, &made));
  dt_stream_release(slot.exchange(made));
}

void push(Shared& s, std::mt19937& random, dt_stream* stream) {
  const int32_t rate = random() % 20 == 0 ? 44100 : 16000;
  const size_t n = 1 + random() % 3000;
  if (random() % 3 > 0) {
    CALL(dt_stream_push(stream, s.audio.data(), n, 1, rate));
    return;
  }
  auto info = sized<dt_stream_info>();
  CALL(dt_stream_get_info(stream, &info));
  CALL(dt_stream_push_utterance(stream, info.utterance > 0 ? info.utterance : 1, s.audio.data(), n, 1, rate));
}

void end_audio(std::mt19937& random, dt_stream* stream) {
  if (random() % 2 == 0) {
    CALL(dt_stream_flush(stream));
    return;
  }
  CALL(dt_stream_flush_utterance(stream, 1 + random() % 4));
}

void pull(Shared& s, std::mt19937& random, dt_stream* stream, std::vector<float>& frames) {
  int64_t first = 0, utterance = 0;
  size_t n = 0;
  float pose[16 * 3];
  if (random() % 2 == 0) {
    CALL(dt_stream_pull(stream, frames.data(), 16, &first, &n));
  } else {
    CALL(dt_stream_pull_utterance(stream, frames.data(), pose, 16, &first, &n, &utterance));
  }
  for (size_t i = 0; i < n * s.n_channels; ++i) {
    if (!std::isfinite(frames[i])) ++n_failures;
  }
}

void look_at(std::mt19937& random, dt_stream* stream, std::vector<float>& frames) {
  double time_s = 0;
  auto info = sized<dt_stream_info>();
  CALL(dt_stream_get_info(stream, &info));
  const double moment = (static_cast<double>(info.next_frame) + static_cast<double>(random() % 12) - 6) / 30;
  CALL(dt_stream_frame_at(stream, moment, static_cast<int32_t>(random() % 4) - 1, frames.data(), nullptr,
                          &time_s));
}

void interrupt(std::mt19937& random, dt_stream* stream) {
  int64_t next = 0, utterance = 0;
  const auto ease_ms = static_cast<int32_t>(random() % 200);
  if (random() % 2 == 0) {
    CALL(dt_stream_interrupt(stream, ease_ms, &next));
    return;
  }
  auto info = sized<dt_stream_info>();
  CALL(dt_stream_get_info(stream, &info));
  const int64_t shown = info.next_frame - 1 - static_cast<int64_t>(random() % 4);
  CALL(dt_stream_interrupt_at(stream, shown, ease_ms, &next, &utterance));
}

// What tells, of a stream and of the scheduler.
void ask(Shared& s, std::mt19937& random, dt_stream* stream) {
  int64_t n = 0;
  auto stats = sized<dt_stream_stats>();
  auto counts = sized<dt_scheduler_stats>();
  if (random() % 2 == 0) {
    CALL(dt_stream_get_stats(stream, &stats));
  } else {
    CALL(dt_stream_ready_frames(stream, &n));
  }
  CALL(dt_scheduler_get_stats(s.scheduler, &counts));
}

void renew_scheduler(Shared& s, std::mt19937& random) {
  if (random() % 50 != 0) return;
  dt_scheduler* made = nullptr;
  CALL(dt_scheduler_create(s.model, nullptr, &made));
  dt_scheduler_release(s.scheduler.exchange(made));
}

void one_call(Shared& s, std::mt19937& random, std::vector<float>& frames) {
  std::atomic<dt_stream*>& slot = s.streams[random() % 8];
  dt_stream* stream = slot.load();
  switch (random() % 20) {
    case 0:
      make_stream(s, random, slot);
      break;
    case 1:
      CALL(random() % 2 == 0 ? dt_stream_reset(stream) : dt_stream_seek(stream, 1000));
      break;
    case 2:
      interrupt(random, stream);
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
      end_audio(random, stream);
      break;
    case 8:
      CALL(dt_stream_pause(stream, static_cast<int32_t>(random() % 2)));
      break;
    case 9:
      ask(s, random, stream);
      break;
    case 10:
      renew_scheduler(s, random);
      break;
    case 11:
      CALL(dt_stream_idle(stream, static_cast<int64_t>(random() % 20)));
      break;
    case 12:
    case 13:
      look_at(random, stream, frames);
      break;
    case 14:
    case 15:
    case 16:
      pull(s, random, stream, frames);
      break;
    default:
      push(s, random, stream);
  }
}

// One thread counts while another adds: the first stream of a profile makes a scheduler grow.
void stats_beside_add(dt_model* model) {
  for (int i = 0; i < 20; ++i) {
    dt_scheduler* scheduler = nullptr;
    dt_stream* stream = nullptr;
    CALL(dt_scheduler_create(model, nullptr, &scheduler));
    CALL(dt_stream_create(model, nullptr, &stream));
    std::atomic<bool> counts{false}, stop{false};
    std::thread counter([&] {
      while (!stop) {
        auto stats = sized<dt_scheduler_stats>();
        CALL(dt_scheduler_get_stats(scheduler, &stats));
        counts = true;
      }
    });
    while (!counts) std::this_thread::yield();
    CALL(dt_scheduler_add(scheduler, stream));
    stop = true;
    counter.join();
    dt_stream_release(stream);
    dt_scheduler_release(scheduler);
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
  stats_beside_add(s.model);
  dt_scheduler* scheduler = nullptr;
  CALL(dt_scheduler_create(s.model, nullptr, &scheduler));
  s.scheduler = scheduler;
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
