// One life of a program on the C ABI, from dt_model_open to the last release, which calls every function of
// the headers. tests/py_pkg/test_capi_threads.py fails when one is missing here.
#ifndef DT_TESTS_ALLOCATION_LIFE_HPP
#define DT_TESTS_ALLOCATION_LIFE_HPP

#include <dt/dt.h>
#include <dt/raster.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "expect.h"
#include "failing_new.h"
#include "one_triangle.hpp"

inline int64_t n_refused = 0, n_done_without = 0;
inline const char* met_by = "nobody";  // the call that met the failure
inline bool is_owed = false;           // a step met the failure, which its stream tells later

// A call that may meet the failure. Once it has, nothing fails any more.
template <typename Call>
void attempt(const char* name, Call&& call) {
  const int64_t before = failing::n_failed;
  dt_status status = call();
  const bool has_met = failing::n_failed != before;
  if (has_met) failing::disarm();
  if (has_met) met_by = name;
  const bool is_told_now = !has_met && is_owed && status != DT_OK;
  if (has_met && status == DT_OK) {
    ++n_done_without;
    is_owed = true;
  }
  if ((has_met || is_told_now) && status != DT_OK) {
    is_owed = false;
    ++n_refused;
    if (status != DT_OUT_OF_MEMORY || dt_last_error()[0] == '\0') {
      std::printf("%s, when an allocation fails: status %d, \"%s\"\n", name, static_cast<int>(status),
                  dt_last_error());
      ++n_failures;
    }
    status = call();
  }
  if (status != DT_OK) {
    std::printf("%s%s: status %d, \"%s\"\n", name, has_met ? ", asked again" : "", static_cast<int>(status),
                dt_last_error());
    ++n_failures;
  }
}
#define DO(call) attempt(#call, [&] { return call; })

// Of a folder, without operator new.
inline std::FILE* open_in(const void* folder, const char* name) {
  char path[4096];
  std::snprintf(path, sizeof(path), "%s/%s", static_cast<const char*>(folder), name);
  return std::fopen(path, "rb");
}
inline int64_t reader_size(void* user, const char* name) {
  std::FILE* const file = open_in(user, name);
  if (file == nullptr) return -1;
  std::fseek(file, 0, SEEK_END);
  const int64_t size = std::ftell(file);
  std::fclose(file);
  return size;
}
inline int64_t reader_read(void* user, const char* name, int64_t offset, void* buffer, size_t n_bytes) {
  std::FILE* const file = open_in(user, name);
  if (file == nullptr) return 0;
  std::fseek(file, static_cast<long>(offset), SEEK_SET);
  const auto n = static_cast<int64_t>(std::fread(buffer, 1, n_bytes, file));
  std::fclose(file);
  return n;
}

// What a life leaves: its frames and all other numbers that the library computed. Kept in memory that was
// made beforehand, so that the program itself does not allocate.
struct Result {
  std::vector<float> numbers = std::vector<float>(size_t{1} << 20);
  size_t n = 0;
  float* place(size_t size) {
    if (n + size > numbers.size()) std::abort();
    n += size;
    return numbers.data() + n - size;
  }
};

// What a life has from its program.
struct Place {
  const char* bundle;  // a folder
  const char* backend;
  const std::string& packed;         // the same bundle as one ZIP
  const std::vector<float>& speech;  // 16 kHz, long enough to enrol
};

struct Life {
  const Place& place;
  const std::vector<float>& speech;
  Result& result;
  dt_model* model = nullptr;
  dt_model_info info{};
  size_t channels = 0, d = 0;

  // All that is ready. A call that fails after some frames gives those, and tells it the next time.
  void pull(dt_stream* stream) {
    int64_t first = 0, utterance = 0;
    size_t n = 0;
    for (int i = 0, n_empty = 0;; ++i) {
      float pose[16 * 3] = {};
      float* const frames = result.place(16 * channels);
      if (i % 3 == 0) {
        DO(dt_stream_pull(stream, frames, 16, &first, &n));
      } else if (i % 3 == 1) {
        DO(dt_stream_pull_utterance(stream, frames, pose, 16, &first, &n, &utterance));
      } else {
        DO(dt_stream_pull_with_pose(stream, frames, pose, 16, &first, &n));
      }
      result.n -= (16 - n) * channels;
      n_empty += n == 0 ? 1 : 0;
      if (n_empty > (is_owed ? 1 : 0)) return;
    }
  }

