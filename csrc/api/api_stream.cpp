// dt/stream.h.
#include <algorithm>
#include <cmath>
#include <utility>

#include "api/dial_arguments.h"
#include "api/handles.h"
#include "api/structs.h"
#include "api/style_arguments.h"
#include "dt/dt.h"

namespace {

using dt::checked;
using dt::UseStream;

dt_stream_options default_stream_options() {
  dt_stream_options o{};
  o.max_buffered_ms = 1000;
  o.ease_out_frames = 5;
  o.lip_seal = 1;
  o.gate_open_dbfs = -45;
  o.gate_close_dbfs = -51;
  o.gate_hold_ms = 200;
  o.gate_ease_ms = 200;
  o.deadline_ms = -1;
  o.emotion_strength = 1;
  o.head_amount = 1;
  o.history_ms = -1;
  return o;
}

// What the options say of identity and emotion.
dt::Mood checked_mood(const dt_stream_options& o) {
  dt::Mood mood;
  mood.strength = checked(o.emotion_strength, 0, 2, "emotion_strength");
  mood.is_own = o.style != nullptr;
  mood.has_identity = o.identity != nullptr;
  mood.has_emotion = o.emotion != nullptr;
  if (mood.has_identity) mood.identity = o.identity;
  if (mood.has_emotion) mood.emotion = o.emotion;
  if (mood.is_own && mood.has_emotion) {
    throw dt::Error(DT_INVALID_ARGUMENT,
                    "style and emotion are both given: a style holds identity and emotion, leave one away");
  }
  if (mood.is_own && mood.strength != 1) {
    throw dt::Error(
        DT_INVALID_ARGUMENT,
        "style and emotion_strength are both given: a style holds the strength of its emotion, make it "
        "with dt_model_mix_emotions");
  }
  return mood;
}

double checked_power(float dbfs, float low, float high, const char* name) {
  if (!(dbfs >= low && dbfs <= high)) {
    throw dt::Error(DT_INVALID_ARGUMENT, std::string(name) + " is " + std::to_string(dbfs) + ", expected " +
                                             std::to_string(low) + " to " + std::to_string(high));
  }
  return std::pow(10.0, dbfs / 10.0);
}

dt::PostSettings post_settings(const dt::MotionSpec& motion, const dt_stream_options& o,
                               const dt_dials& dials) {
  dt::PostSettings post;
  post.head_amount = checked(o.head_amount, 0, 2, "head_amount");
  post.dials = dt::checked_dials(motion, dials);
  post.smoothing_ms = checked(o.smoothing_ms, 0, 1000, "smoothing_ms");
  post.lip_seal = checked(o.lip_seal, 0, 1, "lip_seal") != 0;
  post.gate.is_on = checked(o.silence_gate, 0, 1, "silence_gate") != 0;
  post.gate.open_power = checked_power(o.gate_open_dbfs, -70, 0, "gate_open_dbfs");
  post.gate.close_power = checked_power(o.gate_close_dbfs, -70, o.gate_open_dbfs, "gate_close_dbfs");
  post.gate.hold_ms = checked(o.gate_hold_ms, 0, 5000, "gate_hold_ms");
  post.gate.ease_ms = checked(o.gate_ease_ms, 0, 5000, "gate_ease_ms");
  return post;
}

int checked_growth(const dt_stream_options& o) {
  return o.grow_to_ms == 0 ? 0 : checked(o.grow_to_ms, o.max_buffered_ms, 3600000, "grow_to_ms");
}

void check_utterance(int64_t utterance) {
  if (utterance >= 1) return;
  throw dt::Error(DT_INVALID_ARGUMENT, "utterance is " + std::to_string(utterance) +
                                           ", expected a number above 0 as "
                                           "dt_stream_get_info and dt_stream_interrupt_at give it");
}

dt::StreamSettings stream_settings(const dt::Model& model, const dt_stream_options& o) {
  dt::StreamSettings s;
  const dt_dials dials = dt::read_dials(o.dials);
  s.mood = checked_mood(o);
  s.dial_mood = dt::checked_mood(dials);
  const bool is_given = s.mood.is_own && s.dial_mood == dt::DialMood();
  s.style = is_given ? dt::checked_style(model, o.style, "style") : dt::style_of(model, s.mood, s.dial_mood);
  s.seed = o.seed;
  s.profile = model.manifest().profile(o.profile);
  s.max_buffered_ms = checked(o.max_buffered_ms, 100, 3600000, "max_buffered_ms");
  s.grow_to_ms = checked_growth(o);
  s.history_ms = checked(o.history_ms, -1, 60000, "history_ms");
  s.ease_out_frames = checked(o.ease_out_frames, 0, dt::kMaxWindowFrames, "ease_out_frames");
  s.sample_rate_hz = o.sample_rate_hz == 0 ? 0 : checked(o.sample_rate_hz, 1000, 768000, "sample_rate_hz");
  s.offset_ms = checked(checked(o.offset_ms, -500, 500, "offset_ms") + dials.offset_ms, -500, 500,
                        "offset_ms, with that of the dials,");
  s.deadline_ms = checked(o.deadline_ms, -1, 60000, "deadline_ms");
  s.dials_offset_ms = dials.offset_ms;
  s.post = post_settings(model.manifest().motion, o, dials);
  return s;
}

void check_frame(int64_t frame, int64_t lowest) {
  if (frame >= lowest && frame <= int64_t{1} << 53) return;
  throw dt::Error(DT_INVALID_ARGUMENT,
                  "frame is " + std::to_string(frame) + ", expected " + std::to_string(lowest) + " to 2^53");
}

// utterance: null where it is not asked for.
void pull(dt_stream* stream, float* weights, float* head_pose, size_t capacity_frames, int64_t* first_frame,
          size_t* n_frames, int64_t* utterance) {
  const UseStream use(stream);
  dt::require(first_frame, "first_frame");
  dt::require(n_frames, "n_frames");
  *n_frames = 0;
  if (capacity_frames > 0) dt::require(weights, "weights");
  *n_frames = use->pull(weights, capacity_frames, first_frame, head_pose, utterance);
}

}  // namespace

