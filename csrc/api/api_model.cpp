// dt/model.h: opening, and what a model knows.
#include <memory>

#include "api/handles.h"
#include "api/structs.h"
#include "core/zip_source.h"
#include "dt/dt.h"

namespace {

using dt::UseModel;

// A text of the model, or NULL and the thread's last error.
template <typename Get>
const char* text_of(const dt_model* model, Get&& get) noexcept {
  const char* text = nullptr;
  dt::guard([&] { text = get(*UseModel(model).handle().impl); });
  return text;
}

size_t none_hidden(const dt::Manifest&) { return 0; }
size_t head_pose_size(const dt::Manifest& m) { return static_cast<size_t>(m.motion.n_head_pose()); }

// Names live in the manifest, as long as the model. n_hidden: how many at their end are not for this index.
template <typename Get>
const char* name_at(const dt_model* model, int32_t index, const char* what, Get&& names_of,
                    size_t (*n_hidden)(const dt::Manifest&) = &none_hidden) noexcept {
  return text_of(model, [&](const dt::Model& m) {
    const auto& names = names_of(m.manifest());
    const size_t n = names.size() - n_hidden(m.manifest());
    if (index < 0 || static_cast<size_t>(index) >= n) {
      throw dt::Error(DT_INVALID_ARGUMENT, std::string("there is no ") + what + " " + std::to_string(index) +
                                               ": the model has " + std::to_string(n));
    }
    if constexpr (std::is_same_v<std::decay_t<decltype(names[0])>, dt::Profile>) {
      return names[static_cast<size_t>(index)].name.c_str();
    } else {
      return names[static_cast<size_t>(index)].c_str();
    }
  });
}

dt_model_options default_model_options() {
  dt_model_options o{};
  o.backend = "auto";
  o.precision = "auto";
  o.n_threads = 2;
  o.n_workers = 1;
  return o;
}

// Copies: the array is the caller's.
std::vector<std::string> profiles_of(const dt_model_options& options) {
  constexpr int32_t kMost = 64;  // of a bundle
  const int32_t n = dt::checked(options.n_profiles, 0, kMost, "n_profiles");
  dt::checked(options.reserved, 0, 0, "options->reserved");
  std::vector<std::string> names;
  if (n > 0) dt::require(options.profiles, "options->profiles");
  for (int32_t i = 0; i < n; ++i) {
    dt::require(options.profiles[i], "a name in options->profiles");
    names.emplace_back(options.profiles[i]);
  }
  return names;
}

// make_source: gives the bundle's source; called when the arguments are checked.
template <typename MakeSource>
dt_status open_model(const dt_model_options* options, dt_model** model, MakeSource&& make_source) noexcept {
  return dt::guard([&] {
    dt::require(model, "model");
    *model = nullptr;
    const dt_model_options given = dt::read_options(options, default_model_options(), "options");
    dt::require(given.backend, "options->backend");
    dt::require(given.precision, "options->precision");
    dt::BackendOptions backend_options;
    backend_options.precision = given.precision;
    backend_options.n_threads = given.n_threads;
    backend_options.n_workers = given.n_workers;
    backend_options.pin_threads = dt::checked(given.pin_threads, 0, 1, "pin_threads") != 0;
    if (given.cache_folder != nullptr) backend_options.cache_folder = given.cache_folder;
    if (given.engine_folder != nullptr) backend_options.engine_folder = given.engine_folder;
    backend_options.device = dt::checked(given.device, 0, 1023, "device");
    backend_options.allow_host_code = dt::checked(given.allow_host_code, 0, 1, "allow_host_code") != 0;
    backend_options.log = dt::Log{given.log, given.log_user};
    const std::vector<std::string> profiles = profiles_of(given);
    const std::unique_ptr<dt::ByteSource> source = make_source();
    auto handle = std::make_unique<dt::ModelHandle>();
    handle->impl = dt::Model::open(*source, given.backend, backend_options, profiles);
    *model = dt::new_handle(std::move(handle));
  });
}

int32_t enroll_ms(const dt::Model& m, int n_mel_frames) {
  const dt::MelSpec& mel = m.mel_spec();
  return static_cast<int32_t>(int64_t{n_mel_frames} * mel.hop_length * 1000 / mel.sample_rate_hz);
}

// Made and thrown away: what a stream takes is best known by a stream.
int64_t stream_bytes(const std::shared_ptr<const dt::Model>& model, const dt::Profile& profile) {
  dt::StreamSettings settings;
  settings.style = model->style(nullptr, nullptr);
  settings.profile = profile;
  settings.sample_rate_hz = model->manifest().audio.sample_rate_hz;
  return dt::Stream(model, std::move(settings)).info().memory_bytes;
}

}  // namespace