  void open() {
    dt_model_options options;
    DO(dt_model_options_init(&options, sizeof(options)));
    options.backend = place.backend;
    options.n_threads = 1;
    DO(dt_model_open(place.bundle, &options, &model));
    dt_model* other = nullptr;
    const dt_reader reader{sizeof(dt_reader), const_cast<char*>(place.bundle), &reader_size, &reader_read};
    DO(dt_model_open_reader(&reader, &options, &other));
    dt_model_release(other);
    other = nullptr;
    DO(dt_model_open_memory(place.packed.data(), place.packed.size(), &options, &other));
    dt_model_release(other);
    info.struct_size = sizeof(info);
    DO(dt_model_get_info(model, &info));
    channels = static_cast<size_t>(info.n_channels), d = static_cast<size_t>(info.d_identity);
    dt_profile_info profile{};
    profile.struct_size = sizeof(profile);
    DO(dt_model_get_profile(model, nullptr, &profile));
    names();
  }

  void names() {
    EXPECT(dt_model_profile_name(model, 0) != nullptr && dt_model_metadata_json(model) != nullptr);
    EXPECT(dt_model_channel_name(model, 0) != nullptr && dt_model_identity_name(model, 0) != nullptr);
    EXPECT((dt_model_default_emotion(model) != nullptr) == (info.n_emotions > 0));
    EXPECT(dt_model_motion_space(model) != nullptr && dt_model_precision(model) != nullptr);
    EXPECT(dt_model_backend_name(model) != nullptr && dt_model_opening_warnings(model) != nullptr);
  }

  void library() {
    EXPECT(dt_abi_version() == DT_ABI_VERSION && dt_version()[0] != '\0' && dt_backend_count() > 0);
    EXPECT(dt_status_string(DT_OUT_OF_MEMORY)[0] != '\0');
    DO(dt_abi_check(DT_ABI_VERSION));
    DO(dt_set_log(nullptr, nullptr, DT_LOG_INFO));
    attempt("dt_set_allocator", [] {
      const dt_status status = dt_set_allocator(nullptr);
      return status == DT_BUSY ? DT_OK : status;  // the model's tables are there
    });
    DO(dt_backend_probe(place.backend));
    dt_backend_info backend{};
    backend.struct_size = sizeof(backend);
    DO(dt_backend_get_info(0, &backend));
    DO(dt_bundle_check(place.bundle));
    size_t n = 0;
    char text[1 << 16];
    DO(dt_bundle_read(place.bundle, "bundle.json", text, sizeof(text), &n));
    const std::string& z = place.packed;
    DO(dt_bundle_read_memory(z.data(), z.size(), "bundle.json", text, sizeof(text), &n));
    *result.place(1) = static_cast<float>(n);
  }

  float* styles() {
    float* const style = result.place(d);
    DO(dt_model_get_style(model, nullptr, nullptr, style, d));
    const dt_style_part parts[2] = {{style, 1}, {style, 2}};
    float *const blended = result.place(d), *const mixed = result.place(d), *const enrolled = result.place(d);
    float* const in_mood = result.place(d);
    DO(dt_model_blend_styles(model, parts, 2, blended, d));
    const char* const emotion = dt_model_emotion_name(model, 0);
    const dt_emotion_part mood{emotion, 1};
    if (emotion != nullptr) DO(dt_model_mix_emotions(model, nullptr, &mood, 1, 0.5f, mixed, d));
    const std::vector<float>& s = speech;
    if (info.has_enrollment != 0) {
      DO(dt_model_enroll(model, s.data(), s.size(), 1, 16000, nullptr, enrolled, d));
    }
    if (info.has_enrollment != 0 && emotion != nullptr) {
      DO(dt_model_enroll_emotions(model, s.data(), s.size(), 1, 16000, &mood, 1, 0.5f, in_mood, d));
    }
    return style;
  }

