// What the threads of threads.cpp share, and how they check an answer.
#ifndef DT_TESTS_THREADS_HPP
#define DT_TESTS_THREADS_HPP

#include <dt/dt.h>

#include <atomic>
#include <cstdio>
#include <random>
#include <vector>

inline std::atomic<int> n_failures{0};
inline std::atomic<long> n_calls{0};

// Statuses that a race may lead to: released handles, full buffers, closed streams, two at once, utterances
// that another thread ended.
inline void expect_allowed(dt_status status, const char* call) {
  ++n_calls;
  if (status == DT_OK || status == DT_INVALID_ARGUMENT || status == DT_BUFFER_FULL || status == DT_CLOSED ||
      status == DT_BUSY || status == DT_STALE) {
    return;
  }
  std::printf("%s: %d, %s\n", call, static_cast<int>(status), dt_last_error());
  ++n_failures;
}
#define CALL(expression) expect_allowed(expression, #expression)

inline void expect(bool holds, const char* what) {
  ++n_calls;
  if (holds) return;
  std::printf("%s does not hold\n", what);
  ++n_failures;
}
#define HOLDS(expression) expect(expression, #expression)

// What the threads share. Slots are emptied and filled again while others use what was in them.
struct Shared {
  const char* bundle = nullptr;
  dt_model* model = nullptr;  // lives longer than all threads, for what returns strings of it
  dt_model_info info{};
  std::atomic<dt_model*> models[2] = {};
  std::atomic<dt_scheduler*> schedulers[2] = {};
  std::atomic<dt_stream*> streams[8] = {};
  std::atomic<dt_rig*> rigs[2] = {};
  std::vector<float> audio, style;
  size_t n_channels = 0;
  std::atomic<bool> stop{false};
};

// A thread, with arrays that only it uses: dt.h asks for that.
struct Caller {
  Shared& s;
  std::mt19937 random;
  std::vector<float> frames, pose, out, style;
  dt_device_array *array = nullptr, *vertices = nullptr;

  unsigned pick(unsigned n) { return static_cast<unsigned>(random() % n); }
  dt_stream* stream() { return s.streams[pick(8)]; }
  dt_scheduler* scheduler() { return s.schedulers[pick(2)]; }
  dt_model* model() { return pick(4) == 0 ? s.models[pick(2)].load() : s.model; }
};

#endif
