#include "runtime/segment.h"

#include <algorithm>
#include <utility>

#include "audio/mix.h"
#include "common/clock.h"

namespace dt {
namespace {

int64_t samples_of_frames(const Manifest& m, int64_t anim_frames) {
  return m.mel_frames(anim_frames) * m.audio.hop_length;
}

int64_t offset_samples(const Model& model, const StreamSettings& s) {
  return int64_t{s.offset_ms} * model.manifest().audio.sample_rate_hz / 1000;
}

// What may wait to be taken, and what stays behind then because it completes no row yet. Audio of a window
// that cannot run yet lies in the front end, as log-mel: half the memory.
InputLimits input_limits(const Model& model, const StreamSettings& s) {
  const AudioSpec& a = model.manifest().audio;
  const auto samples = [&](int ms) {
    return static_cast<size_t>(a.window_length + int64_t{ms} * a.sample_rate_hz / 1000);
  };
  return {samples(s.max_buffered_ms), samples(std::max(s.max_buffered_ms, s.grow_to_ms)), s.max_buffered_ms,
          s.grow_to_ms};
}

// Frames of the ease-out. A positive offset uses lookahead up, into which it must not reach.
int ease_out_frames(const Model& model, const StreamSettings& s) {
  const MotionSpec& motion = model.manifest().motion;
  const int64_t offset = std::max<int64_t>(0, offset_samples(model, s));
  const auto lead = static_cast<int>(
      scale_up(offset, motion.fps_num, int64_t{model.manifest().audio.sample_rate_hz} * motion.fps_den));
  return std::clamp(s.profile.lookahead_frames - lead, 0, s.ease_out_frames);
}

}  // namespace

Segment::Segment(const Model& model, const StreamSettings& settings)
    : model_(model),
      settings_(settings),
      n_channels_(static_cast<size_t>(model.manifest().motion.n_channels())),
      ease_out_frames_(ease_out_frames(model, settings)),
      input_(
          input_limits(model, settings), model.manifest().audio.sample_rate_hz,
          model.manifest().motion.fps_num, model.manifest().motion.fps_den,
          [m = &model](int rate_hz) { return m->resampler_table(rate_hz); }, settings.sample_rate_hz),
      front_end_(model.mel_table(), model.silence(),
                 static_cast<size_t>(model.manifest().mel_frames(settings.profile.window_frames())),
                 offset_samples(model, settings),
                 samples_of_frames(model.manifest(), settings.profile.lookahead_frames)),
      style_(model, settings.style),
      post_(model.manifest().motion, settings.post, settings.seed) {
  past_.resize(static_cast<size_t>(settings.profile.past_frames) * n_channels_);
  weights_.resize(static_cast<size_t>(settings.profile.hop_frames) * n_channels_);
  restart(0);
  apply_restart();
}

void Segment::restart(int64_t frame) {
  input_.restart();
  needs_restart_ = true;
  base_frame_ = frame;
  index_ = 0;
  pass_ = 0;
}

// After an endless rest pose and silence.
void Segment::apply_restart() {
  if (!needs_restart_) return;
  needs_restart_ = false;
  const Manifest& m = model_.manifest();
  for (size_t i = 0; i < past_.size(); ++i) {
    const size_t c = i % n_channels_;
    past_[i] = (m.motion.rest[c] - m.motion.mean[c]) / m.motion.std[c];
  }
  front_end_.restart(m.mel_frames(-settings_.profile.past_frames));
  post_.restart();
}

void Segment::take_audio(int64_t* front_end_ns) {
  apply_restart();
  const ScopedTimer timer(front_end_ns);
  front_end_.advance(&input_, front_end_.rows_ready(input_));
}

int64_t Segment::windows_ready() const {
  const Profile& p = settings_.profile;
  const int64_t total = input_.total_frames();
  if (total >= 0) return (total + p.hop_frames - 1) / p.hop_frames;
  const AudioSpec& audio = model_.manifest().audio;
  const int64_t covered =
      front_end_.rows_ready(input_) / audio.mel_frames_per_group * audio.anim_frames_per_group;
  return std::max<int64_t>(0, (covered - p.lookahead_frames) / p.hop_frames);
}

Window Segment::prepare(int64_t* front_end_ns) {
  apply_restart();
  const Profile& p = settings_.profile;
  const int64_t start = index_ * p.hop_frames;  // first new frame, within the segment
  {
    const ScopedTimer timer(front_end_ns);
    front_end_.advance(&input_, model_.manifest().mel_frames(start + p.new_frames()));
  }
  Window window;
  window.mel = front_end_.window();
  if (pass_ == 0) style_.plan(base_frame_ + start, static_cast<size_t>(p.hop_frames));
  window.condition = style_.condition(pass_);
  window.seed = settings_.seed;
  window.first_frame = base_frame_ + start;
  window.past = past_.data();
  window.weights = weights_.data();
  if (is_mixed()) {
    std::copy(past_.begin(), past_.end(), pass_past_.begin());
    window.past = pass_past_.data();
  }
  return window;
}

// Adds a share of `from` to `sum`, which a first pass begins. A whole share is a copy, bit by bit.
void add_share(float share, bool is_first, const float* from, size_t n, float* sum) {
  if (is_first) std::fill_n(sum, n, 0.0f);
  if (share == 1) std::copy_n(from, n, sum);
  for (size_t c = 0; c < n && share > 0 && share < 1; ++c) sum[c] += share * from[c];
}

bool Segment::take_pass() {
  if (!is_mixed()) return true;
  const auto hop = static_cast<size_t>(settings_.profile.hop_frames);
  const auto past = static_cast<size_t>(settings_.profile.past_frames);
  for (size_t i = 0; i < hop; ++i) {
    add_share(style_.share(pass_, i), pass_ == 0, weights_.data() + i * n_channels_, n_channels_,
              mixed_weights_.data() + i * n_channels_);
  }
  // The past of the next window ends with the last frame of this one, and may begin before its first.
  for (size_t i = 0; i < past; ++i) {
    const bool is_older = i + hop < past;
    const float share = is_older ? (pass_ == 0 ? 1.0f : 0.0f) : style_.share(pass_, i + hop - past);
    add_share(share, pass_ == 0, pass_past_.data() + i * n_channels_, n_channels_,
              mixed_past_.data() + i * n_channels_);
  }
  if (++pass_ < style_.n_passes()) return false;
  weights_.swap(mixed_weights_);
  past_.swap(mixed_past_);
  return true;
}

size_t Segment::n_frames() const {
  const int64_t hop = settings_.profile.hop_frames, total = input_.total_frames();
  const int64_t left = total >= 0 ? total - index_ * hop : hop;
  return static_cast<size_t>(std::clamp<int64_t>(left, 0, hop));
}

void Segment::frame(size_t i, int64_t index, float* out) {
  double power = 0;
  if (post_.needs_power()) {
    const AudioSpec& audio = model_.manifest().audio;
    const int64_t ahead = std::min(post_.gate_ahead_frames(), settings_.profile.lookahead_frames);
    const int64_t rows = audio.mel_frames_per_group, frames = audio.anim_frames_per_group;
    power = front_end_.power(index * rows / frames, (index + 1 + ahead) * rows / frames);
  }
  post_.frame(base_frame_ + index, weights_.data() + i * n_channels_, power, ease_out(index), out);
}

void Segment::advance() {
  const Profile& p = settings_.profile;
  ++index_;
  pass_ = 0;
  if (!is_mixed() && style_.is_settled()) pass_past_ = mixed_past_ = mixed_weights_ = Vector<float>();
  front_end_.move_to(model_.manifest().mel_frames(index_ * p.hop_frames - p.past_frames));
}

// Share of the generated pose in a frame of the segment: 1 until the ease-out, then 1 - s(u) with
// s(u) = u^2 (3 - 2u), 0 at the end.
float Segment::ease_out(int64_t index) const {
  const int64_t total = input_.total_frames();
  const int64_t n_ease = std::min<int64_t>(ease_out_frames_, total);
  const int64_t i = index - (total - n_ease);
  if (total < 0 || i < 0) return 1.0f;
  return static_cast<float>(1.0 - smooth_step(static_cast<double>(i + 1) / static_cast<double>(n_ease)));
}

// A window that the networks have begun keeps its style and, since its frames follow each other, its dials.
int64_t Segment::first_open_frame(bool in_flight) const {
  return base_frame_ + (index_ + (in_flight || pass_ > 0 ? 1 : 0)) * settings_.profile.hop_frames;
}

int64_t Segment::blend_frames(int blend_ms) const {
  const MotionSpec& motion = model_.manifest().motion;
  return scale_up(blend_ms, motion.fps_num, int64_t{1000} * motion.fps_den);
}

void Segment::set_style(Vector<float> style, int64_t frame, int blend_ms, bool in_flight) {
  style_.change(model_, std::move(style), std::max(frame, first_open_frame(in_flight)),
                blend_frames(blend_ms));
  // Windows then allocate nothing. What a window in flight works on has its size already.
  style_.reserve(static_cast<size_t>(settings_.profile.hop_frames));
  pass_past_.resize(past_.size());
  mixed_past_.resize(past_.size());
  mixed_weights_.resize(weights_.size());
}

void Segment::set_dials(Dials dials, int64_t frame, int blend_ms, bool in_flight) {
  post_.set_dials(std::move(dials), std::max(frame, first_open_frame(in_flight)), blend_frames(blend_ms));
}

void Segment::settle_changes(bool in_flight) {
  const int64_t reached = first_open_frame(in_flight);
  style_.settle(reached);
  post_.settle_dials(reached);
}

int64_t Segment::bytes() const {
  return input_.bytes() + front_end_.bytes() + style_.bytes() + post_.bytes() + bytes_of(past_) +
         bytes_of(weights_) + bytes_of(pass_past_) + bytes_of(mixed_past_) + bytes_of(mixed_weights_);
}

void Segment::jump(int64_t seconds) {
  apply_restart();
  const Manifest& m = model_.manifest();
  const int64_t frames = seconds * m.motion.fps_num / m.motion.fps_den;
  input_.jump(seconds);
  front_end_.jump(m.mel_frames(frames));
  index_ += frames / settings_.profile.hop_frames;
}

}  // namespace dt