extern "C" {

dt_status dt_stream_options_init(dt_stream_options* options, size_t struct_size) {
  return dt::init_options(options, struct_size, default_stream_options(), "options");
}

dt_status dt_stream_create(dt_model* model, const dt_stream_options* options, dt_stream** stream) {
  return dt::guard([&] {
    dt::require(stream, "stream");
    *stream = nullptr;
    const dt::UseModel use(model);
    const dt_stream_options given = dt::read_options(options, default_stream_options(), "options");
    const std::shared_ptr<const dt::Model>& impl = use.handle().impl;
    dt::StreamSettings settings = stream_settings(*impl, given);
    impl->sessions().warm_up(dt::Model::shape(settings.profile, 1));
    *stream = dt::new_handle(
        std::make_unique<dt::StreamHandle>(dt::make_hooked<dt::Stream>(impl, std::move(settings))));
  });
}

void dt_stream_release(dt_stream* stream) { dt::release_handle<dt::StreamHandle>(stream); }

dt_status dt_stream_push(dt_stream* stream, const float* samples, size_t n_frames, int32_t n_channels,
                         int32_t sample_rate_hz) {
  return dt::guard([&] {
    const UseStream use(stream);
    if (n_frames > 0) dt::require(samples, "samples");
    use->push(samples, n_frames, n_channels, sample_rate_hz);
  });
}

dt_status dt_stream_push_utterance(dt_stream* stream, int64_t utterance, const float* samples,
                                   size_t n_frames, int32_t n_channels, int32_t sample_rate_hz) {
  return dt::guard([&] {
    const UseStream use(stream);
    if (n_frames > 0) dt::require(samples, "samples");
    check_utterance(utterance);
    use->push(samples, n_frames, n_channels, sample_rate_hz, utterance);
  });
}

dt_status dt_stream_idle(dt_stream* stream, int64_t n_frames) {
  return dt::guard([&] {
    const UseStream use(stream);
    if (n_frames < 0) {
      throw dt::Error(DT_INVALID_ARGUMENT,
                      "n_frames is " + std::to_string(n_frames) + ", expected 0 or more");
    }
    use->idle(n_frames);
  });
}

dt_status dt_stream_pull(dt_stream* stream, float* weights, size_t capacity_frames, int64_t* first_frame,
                         size_t* n_frames) {
  return dt::guard([&] { pull(stream, weights, nullptr, capacity_frames, first_frame, n_frames, nullptr); });
}

dt_status dt_stream_pull_with_pose(dt_stream* stream, float* weights, float* head_pose,
                                   size_t capacity_frames, int64_t* first_frame, size_t* n_frames) {
  return dt::guard(
      [&] { pull(stream, weights, head_pose, capacity_frames, first_frame, n_frames, nullptr); });
}

dt_status dt_stream_pull_utterance(dt_stream* stream, float* weights, float* head_pose,
                                   size_t capacity_frames, int64_t* first_frame, size_t* n_frames,
                                   int64_t* utterance) {
  return dt::guard([&] {
    dt::require(utterance, "utterance");
    pull(stream, weights, head_pose, capacity_frames, first_frame, n_frames, utterance);
  });
}

dt_status dt_stream_frame_at(dt_stream* stream, double time_s, int32_t max_hops, float* weights,
                             float* head_pose, double* pose_time_s) {
  return dt::guard([&] {
    const UseStream use(stream);
    constexpr double kLongest = 1e11;  // 3000 years; its frames fit 64 bits
    if (!(std::fabs(time_s) <= kLongest)) {
      throw dt::Error(DT_INVALID_ARGUMENT, "time_s is " + std::to_string(time_s) + ", expected seconds");
    }
    checked(max_hops, -1, INT32_MAX, "max_hops");
    const double pose_s = use->frame_at(time_s, max_hops, weights, head_pose);
    if (pose_time_s != nullptr) *pose_time_s = pose_s;
  });
}

dt_status dt_stream_ready_frames(const dt_stream* stream, int64_t* n_frames) {
  return dt::guard([&] {
    const UseStream use(stream);
    dt::require(n_frames, "n_frames");
    *n_frames = use->ready_frames();
  });
}

dt_status dt_stream_flush(dt_stream* stream) {
  return dt::guard([&] { UseStream(stream)->flush(); });
}

dt_status dt_stream_flush_utterance(dt_stream* stream, int64_t utterance) {
  return dt::guard([&] {
    const UseStream use(stream);
    check_utterance(utterance);
    use->flush(utterance);
  });
}

dt_status dt_stream_reset(dt_stream* stream) {
  return dt::guard([&] { UseStream(stream)->reset(); });
}

dt_status dt_stream_seek(dt_stream* stream, int64_t frame) {
  return dt::guard([&] {
    const UseStream use(stream);
    check_frame(frame, 0);
    use->seek(frame);
  });
}

dt_status dt_stream_interrupt(dt_stream* stream, int32_t ease_ms, int64_t* next_audio_frame) {
  return dt::guard([&] {
    const UseStream use(stream);
    const dt::Interruption done = use->interrupt(checked(ease_ms, 0, 10000, "ease_ms"));
    if (next_audio_frame != nullptr) *next_audio_frame = done.next_audio_frame;
  });
}

dt_status dt_stream_interrupt_at(dt_stream* stream, int64_t shown_frame, int32_t ease_ms,
                                 int64_t* next_audio_frame, int64_t* utterance) {
  return dt::guard([&] {
    const UseStream use(stream);
    checked(ease_ms, 0, 10000, "ease_ms");
    const dt::Interruption done =
        use->interrupt(ease_ms, std::max<int64_t>(shown_frame, -(int64_t{1} << 53)));
    if (next_audio_frame != nullptr) *next_audio_frame = done.next_audio_frame;
    if (utterance != nullptr) *utterance = done.utterance;
  });
}

dt_status dt_stream_pause(dt_stream* stream, int32_t paused) {
  return dt::guard([&] {
    const UseStream use(stream);
    use->pause(checked(paused, 0, 1, "paused") != 0);
  });
}

dt_status dt_stream_set_style(dt_stream* stream, const float* style, int32_t blend_ms) {
  return dt::guard([&] {
    const UseStream use(stream);
    checked(blend_ms, 0, 60000, "blend_ms");
    use->set_style(dt::checked_style(*use->model(), style, "style"), blend_ms);
  });
}

dt_status dt_stream_set_style_at(dt_stream* stream, const float* style, int64_t frame, int32_t blend_ms) {
  return dt::guard([&] {
    const UseStream use(stream);
    checked(blend_ms, 0, 60000, "blend_ms");
    check_frame(frame, 0);
    use->set_style(dt::checked_style(*use->model(), style, "style"), blend_ms, frame);
  });
}

dt_status dt_stream_set_dials(dt_stream* stream, const dt_dials* dials, int64_t frame, int32_t blend_ms) {
  return dt::guard([&] {
    const UseStream use(stream);
    checked(blend_ms, 0, 60000, "blend_ms");
    check_frame(frame, dt::Stream::kNow);
    const dt_dials given = dt::read_dials(dials);
    dt::Dials set = dt::checked_dials(use->model()->manifest().motion, given);
    use->set_dials(std::move(set), dt::checked_mood(given), given.offset_ms, blend_ms, frame);
  });
}

dt_status dt_stream_get_info(const dt_stream* stream, dt_stream_info* info) {
  return dt::guard([&] {
    const UseStream use(stream);
    const dt::StreamInfo s = use->info();
    dt_stream_info i{};
    i.next_frame = s.next_frame;
    i.audio_frame = s.audio_frame;
    i.memory_bytes = s.memory_bytes;
    i.free_samples = s.free_samples;
    i.sample_rate_hz = s.sample_rate_hz;
    i.resampler_samples = static_cast<int32_t>(s.resampler_samples);
    i.latency_ms = s.latency_ms;
    i.is_flushed = s.is_flushed ? 1 : 0;
    i.is_paused = s.is_paused ? 1 : 0;
    i.in_scheduler = s.in_scheduler ? 1 : 0;
    i.is_failed = s.is_failed ? 1 : 0;
    i.utterance = s.utterance;
    i.next_audio_frame = s.next_audio_frame;
    i.buffered_frames = s.buffered_frames;
    i.first_kept_frame = s.first_kept_frame;
    dt::write_info(info, i, "info");
  });
}

dt_status dt_stream_get_stats(const dt_stream* stream, dt_stream_stats* stats) {
  return dt::guard([&] {
    const UseStream use(stream);
    const dt::StreamStats s = use->stats();
    dt_stream_stats out{};
    out.n_hops = s.n_hops;
    out.n_frames = s.n_frames;
    out.front_end_ns = s.front_end_ns;
    out.encoder_ns = s.networks.encoder_ns;
    out.denoiser_ns = s.networks.denoiser_ns;
    out.update_ns = s.networks.update_ns;
    out.post_ns = s.post_ns + s.networks.post_ns;
    out.n_overruns = s.n_overruns;
    out.n_underruns = s.n_underruns;
    out.n_deadline_misses = s.n_deadline_misses;
    out.max_lateness_ns = s.max_lateness_ns;
    dt::write_info(stats, out, "stats");
  });
}

}  // extern "C"
