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

// With one share of 1 and no other, the sum is that style, bit by bit.
Vector<float> Model::mix(const float* rows, const EmotionPart* parts, size_t n_parts, const float* other,
                         double strength) const {
  const size_t n = d_identity();
  const float* const neutral = rows + manifest().neutral_index() * n;
  Vector<double> sum(n);
  double of_neutral = 1;
  const auto add = [&](const float* style, double share) {
    for (size_t k = 0; k < n && share != 0; ++k) sum[k] += share * style[k];
  };
  for (size_t i = 0; i < n_parts; ++i) {
    const double share = strength * parts[i].weight;
    add(rows + manifest().emotion_index(parts[i].emotion) * n, share);
    of_neutral -= share;
  }
  if (n_parts == 0) {
    add(other, strength);
    of_neutral -= strength;
  }
  add(neutral, of_neutral);
  Vector<float> out(n);
  std::transform(sum.begin(), sum.end(), out.begin(), [](double value) { return static_cast<float>(value); });
  return out;
}

Vector<float> Model::mixed_style(const char* identity, const EmotionPart* parts, size_t n_parts,
                                 double strength) const {
  if (manifest().emotions.empty()) {
    throw Error(
        DT_INVALID_ARGUMENT,
        "the model has no emotions, so there is no strength or mixture of them: leave both away, or open a "
        "bundle with emotions");
  }
  const auto row = [&](size_t emotion) {
    const size_t first = manifest().identity_index(identity) * manifest().emotions.size();
    return bundle_.identities.data.data() + (first + emotion) * d_identity();
  };
  return mix(row(0), parts, n_parts, row(manifest().emotion_index(nullptr)), strength);
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

void Model::require_enrollment() const {
  if (can_enroll()) return;
  throw Error(
      DT_UNSUPPORTED,
      "this bundle has no style encoder, so it cannot enrol speakers: use its identities, or a bundle "
      "that was exported with one");
}

Vector<float> Model::enroll(const Vector<float>& audio, const EmotionPart* parts, size_t n_parts,
                            double strength) const {
  const Manifest& m = manifest();
  require_enrollment();
  for (size_t i = 0; i < n_parts; ++i) m.emotion_index(parts[i].emotion);  // names are judged before the work
  if (m.emotions.empty() && strength != 1) mixed_style(nullptr, nullptr, 0, strength);  // throws the reason
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
  if (m.emotions.empty()) return styles;
  return mix(styles.data() + d_identity(), parts, n_parts, styles.data(), strength);
}

}  // namespace dt