  void tools() {
    size_t n = 0;
    float *const noise = result.place(32), *const resampled = result.place(2500);
    float* const mel = result.place(20 * static_cast<size_t>(info.n_mels));
    DO(dt_noise_fill(1, 0, 4, 8, noise));
    DO(dt_resample(speech.data(), 1600, 16000, 24000, resampled, 2500, &n));
    DO(dt_model_log_mel(model, speech.data(), 1600, mel, 20, &n));
    const dt_raster_mesh mesh = one_triangle();
    dt_raster_view view;
    DO(dt_raster_view_init(&view, sizeof(view)));
    place_before_triangle(view);
    uint8_t pixels[kPictureSide * kPictureSide * 3];
    DO(dt_raster_draw(&mesh, &view, pixels, sizeof(pixels)));
    for (const uint8_t p : pixels) *result.place(1) = p;
  }

  void one_stream(const float* style) {
    const std::vector<float>& s = speech;
    dt_stream_options options;
    DO(dt_stream_options_init(&options, sizeof(options)));
    options.smoothing_ms = 50;
    options.silence_gate = 1;
    options.seed = 3;
    dt_stream* stream = nullptr;
    DO(dt_stream_create(model, &options, &stream));
    DO(dt_stream_push(stream, s.data(), 8000, 1, 44100));  // a resampler
    pull(stream);
    DO(dt_stream_set_style(stream, style, 200));
    DO(dt_stream_set_style_at(stream, style, 20, 100));
    dt_dials dials;
    DO(dt_dials_init(&dials, sizeof(dials)));
    dials.strength = 1.2f;
    dials.smoothing_ms = 40;
    dials.jaw_sharpness = 0.5f;
    DO(dt_stream_set_dials(stream, &dials, 10, 200));
    DO(dt_stream_push(stream, s.data() + 8000, 8000, 1, 44100));
    pull(stream);
    int64_t next = 0;
    DO(dt_stream_interrupt(stream, 100, &next));
    pull(stream);
    DO(dt_stream_pause(stream, 1));
    DO(dt_stream_pause(stream, 0));
    DO(dt_stream_seek(stream, 1000));
    DO(dt_stream_push(stream, s.data(), 8000, 1, 16000));
    DO(dt_stream_flush(stream));
    pull(stream);
    DO(dt_stream_reset(stream));
    dt_stream_info stream_info{};
    stream_info.struct_size = sizeof(stream_info);
    DO(dt_stream_get_info(stream, &stream_info));
    dt_stream_stats stats{};
    stats.struct_size = sizeof(stats);
    DO(dt_stream_get_stats(stream, &stats));
    on_device(stream);
    dt_stream_release(stream);
  }

  // Utterances, silence, moments, and a buffer that grows.
  void conversation() {
    const std::vector<float>& s = speech;
    const dt_emotion_part mood{dt_model_emotion_name(model, 0), 1.5f};
    const std::vector<float>& ones = one_per_channel();
    dt_dials dials;
    DO(dt_dials_init(&dials, sizeof(dials)));
    dials.blink_rate = 2;
    dials.channel_gain = dials.channel_max = ones.data();
    if (mood.emotion != nullptr) dials.n_emotions = 1, dials.emotions = &mood;
    dt_stream_options options;
    DO(dt_stream_options_init(&options, sizeof(options)));
    options.dials = &dials;
    options.max_buffered_ms = 100;
    options.grow_to_ms = 3000;
    options.history_ms = 2000;
    dt_stream* stream = nullptr;
    DO(dt_stream_create(model, &options, &stream));
    DO(dt_stream_push_utterance(stream, 1, s.data(), 20000, 1, 16000));  // more than there is room for
    int64_t n_ready = 0, next = 0, utterance = 0;
    DO(dt_stream_ready_frames(stream, &n_ready));
    *result.place(1) = static_cast<float>(n_ready);
    moment(stream, 0.31);
    pull(stream);
    dt_stream_info of_stream{};
    of_stream.struct_size = sizeof(of_stream);
    DO(dt_stream_get_info(stream, &of_stream));
    DO(dt_stream_interrupt_at(stream, of_stream.next_frame - 3, 100, &next, &utterance));
    DO(dt_stream_idle(stream, 10));
    if (mood.emotion != nullptr) dials.emotion_strength = 0.5f;
    DO(dt_stream_set_dials(stream, &dials, -1, 100));
    DO(dt_stream_flush_utterance(stream, utterance));
    pull(stream);
    dt_stream_release(stream);
  }

