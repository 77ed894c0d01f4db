// One life of a program on the C ABI, from dt_model_open to the last release, over and over, and every time
// another allocation in it fails. The call that meets it returns DT_OUT_OF_MEMORY with a message, or does
// without; asked again it works, as if nothing had been; the frames are those of a life without a failure;
// and in the end everything is released. Usage: allocation_failures BUNDLE [STRIDE] STRIDE: every so manieth
// allocation; 1, the default, is all of them. Linux and macOS.
#include <dt/dt.h>
#include <dt/raster.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "expect.h"
#include "failing_new.h"

namespace {

int64_t n_lives = 0, n_refused = 0, n_done_without = 0;
const char* met_by = "nobody";  // the call that met the failure
bool is_owed = false;           // a step met the failure, which its stream tells later

void* hook_allocate(void*, size_t bytes, size_t alignment) {
  return failing::allocate(bytes, alignment, true);
}
void hook_release(void*, void* memory, size_t, size_t) { failing::release(memory); }

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
std::FILE* open_in(const void* folder, const char* name) {
  char path[4096];
  std::snprintf(path, sizeof(path), "%s/%s", static_cast<const char*>(folder), name);
  return std::fopen(path, "rb");
}
int64_t reader_size(void* user, const char* name) {
  std::FILE* const file = open_in(user, name);
  if (file == nullptr) return -1;
  std::fseek(file, 0, SEEK_END);
  const int64_t size = std::ftell(file);
  std::fclose(file);
  return size;
}
int64_t reader_read(void* user, const char* name, int64_t offset, void* buffer, size_t n_bytes) {
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

struct Life {
  const std::vector<float>& speech;  // 16 kHz, long enough to enrol
  Result& result;
  dt_model* model = nullptr;
  dt_model_info info{};
  size_t channels = 0, d = 0;

  // All that is ready. A call that fails after some frames gives those, and tells it the next time.
  void pull(dt_stream* stream) {
    int64_t first = 0;
    size_t n = 0;
    for (int i = 0, n_empty = 0;; ++i) {
      float pose[16 * 3] = {};
      float* const frames = result.place(16 * channels);
      if (i % 2 == 0) {
        DO(dt_stream_pull(stream, frames, 16, &first, &n));
      } else {
        DO(dt_stream_pull_with_pose(stream, frames, pose, 16, &first, &n));
      }
      result.n -= (16 - n) * channels;
      n_empty += n == 0 ? 1 : 0;
      if (n_empty > (is_owed ? 1 : 0)) return;
    }
  }

  void open(const char* bundle) {
    dt_model_options options;
    dt_model_options_default(&options);
    options.backend = "reference";
    options.n_threads = 1;
    DO(dt_model_open(bundle, &options, &model));
    dt_model* other = nullptr;
    const dt_reader reader{sizeof(dt_reader), const_cast<char*>(bundle), &reader_size, &reader_read};
    DO(dt_model_open_reader(&reader, &options, &other));
    dt_model_release(other);
    info.struct_size = sizeof(info);
    DO(dt_model_get_info(model, &info));
    channels = static_cast<size_t>(info.n_channels), d = static_cast<size_t>(info.d_identity);
    dt_profile_info profile{};
    profile.struct_size = sizeof(profile);
    DO(dt_model_get_profile(model, nullptr, &profile));
    DO(dt_bundle_check(bundle));
    DO(dt_backend_probe("reference"));
    dt_backend_info backend{};
    backend.struct_size = sizeof(backend);
    DO(dt_backend_get_info(0, &backend));
    EXPECT(dt_model_profile_name(model, 0) != nullptr && dt_model_metadata_json(model) != nullptr);
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
    const float positions[9] = {-1, -1, 0, 1, -1, 0, 0, 1, 0};
    const float colors[12] = {1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0};
    const int32_t triangle[3] = {0, 1, 2};
    const dt_raster_mesh mesh{sizeof(dt_raster_mesh), positions, colors, nullptr, 3, triangle, 1};
    dt_raster_view view;
    dt_raster_view_default(&view);
    view.width = view.height = 16;
    view.eye[2] = 5;
    uint8_t pixels[16 * 16 * 3];
    DO(dt_raster_draw(&mesh, &view, pixels, sizeof(pixels)));
    for (const uint8_t p : pixels) *result.place(1) = p;
  }

  void one_stream(const float* style) {
    const std::vector<float>& s = speech;
    dt_stream_options options;
    dt_stream_options_default(&options);
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
    DO(dt_dials_default(&dials));
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
    DO(dt_scheduler_create(model, nullptr, &scheduler));
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

void live(const char* bundle, const std::vector<float>& speech, Result* result) {
  result->n = 0;
  is_owed = false;
  std::fill(result->numbers.begin(), result->numbers.end(), 0.0f);
  Life life{speech, *result};
  life.open(bundle);
  if (life.model == nullptr) return;
  const float* const style = life.styles();
  life.tools();
  life.one_stream(style);
  life.crowd();
  dt_model_release(life.model);
  ++n_lives;
}

void sweep(const char* bundle, const std::vector<float>& speech, int64_t stride, bool all_after,
           bool by_hook) {
  const dt_allocator hooks{sizeof(dt_allocator), nullptr, &hook_allocate, &hook_release};
  if (by_hook) EXPECT(dt_set_allocator(&hooks) == DT_OK);
  Result usual, got;
  failing::is_of_hooks = by_hook;
  failing::disarm();
  live(bundle, speech, &got);  // what is made once in a process is there now
  const int64_t before = failing::n_live;
  failing::arm(-1, false);
  live(bundle, speech, &usual);
  const int64_t n_all = failing::n_asked;
  EXPECT(failing::n_live == before);
  const int64_t refused = n_refused, without = n_done_without;
  for (int64_t at = 1; at <= n_all && n_failures < 20; at += stride) {
    failing::arm(at, all_after);
    live(bundle, speech, &got);
    failing::disarm();
    if (failing::n_live != before || dt_allocated_bytes() != 0) {
      std::printf("allocation %lld: %lld allocations were not released, %lld bytes\n",
                  static_cast<long long>(at), static_cast<long long>(failing::n_live - before),
                  static_cast<long long>(dt_allocated_bytes()));
      ++n_failures;
    }
    if (got.numbers != usual.numbers) {
      size_t i = 0;
      while (got.numbers[i] == usual.numbers[i]) ++i;
      std::printf("allocation %lld, met by %s: number %zu of %zu is %g, without a failure %g\n",
                  static_cast<long long>(at), met_by, i, usual.n, static_cast<double>(got.numbers[i]),
                  static_cast<double>(usual.numbers[i]));
      ++n_failures;
    }
  }
  std::printf(
      "%lld allocations, every %lldth fails%s%s: %lld calls returned DT_OUT_OF_MEMORY, %lld did without\n",
      static_cast<long long>(n_all), static_cast<long long>(stride), all_after ? " with all after it" : "",
      by_hook ? ", our own by dt_set_allocator" : "", static_cast<long long>(n_refused - refused),
      static_cast<long long>(n_done_without - without));
  if (by_hook) EXPECT(dt_set_allocator(nullptr) == DT_OK);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int64_t stride = argc > 2 ? std::atoll(argv[2]) : 1;
  std::vector<float> speech;
  for (int i = 0; i < 16000 * 4; ++i) {
    speech.push_back(static_cast<float>(0.3 * std::sin(0.05 * i) * std::sin(0.0008 * i)));
  }
  for (const bool all_after : {false, true}) sweep(argv[1], speech, stride, all_after, false);
  sweep(argv[1], speech, stride, false, true);
  std::printf("%lld lives, %d failures\n", static_cast<long long>(n_lives), n_failures);
  return n_failures == 0 ? 0 : 1;
}