extern "C" {

dt_status dt_model_options_init(dt_model_options* options, size_t struct_size) {
  return dt::init_options(options, struct_size, default_model_options(), "options");
}

dt_status dt_model_open(const char* path, const dt_model_options* options, dt_model** model) {
  return open_model(options, model, [&] {
    dt::require(path, "path");
    return dt::open_path(path);
  });
}

dt_status dt_model_open_memory(const void* data, size_t size, const dt_model_options* options,
                               dt_model** model) {
  return open_model(options, model, [&]() -> std::unique_ptr<dt::ByteSource> {
    dt::require(data, "data");
    if (size > PTRDIFF_MAX) throw dt::Error(DT_INVALID_ARGUMENT, "size is more than memory can hold");
    return dt::ZipSource::from_memory(data, size);
  });
}

dt_status dt_model_open_reader(const dt_reader* reader, const dt_model_options* options, dt_model** model) {
  return open_model(options, model, [&]() -> std::unique_ptr<dt::ByteSource> {
    dt::require(reader, "reader");
    const dt_reader given = dt::read_options(reader, dt_reader{}, "reader");
    if (given.size == nullptr || given.read == nullptr) {
      throw dt::Error(DT_INVALID_ARGUMENT, "reader->size and reader->read must both be set");
    }
    return std::make_unique<dt::ReaderSource>(given);
  });
}

void dt_model_release(dt_model* model) { dt::release_handle<dt::ModelHandle>(model); }

dt_status dt_model_get_info(const dt_model* model, dt_model_info* info) {
  return dt::guard([&] {
    const UseModel use(model);
    const dt::Model& impl = *use.handle().impl;
    const dt::Manifest& m = impl.manifest();
    dt_model_info i{};
    i.n_channels = m.motion.n_weights();
    i.n_channel_names = m.motion.channels.empty() ? 0 : m.motion.n_weights();
    i.fps_num = m.motion.fps_num;
    i.fps_den = m.motion.fps_den;
    i.sample_rate_hz = m.audio.sample_rate_hz;
    i.n_identities = static_cast<int32_t>(m.identities.size());
    i.d_identity = static_cast<int32_t>(impl.d_identity());
    i.n_emotions = static_cast<int32_t>(m.emotions.size());
    i.n_profiles = static_cast<int32_t>(m.profiles.size());
    i.n_steps = static_cast<int32_t>(m.steps.size());
    i.n_mels = m.audio.n_mels;
    i.has_emotions = m.emotions.empty() ? 0 : 1;
    i.has_enrollment = impl.can_enroll() ? 1 : 0;
    i.enroll_min_ms = enroll_ms(impl, m.min_enroll_mel_frames);
    i.enroll_max_ms = enroll_ms(impl, m.max_enroll_mel_frames);
    i.n_threads = impl.n_threads();
    i.n_workers = impl.n_workers();
    i.condition_bytes = static_cast<int64_t>((impl.condition_size() + impl.d_identity()) * sizeof(float));
    i.has_head_pose = m.motion.has_head_pose ? 1 : 0;
    dt::write_info(info, i, "info");
  });
}

const char* dt_model_channel_name(const dt_model* model, int32_t index) {
  return name_at(
      model, index, "channel", [](const dt::Manifest& m) -> const auto& { return m.motion.channels; },
      &head_pose_size);
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
  return text_of(model, [](const dt::Model& m) {
    if (m.manifest().emotions.empty()) throw dt::Error(DT_INVALID_ARGUMENT, "the model has no emotions");
    return m.manifest().default_emotion.c_str();
  });
}

const char* dt_model_motion_space(const dt_model* model) {
  return text_of(model, [](const dt::Model& m) { return m.manifest().motion.space.c_str(); });
}

const char* dt_model_backend_name(const dt_model* model) {
  return text_of(model, [](const dt::Model& m) { return m.backend_name(); });
}

const char* dt_model_precision(const dt_model* model) {
  return text_of(model, [](const dt::Model& m) { return m.precision().c_str(); });
}

const char* dt_model_opening_warnings(const dt_model* model) {
  return text_of(model, [](const dt::Model& m) { return m.opening_warnings().c_str(); });
}

const char* dt_model_metadata_json(const dt_model* model) {
  return text_of(model, [](const dt::Model& m) { return m.json_text().c_str(); });
}

dt_status dt_model_get_profile(const dt_model* model, const char* name, dt_profile_info* info) {
  return dt::guard([&] {
    const UseModel use(model);
    const dt::Model& impl = *use.handle().impl;
    const dt::Manifest& m = impl.manifest();
    const dt::Profile& p = m.profile(name);
    dt_profile_info i{};
    i.past_frames = p.past_frames;
    i.hop_frames = p.hop_frames;
    i.lookahead_frames = p.lookahead_frames;
    i.lookahead_samples = static_cast<int32_t>(impl.lookahead_samples(p));
    i.hop_samples = static_cast<int32_t>(m.mel_frames(p.hop_frames) * m.audio.hop_length);
    i.front_end_samples =
        i.lookahead_samples - static_cast<int32_t>(m.mel_frames(p.lookahead_frames) * m.audio.hop_length);
    const double ms = 1000.0 / m.audio.sample_rate_hz;
    i.latency_ms = (i.hop_samples + i.lookahead_samples) * ms;
    i.min_latency_ms = (static_cast<double>(i.hop_samples) / p.hop_frames + i.lookahead_samples) * ms;
    // Only for whoever has the field: it costs an allocation.
    constexpr size_t kWithBytes = DT_UP_TO(dt_profile_info, stream_bytes);
    if (info != nullptr && info->struct_size >= kWithBytes)
      i.stream_bytes = stream_bytes(use.handle().impl, p);
    dt::write_info(info, i, "info");
  });
}

}  // extern "C"
