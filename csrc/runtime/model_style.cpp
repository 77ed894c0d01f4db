// Styles of a model: looked up, enrolled, and what the networks need to know of them.
#include <algorithm>
#include <string>
#include <utility>

#include "common/error.h"
#include "runtime/model.h"

namespace dt {

Vector<float> Model::style(const char* identity, const char* emotion) const {
  const auto row = bundle_.identities.data.begin() +
                   static_cast<std::ptrdiff_t>(bundle_.style_row(identity, emotion) * d_identity());
  return {row, row + static_cast<std::ptrdiff_t>(d_identity())};
}

std::shared_ptr<const Condition> Model::condition(const Vector<float>& style) const {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& weak : conditions_) {
      std::shared_ptr<const Condition> known = weak.lock();
      if (known != nullptr && known->style == style) return known;
    }
  }
  auto made = make_hooked<Condition>();
  made->style = style;
  made->values.resize(condition_size());
  condition(style.data(), made->values.data());
  const std::lock_guard<std::mutex> lock(mutex_);
  // Two threads may have made the same one; both work.
  const auto gone =
      std::find_if(conditions_.begin(), conditions_.end(), [](auto& weak) { return weak.expired(); });
  if (gone != conditions_.end()) {
    *gone = made;
  } else {
    conditions_.push_back(made);
  }
  return made;
}

Vector<float> Model::enroll(const Vector<float>& audio, const char* emotion) const {
  const Manifest& m = manifest();
  if (!can_enroll()) {
    throw Error(
        DT_UNSUPPORTED,
        "this bundle has no style encoder, so it cannot enrol speakers: use its identities, or a bundle "
        "that was exported with one");
  }
  const size_t row = emotion == nullptr ? 0 : 1 + m.emotion_index(emotion);
  LogMel log_mel(mel_table_);
  Vector<float> mel;
  log_mel.push(audio.data(), audio.size(), mel);
  log_mel.flush(mel);
  const size_t n_rows = mel.size() / static_cast<size_t>(mel_spec().n_mels);
  const auto ms = [&](int64_t rows) {
    return rows * mel_spec().hop_length * 1000 / mel_spec().sample_rate_hz;
  };
  if (n_rows < static_cast<size_t>(m.min_enroll_mel_frames) ||
      n_rows > static_cast<size_t>(m.max_enroll_mel_frames)) {
    throw Error(DT_INVALID_ARGUMENT, "the reference speech is " +
                                         std::to_string(ms(static_cast<int64_t>(n_rows))) +
                                         " ms long, expected " + std::to_string(ms(m.min_enroll_mel_frames)) +
                                         " to " + std::to_string(ms(m.max_enroll_mel_frames)) + " ms");
  }
  Vector<float> styles((1 + m.emotions.size()) * d_identity());
  backend_->enroll(mel.data(), n_rows, styles.data());
  const auto begin = styles.begin() + static_cast<std::ptrdiff_t>(row * d_identity());
  return {begin, begin + static_cast<std::ptrdiff_t>(d_identity())};
}

}  // namespace dt
