// Threads that call every function of the headers at random, with handles that others release under their
// hands. Whatever happens, every answer is a status that dt.h lists.
// tests/py_pkg/test_capi_threads.py fails when a function of the headers is missing here.
// Usage: threads BUNDLE [SECONDS [THREADS [SEED]]]
#include "threads.hpp"

#include <dt/dt.h>
#include <dt/raster.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "one_triangle.hpp"

namespace {

dt_model_options reference_options() {
  dt_model_options options;
  CALL(dt_model_options_init(&options, sizeof(options)));
  options.backend = "reference";
  options.n_threads = options.n_workers = 4;
  return options;
}

int64_t file_size(void*, const char* name) { return std::strlen(name) == 0 ? 0 : -1; }
int64_t file_read(void*, const char*, int64_t, void*, size_t) { return 0; }
void hear(void* user, int32_t, const char*) { ++*static_cast<std::atomic<long>*>(user); }

void library_calls(Caller& c) {
  static std::atomic<long> heard{0};
  HOLDS(dt_version()[0] != '\0' && dt_abi_version() == DT_ABI_VERSION);
  CALL(dt_abi_check(DT_ABI_VERSION));
  HOLDS(dt_status_string(DT_BUSY)[0] != '\0' && dt_last_error() != nullptr);
  dt_backend_info info{};
  info.struct_size = sizeof(info);
  CALL(dt_backend_get_info(static_cast<int32_t>(c.pick(static_cast<unsigned>(dt_backend_count()))), &info));
  CALL(dt_backend_probe("reference"));
  CALL(dt_set_log(c.pick(2) == 0 ? &hear : nullptr, &heard, DT_LOG_INFO));
  CALL(dt_set_allocator(nullptr));  // busy: models live
  HOLDS(dt_allocated_bytes() > 0);
}

void opening(Caller& c) {
  if (c.pick(20) != 0) return;  // it takes long
  const dt_model_options options = reference_options();
  dt_model *made = nullptr, *none = nullptr;
  CALL(dt_model_open(c.s.bundle, &options, &made));
  dt_model_release(c.s.models[c.pick(2)].exchange(made));
  const dt_reader reader{sizeof(dt_reader), nullptr, &file_size, &file_read};
  HOLDS(dt_model_open_reader(&reader, &options, &none) == DT_BAD_BUNDLE);
  HOLDS(dt_model_open_memory(c.s.audio.data(), 100, &options, &none) == DT_BAD_BUNDLE);
  size_t n = 0;
  CALL(dt_bundle_check(c.s.bundle));
  CALL(dt_bundle_read(c.s.bundle, "bundle.json", c.out.data(), c.out.size() * sizeof(float), &n));
  HOLDS(dt_bundle_read_memory(c.s.audio.data(), 100, "bundle.json", c.out.data(), 100, &n) == DT_BAD_BUNDLE);
}

void names(Caller& c) {
  dt_model* const m = c.s.model;  // strings live as long as it
  HOLDS(dt_model_channel_name(m, 0) != nullptr && dt_model_identity_name(m, 0) != nullptr);
  HOLDS((dt_model_emotion_name(m, 0) != nullptr) == (c.s.info.n_emotions > 0));
  HOLDS((dt_model_default_emotion(m) != nullptr) == (c.s.info.n_emotions > 0));
  HOLDS(dt_model_profile_name(m, 0) != nullptr && dt_model_motion_space(m) != nullptr);
  HOLDS(dt_model_backend_name(m) != nullptr && dt_model_precision(m) != nullptr);
  HOLDS(dt_model_metadata_json(m) != nullptr && dt_model_opening_warnings(m) != nullptr);
  dt_model_info info{};
  info.struct_size = sizeof(info);
  CALL(dt_model_get_info(c.model(), &info));
  dt_profile_info profile{};
  profile.struct_size = sizeof(profile);
  CALL(dt_model_get_profile(c.model(), nullptr, &profile));
}

void styles(Caller& c) {
  const size_t d = c.style.size();
  CALL(dt_model_get_style(c.model(), nullptr, nullptr, c.style.data(), d));
  const dt_style_part parts[2] = {{c.s.style.data(), 1}, {c.s.style.data(), 2}};
  CALL(dt_model_blend_styles(c.model(), parts, 2, c.style.data(), d));
  const char* const emotion = dt_model_emotion_name(c.s.model, 0);
  const dt_emotion_part mood{emotion, 1};
  CALL(dt_model_mix_emotions(c.model(), nullptr, &mood, emotion == nullptr ? 0 : 1, 1, c.style.data(), d));
  if (c.s.info.has_enrollment == 0 || c.pick(8) != 0) return;
  const std::vector<float>& a = c.s.audio;
  CALL(dt_model_enroll(c.model(), a.data(), a.size(), 1, 16000, nullptr, c.style.data(), d));
  CALL(dt_model_enroll_emotions(c.model(), a.data(), a.size(), 1, 16000, &mood, emotion == nullptr ? 0 : 1, 1,
                                c.style.data(), d));
}

void tools(Caller& c) {
  size_t n = 0;
  CALL(dt_noise_fill(1, 0, 10, 10, c.out.data()));
  CALL(dt_resample(c.s.audio.data(), 1000, 16000, 8000, c.out.data(), c.out.size(), &n));
  CALL(dt_model_log_mel(c.model(), c.s.audio.data(), 1600, c.out.data(), 20, &n));
  const dt_raster_mesh mesh = one_triangle();
  dt_raster_view view;
  CALL(dt_raster_view_init(&view, sizeof(view)));
  place_before_triangle(view);
  uint8_t pixels[kPictureSide * kPictureSide * 3];
  CALL(dt_raster_draw(&mesh, &view, pixels, sizeof(pixels)));
}

void new_stream(Caller& c) {  // the one before is released while others may be inside of it
  dt_stream_options options;
  CALL(dt_stream_options_init(&options, sizeof(options)));
  options.seed = c.random();
  options.sample_rate_hz = c.pick(2) == 0 ? 0 : 16000;
  options.silence_gate = static_cast<int32_t>(c.pick(2));
  options.smoothing_ms = static_cast<int32_t>(c.pick(2) * 50);
  options.max_buffered_ms = c.pick(2) == 0 ? 1000 : 100;
  options.grow_to_ms = c.pick(2) == 0 ? 0 : 3000;
  dt_stream* made = nullptr;
  CALL(dt_stream_create(c.pick(8) == 0 ? c.model() : c.s.model, &options, &made));
  dt_stream_release(c.s.streams[c.pick(8)].exchange(made));
}

void control(Caller& c) {
  int64_t next = 0;
  switch (c.pick(8)) {
    case 0:
      CALL(dt_stream_reset(c.stream()));
      break;
    case 1:
      CALL(dt_stream_interrupt(c.stream(), static_cast<int32_t>(c.pick(200)), &next));
      break;
    case 2:
      CALL(dt_stream_set_style(c.stream(), c.s.style.data(), static_cast<int32_t>(c.pick(300))));
      break;
    case 3:
      CALL(dt_stream_flush(c.stream()));
      break;
    case 4:
      CALL(dt_stream_seek(c.stream(), static_cast<int64_t>(c.pick(100000))));
      break;
    case 5:
      CALL(dt_stream_set_style_at(c.stream(), c.s.style.data(), static_cast<int64_t>(c.pick(300)), 100));
      break;
    case 6: {
      dt_dials dials;
      CALL(dt_dials_init(&dials, sizeof(dials)));
      dials.strength = static_cast<float>(c.pick(20)) / 10;
      dials.smoothing_ms = static_cast<int32_t>(c.pick(100));
      CALL(dt_stream_set_dials(c.stream(), &dials, static_cast<int64_t>(c.pick(300)) - 1, 100));
      break;
    }
    default:
      CALL(dt_stream_pause(c.stream(), static_cast<int32_t>(c.pick(2))));
  }
}

void push(Caller& c) {
  const int32_t rate_hz = c.pick(20) == 0 ? 44100 : 16000;
  CALL(dt_stream_push(c.stream(), c.s.audio.data(), 1 + c.pick(3000), 1, rate_hz));
}

void expect_finite(const Caller& c, size_t n) {
  for (size_t i = 0; i < n * c.s.n_channels; ++i) {
    if (!std::isfinite(c.frames[i])) ++n_failures;
  }
}

void pull(Caller& c) {
  int64_t first = 0;
  size_t n = 0;
  CALL(dt_stream_pull(c.stream(), c.frames.data(), 16, &first, &n));
  expect_finite(c, n);
  n = 0;
  CALL(dt_stream_pull_with_pose(c.stream(), c.frames.data(), c.pose.data(), 16, &first, &n));
  expect_finite(c, n);
}

void queries(Caller& c) {
  dt_stream_info info{};
  info.struct_size = sizeof(info);
  CALL(dt_stream_get_info(c.stream(), &info));
  dt_stream_stats stats{};
  stats.struct_size = sizeof(stats);
  CALL(dt_stream_get_stats(c.stream(), &stats));
  int64_t ready = 0;
  CALL(dt_stream_ready_frames(c.stream(), &ready));
  dt_scheduler_stats of_crowd{};
  of_crowd.struct_size = sizeof(of_crowd);
  CALL(dt_scheduler_get_stats(c.scheduler(), &of_crowd));
}

void crowd(Caller& c) {
  switch (c.pick(8)) {
    case 0: {
      if (c.pick(10) != 0) return;
      dt_scheduler_options options;
      CALL(dt_scheduler_options_init(&options, sizeof(options)));
      options.max_wait_us = c.pick(2) * 500;
      dt_scheduler* made = nullptr;
      CALL(dt_scheduler_create(c.s.model, &options, &made));
      dt_scheduler_release(c.s.schedulers[c.pick(2)].exchange(made));
      break;
    }
    case 1:
      CALL(dt_scheduler_remove(c.scheduler(), c.stream()));
      break;
    case 2:
    case 3:
      CALL(dt_scheduler_add(c.scheduler(), c.stream()));
      break;
    default: {
      dt_step_info info{};
      info.struct_size = sizeof(info);
      CALL(dt_scheduler_step(c.scheduler(), 2000, 4, &info));
    }
  }
}

void utterances(Caller& c) {
  dt_stream* const stream = c.stream();
  dt_stream_info info{};
  info.struct_size = sizeof(info);
  CALL(dt_stream_get_info(stream, &info));
  const int64_t now = info.utterance > 0 ? info.utterance : 1;
  int64_t first = 0, next = 0, utterance = 0;
  double time_s = 0;
  size_t n = 0;
  CALL(dt_stream_push_utterance(stream, now, c.s.audio.data(), 1 + c.pick(3000), 1, 16000));
  CALL(dt_stream_idle(stream, static_cast<int64_t>(c.pick(20))));
  CALL(dt_stream_pull_utterance(stream, c.frames.data(), c.pose.data(), 16, &first, &n, &utterance));
  expect_finite(c, n);
  const double moment = (static_cast<double>(info.next_frame) + static_cast<double>(c.pick(12)) - 6) / 30;
  CALL(dt_stream_frame_at(stream, moment, static_cast<int32_t>(c.pick(4)) - 1, c.frames.data(), nullptr,
                          &time_s));
  const int64_t shown = info.next_frame - 1 - static_cast<int64_t>(c.pick(4));
  if (c.pick(4) == 0) CALL(dt_stream_interrupt_at(stream, shown, 100, &next, &utterance));
  if (c.pick(8) == 0) CALL(dt_stream_flush_utterance(stream, now));
}

void on_device(Caller& c) {
  int64_t first = 0;
  size_t n = 0;
  if (c.array == nullptr) {
    const int64_t rows[2] = {16, static_cast<int64_t>(c.s.n_channels)}, points[3] = {16, 5, 3};
    CALL(dt_device_array_create(c.s.model, rows, 2, &c.array));
    CALL(dt_device_array_create(c.s.model, points, 3, &c.vertices));
  }
  CALL(dt_stream_pull_device(c.stream(), c.array, &first, &n));
  CALL(dt_stream_pull_device_with_pose(c.stream(), c.array, c.pose.data(), &first, &n));
  dt_device_array_info info{};
  info.struct_size = sizeof(info);
  CALL(dt_device_array_get_info(c.array, &info));
  CALL(dt_device_array_wait(c.array, nullptr));
  if (c.pick(10) == 0) {
    dt_rig* rig = nullptr;
    CALL(dt_rig_create(c.s.model, c.s.audio.data(), 5, c.s.audio.data(), &rig));
    dt_rig_release(c.s.rigs[c.pick(2)].exchange(rig));
  }
  CALL(dt_rig_pose(c.s.rigs[c.pick(2)], c.array, 16, c.vertices));
  if (c.pick(10) != 0) return;
  dt_device_array_release(c.array);
  dt_device_array_release(c.vertices);
  c.array = c.vertices = nullptr;
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
        dt_scheduler_stats stats{};
        stats.struct_size = sizeof(stats);
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
  Caller c{s, std::mt19937(seed), {}, {}, {}, {}};
  c.frames.resize(16 * s.n_channels);
  c.pose.resize(16 * 3);
  c.out.resize(20 * static_cast<size_t>(s.info.n_mels) + 2000);
  c.style.resize(s.style.size());
  using Action = void (*)(Caller&);
  // Those that move frames come more often.
  std::vector<Action> actions = {library_calls, opening, names, styles,    tools,      new_stream, control,
                                 control,       push,    push,  push,      push,       pull,       pull,
                                 queries,       crowd,   crowd, on_device, utterances, utterances};
  while (!s.stop) actions[c.pick(static_cast<unsigned>(actions.size()))](c);
  dt_device_array_release(c.array);
  dt_device_array_release(c.vertices);
}

bool begin(Shared& s, const char* bundle) {
  s.bundle = bundle;
  const dt_model_options options = reference_options();
  if (dt_model_open(bundle, &options, &s.model) != DT_OK) {
    std::printf("%s\n", dt_last_error());
    return false;
  }
  s.info.struct_size = sizeof(s.info);
  CALL(dt_model_get_info(s.model, &s.info));
  s.n_channels = static_cast<size_t>(s.info.n_channels);
  s.style.assign(static_cast<size_t>(s.info.d_identity), 0.25f);
  const size_t n = std::max<size_t>(40000, 3 * 5 * s.n_channels);  // also a rig's numbers
  for (size_t i = 0; i < n; ++i) s.audio.push_back(0.2f * std::sin(0.05f * static_cast<float>(i)));
  for (auto& scheduler : s.schedulers) {
    dt_scheduler* made = nullptr;
    CALL(dt_scheduler_create(s.model, nullptr, &made));
    scheduler = made;
  }
  return true;
}

void end(Shared& s) {
  for (auto& stream : s.streams) dt_stream_release(stream);
  for (auto& scheduler : s.schedulers) dt_scheduler_release(scheduler);
  for (auto& rig : s.rigs) dt_rig_release(rig);
  for (auto& model : s.models) dt_model_release(model);
  dt_model_release(s.model);
  CALL(dt_set_log(nullptr, nullptr, DT_LOG_INFO));
  if (dt_allocated_bytes() == 0) return;
  std::printf("%lld bytes are still allocated\n", static_cast<long long>(dt_allocated_bytes()));
  ++n_failures;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 5;
  const int n_threads = argc > 3 ? std::atoi(argv[3]) : 16;
  const unsigned seed = argc > 4 ? static_cast<unsigned>(std::atoi(argv[4])) : 1;
  Shared s;
  if (!begin(s, argv[1])) return 1;
  stats_beside_add(s.model);
  std::vector<std::thread> threads;
  for (int i = 0; i < n_threads; ++i)
    threads.emplace_back(work, std::ref(s), seed + static_cast<unsigned>(i));
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  s.stop = true;
  for (std::thread& t : threads) t.join();
  end(s);
  std::printf("%ld calls from %d threads (seed %u), %d failures\n", n_calls.load(), n_threads, seed,
              n_failures.load());
  return n_failures == 0 ? 0 : 1;
}
