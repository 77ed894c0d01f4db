// dt.h, section "Model".
#include "api/guard.h"
#include "api/handles.h"

namespace {

// Names live in the manifest, as long as the model.
template <typename Get>
const char* name_at(const dt_model* model, int32_t index, const char* what, Get&& names_of) noexcept {
  const char* name = nullptr;
  dt::guard([&] {
    dt::require(model, "model");
    const auto& names = names_of(model->impl->manifest());
    if (index < 0 || static_cast<size_t>(index) >= names.size()) {
      throw dt::Error(DT_INVALID_ARGUMENT, std::string("there is no ") + what + " " + std::to_string(index) +
                                               ": the model has " + std::to_string(names.size()));
    }
    if constexpr (std::is_same_v<std::decay_t<decltype(names[0])>, dt::Profile>) {
      name = names[static_cast<size_t>(index)].name.c_str();
    } else {
      name = names[static_cast<size_t>(index)].c_str();
    }
  });
  return name;
}

}  // namespace

extern "C" {

void dt_model_options_default(dt_model_options* options) {
  if (options == nullptr) return;
  *options = dt_model_options{};
  options->struct_size = sizeof(dt_model_options);
  options->backend = "auto";
  options->precision = "f32";
  options->n_threads = 2;
}

dt_status dt_model_open(const char* path, const dt_model_options* options, dt_model** model) {
  return dt::guard([&] {
    dt::require(model, "model");
    *model = nullptr;
    dt::require(path, "path");
    dt_model_options defaults;
    dt_model_options_default(&defaults);
    const dt_model_options& given = options == nullptr ? defaults : *options;
    dt::require_struct(&given, "options");
    dt::require(given.backend, "options->backend");
    dt::require(given.precision, "options->precision");
    dt::BackendOptions backend_options;
    backend_options.precision = given.precision;
    backend_options.n_threads = given.n_threads;
    backend_options.log = dt::Log{given.log, given.log_user};
    auto opened = dt::Model::open(dt::FolderSource(path), given.backend, backend_options);
    *model = new dt_model{std::move(opened)};
  });
}

void dt_model_release(dt_model* model) { delete model; }

dt_status dt_model_get_info(const dt_model* model, dt_model_info* info) {
  return dt::guard([&] {
    dt::require(model, "model");
    dt::require_struct(info, "info");
    const dt::Manifest& m = model->impl->manifest();
    info->n_channels = m.motion.n_channels();
    info->n_channel_names = static_cast<int32_t>(m.motion.channels.size());
    info->fps_num = m.motion.fps_num;
    info->fps_den = m.motion.fps_den;
    info->sample_rate_hz = m.audio.sample_rate_hz;
    info->n_identities = static_cast<int32_t>(m.identities.size());
    info->d_identity = static_cast<int32_t>(model->impl->d_identity());
    info->n_emotions = static_cast<int32_t>(m.emotions.size());
    info->n_profiles = static_cast<int32_t>(m.profiles.size());
    info->n_steps = static_cast<int32_t>(m.steps.size());
    info->n_mels = m.audio.n_mels;
  });
}

const char* dt_model_channel_name(const dt_model* model, int32_t index) {
  return name_at(model, index, "channel",
                 [](const dt::Manifest& m) -> const auto& { return m.motion.channels; });
}

const char* dt_model_identity_name(const dt_model* model, int32_t index) {
  return name_at(model, index, "identity", [](const dt::Manifest& m) -> const auto& { return m.identities; });
}

const char* dt_model_emotion_name(const dt_model* model, int32_t index) {
  return name_at(model, index, "emotion", [](const dt::Manifest& m) -> const auto& { return m.emotions; });
}

const char* dt_model_profile_name(const dt_model* model, int32_t index) {
  return name_at(model, index, "profile", [](const dt::Manifest& m) -> const auto& { return m.profiles; });
}

const char* dt_model_default_emotion(const dt_model* model) {
  const char* name = nullptr;
  dt::guard([&] {
    dt::require(model, "model");
    const dt::Manifest& m = model->impl->manifest();
    if (m.emotions.empty()) throw dt::Error(DT_INVALID_ARGUMENT, "the model has no emotions");
    name = m.default_emotion.c_str();
  });
  return name;
}

const char* dt_model_motion_space(const dt_model* model) {
  const char* name = nullptr;
  dt::guard([&] {
    dt::require(model, "model");
    name = model->impl->manifest().motion.space.c_str();
  });
  return name;
}

const char* dt_model_backend_name(const dt_model* model) {
  const char* name = nullptr;
  dt::guard([&] {
    dt::require(model, "model");
    name = model->impl->backend_name();
  });
  return name;
}

const char* dt_model_metadata_json(const dt_model* model) {
  const char* text = nullptr;
  dt::guard([&] {
    dt::require(model, "model");
    text = model->impl->json_text().c_str();
  });
  return text;
}

dt_status dt_model_get_profile(const dt_model* model, const char* name, dt_profile_info* info) {
  return dt::guard([&] {
    dt::require(model, "model");
    dt::require_struct(info, "info");
    const dt::Manifest& m = model->impl->manifest();
    const dt::Profile& p = m.profile(name);
    info->past_frames = p.past_frames;
    info->hop_frames = p.hop_frames;
    info->lookahead_frames = p.lookahead_frames;
    // The last mel frame of the lookahead is centred one hop before its end and reaches half a window
    // further.
    const int64_t half_window = m.audio.window_length - m.audio.window_length / 2;
    info->lookahead_samples =
        static_cast<int32_t>((m.mel_frames(p.lookahead_frames) - 1) * m.audio.hop_length + half_window);
  });
}

}  // extern "C"