  // A call that fails after some frames holds the newest of them, and tells it the next time, like a pull.
  void moment(dt_stream* stream, double time_s) {
    float *const weights = result.place(channels), *const pose = result.place(3);
    double pose_time_s = 0;
    do {
      DO(dt_stream_frame_at(stream, time_s, -1, weights, pose, &pose_time_s));
    } while (pose_time_s < time_s && is_owed);
    EXPECT(pose_time_s == time_s);
  }

  const std::vector<float>& one_per_channel() const {
    static const std::vector<float> ones(channels, 1.0f);
    return ones;
  }

  void on_device(dt_stream* stream) {
    const std::vector<float>& s = speech;
    const int64_t rows[2] = {8, static_cast<int64_t>(channels)}, points[3] = {8, 5, 3};
    dt_device_array *frames = nullptr, *vertices = nullptr;
    dt_rig* rig = nullptr;
    float pose[8 * 3] = {};
    int64_t first = 0;
    size_t n = 0;
    DO(dt_device_array_create(model, rows, 2, &frames));
    DO(dt_device_array_create(model, points, 3, &vertices));
    DO(dt_rig_create(model, s.data(), 5, s.data(), &rig));
    DO(dt_stream_push(stream, s.data(), 12000, 1, 16000));
    for (int i = 0, n_empty = 0; n_empty <= (is_owed ? 1 : 0); ++i) {
      if (i % 2 == 0) {
        DO(dt_stream_pull_device(stream, frames, &first, &n));
      } else {
        DO(dt_stream_pull_device_with_pose(stream, frames, pose, &first, &n));
      }
      DO(dt_rig_pose(rig, frames, n, vertices));
      DO(dt_device_array_wait(frames, nullptr));
      dt_device_array_info of_frames{};
      of_frames.struct_size = sizeof(of_frames);
      DO(dt_device_array_get_info(frames, &of_frames));
      const float* const data = static_cast<const float*>(of_frames.data);
      for (size_t k = 0; k < n * channels; ++k) *result.place(1) = data[k];
      n_empty += n == 0 ? 1 : 0;
    }
    dt_rig_release(rig);
    dt_device_array_release(vertices);
    dt_device_array_release(frames);
  }

  void crowd() {
    dt_scheduler* scheduler = nullptr;
    dt_stream* streams[3] = {};
    dt_scheduler_options options;
    DO(dt_scheduler_options_init(&options, sizeof(options)));
    DO(dt_scheduler_create(model, &options, &scheduler));
    for (dt_stream*& stream : streams) {
      DO(dt_stream_create(model, nullptr, &stream));
      DO(dt_scheduler_add(scheduler, stream));
    }
    for (int round = 0; round < 2; ++round) {
      for (dt_stream* stream : streams) DO(dt_stream_push(stream, speech.data(), 12000, 1, 16000));
      dt_step_info step{};
      step.struct_size = sizeof(step);
      // A window that failed is told in the step's numbers and by the pull of its stream.
      do {
        DO(dt_scheduler_step(scheduler, -1, -1, &step));
      } while (step.n_windows > 0 || step.n_failed > 0);
      for (dt_stream* stream : streams) pull(stream);
    }
    dt_scheduler_stats stats{};
    stats.struct_size = sizeof(stats);
    DO(dt_scheduler_get_stats(scheduler, &stats));
    DO(dt_scheduler_remove(scheduler, streams[0]));
    for (dt_stream* stream : streams) dt_stream_release(stream);
    dt_scheduler_release(scheduler);
  }
};

#endif
