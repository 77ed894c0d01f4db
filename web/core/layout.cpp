// Where the fields of the C ABI's structs lie in this build, as text, so that JavaScript need not repeat the
// headers.
#include <cstddef>
#include <string>
#include <type_traits>

#include "dt/dt.h"

namespace {

template <typename T>
const char* kind_of() {
  if (std::is_pointer_v<T>) return "pointer";
  if (std::is_same_v<T, double>) return "f64";
  if (std::is_same_v<T, float>) return "f32";
  if (std::is_same_v<T, uint64_t>) return "u64";
  if (std::is_same_v<T, int64_t>) return "i64";
  return "i32";
}

class Layout {
 public:
  template <typename T>
  void begin(const char* name) {
    text_ += std::string(name) + " " + std::to_string(sizeof(T)) + "\n";
  }
  template <typename T>
  void add(const char* name, size_t offset) {
    text_ += std::string(" ") + name + " " + kind_of<T>() + " " + std::to_string(offset) + "\n";
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

#define DT_STRUCT(type) layout.begin<type>(#type)
#define DT_FIELD(type, field) layout.add<decltype(type::field)>(#field, offsetof(type, field))

void add_model(Layout& layout) {
  DT_STRUCT(dt_model_options);
  DT_FIELD(dt_model_options, backend);
  DT_FIELD(dt_model_options, n_threads);
  DT_STRUCT(dt_model_info);
  DT_FIELD(dt_model_info, n_channels);
  DT_FIELD(dt_model_info, n_channel_names);
  DT_FIELD(dt_model_info, fps_num);
  DT_FIELD(dt_model_info, fps_den);
  DT_FIELD(dt_model_info, sample_rate_hz);
  DT_FIELD(dt_model_info, n_identities);
  DT_FIELD(dt_model_info, n_emotions);
  DT_FIELD(dt_model_info, d_identity);
  DT_FIELD(dt_model_info, n_profiles);
  DT_FIELD(dt_model_info, has_enrollment);
  DT_FIELD(dt_model_info, enroll_min_ms);
  DT_FIELD(dt_model_info, enroll_max_ms);
  DT_FIELD(dt_model_info, has_head_pose);
  DT_STRUCT(dt_profile_info);
  DT_FIELD(dt_profile_info, past_frames);
  DT_FIELD(dt_profile_info, hop_frames);
  DT_FIELD(dt_profile_info, lookahead_frames);
  DT_FIELD(dt_profile_info, lookahead_samples);
  DT_FIELD(dt_profile_info, hop_samples);
  DT_FIELD(dt_profile_info, front_end_samples);
  DT_FIELD(dt_profile_info, latency_ms);
  DT_FIELD(dt_profile_info, min_latency_ms);
  DT_FIELD(dt_profile_info, stream_bytes);
  DT_STRUCT(dt_style_part);
  DT_FIELD(dt_style_part, style);
  DT_FIELD(dt_style_part, weight);
  DT_STRUCT(dt_emotion_part);
  DT_FIELD(dt_emotion_part, emotion);
  DT_FIELD(dt_emotion_part, weight);
}

void add_dials(Layout& layout) {
  DT_STRUCT(dt_dials);
  DT_FIELD(dt_dials, strength);
  DT_FIELD(dt_dials, upper_strength);
  DT_FIELD(dt_dials, lower_strength);
  DT_FIELD(dt_dials, jaw_sharpness);
  DT_FIELD(dt_dials, lip_sharpness);
  DT_FIELD(dt_dials, blink_rate);
  DT_FIELD(dt_dials, gaze_side_deg);
  DT_FIELD(dt_dials, gaze_up_deg);
  DT_FIELD(dt_dials, gaze_hold);
  DT_FIELD(dt_dials, head_amount);
  DT_FIELD(dt_dials, emotion_strength);
  DT_FIELD(dt_dials, smoothing_ms);
  DT_FIELD(dt_dials, offset_ms);
  DT_FIELD(dt_dials, n_emotions);
  DT_FIELD(dt_dials, emotions);
  DT_FIELD(dt_dials, channel_gain);
  DT_FIELD(dt_dials, channel_offset);
  DT_FIELD(dt_dials, channel_min);
  DT_FIELD(dt_dials, channel_max);
}

void add_stream_options(Layout& layout) {
  DT_STRUCT(dt_stream_options);
  DT_FIELD(dt_stream_options, identity);
  DT_FIELD(dt_stream_options, emotion);
  DT_FIELD(dt_stream_options, style);
  DT_FIELD(dt_stream_options, seed);
  DT_FIELD(dt_stream_options, profile);
  DT_FIELD(dt_stream_options, max_buffered_ms);
  DT_FIELD(dt_stream_options, ease_out_frames);
  DT_FIELD(dt_stream_options, sample_rate_hz);
  DT_FIELD(dt_stream_options, offset_ms);
  DT_FIELD(dt_stream_options, smoothing_ms);
  DT_FIELD(dt_stream_options, lip_seal);
  DT_FIELD(dt_stream_options, silence_gate);
  DT_FIELD(dt_stream_options, gate_open_dbfs);
  DT_FIELD(dt_stream_options, gate_close_dbfs);
  DT_FIELD(dt_stream_options, gate_hold_ms);
  DT_FIELD(dt_stream_options, gate_ease_ms);
  DT_FIELD(dt_stream_options, emotion_strength);
  DT_FIELD(dt_stream_options, head_amount);
  DT_FIELD(dt_stream_options, grow_to_ms);
  DT_FIELD(dt_stream_options, history_ms);
  DT_FIELD(dt_stream_options, dials);
}

void add_stream(Layout& layout) {
  DT_STRUCT(dt_stream_info);
  DT_FIELD(dt_stream_info, next_frame);
  DT_FIELD(dt_stream_info, audio_frame);
  DT_FIELD(dt_stream_info, memory_bytes);
  DT_FIELD(dt_stream_info, free_samples);
  DT_FIELD(dt_stream_info, sample_rate_hz);
  DT_FIELD(dt_stream_info, latency_ms);
  DT_FIELD(dt_stream_info, is_flushed);
  DT_FIELD(dt_stream_info, is_paused);
  DT_FIELD(dt_stream_info, utterance);
  DT_FIELD(dt_stream_info, next_audio_frame);
  DT_FIELD(dt_stream_info, buffered_frames);
  DT_FIELD(dt_stream_info, first_kept_frame);
  DT_STRUCT(dt_stream_stats);
  DT_FIELD(dt_stream_stats, n_hops);
  DT_FIELD(dt_stream_stats, n_frames);
  DT_FIELD(dt_stream_stats, front_end_ns);
  DT_FIELD(dt_stream_stats, encoder_ns);
  DT_FIELD(dt_stream_stats, denoiser_ns);
  DT_FIELD(dt_stream_stats, update_ns);
  DT_FIELD(dt_stream_stats, post_ns);
}

}  // namespace

// One line for each struct, "name bytes", and below it one for each field, " name kind offset". Lives as long
// as the module.
extern "C" const char* dt_web_layout() {
  static const Layout whole = [] {
    Layout layout;
    add_model(layout);
    add_dials(layout);
    add_stream_options(layout);
    add_stream(layout);
    return layout;
  }();
  return whole.text().c_str();
}
