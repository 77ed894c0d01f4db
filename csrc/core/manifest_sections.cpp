#include "core/manifest_sections.h"

#include <algorithm>
#include <set>

#include "core/budget.h"
#include "core/file_name.h"

namespace dt {
namespace {

std::string plain_file_name(const JsonReader& r, const std::string& name) {
  if (!is_plain_file_name(name) || name == "bundle.json") {
    r.fail("has \"" + name + "\", expected a plain file name");
  }
  return name;
}

void check_default(const JsonReader& r, const std::string& name, const std::vector<std::string>& names,
                   const char* where) {
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    r.fail("is \"" + name + "\", which is not among " + where);
  }
}

}  // namespace

AudioSpec parse_audio(const JsonReader& r, const MotionSpec& motion) {
  r.allow_only({"sample_rate_hz", "n_mels", "window_length", "hop_length", "n_fft", "f_min_hz", "f_max_hz",
                "log_floor", "mel_frames_per_group", "anim_frames_per_group"});
  AudioSpec a;
  a.sample_rate_hz = static_cast<int>(r.at("sample_rate_hz").integer(1000, 768000));
  a.n_mels = static_cast<int>(r.at("n_mels").integer(1, 1024));
  a.n_fft = static_cast<int>(r.at("n_fft").integer(2, 65536));
  if ((a.n_fft & (a.n_fft - 1)) != 0) r.at("n_fft").fail("is not a power of two");
  a.window_length = static_cast<int>(r.at("window_length").integer(2, a.n_fft));
  a.hop_length = static_cast<int>(r.at("hop_length").integer(1, a.window_length));
  a.f_min_hz = r.at("f_min_hz").number();
  a.f_max_hz = r.at("f_max_hz").number();
  if (!(a.f_min_hz >= 0)) r.at("f_min_hz").fail("is below zero");
  if (!(a.f_max_hz > a.f_min_hz && a.f_max_hz <= a.sample_rate_hz / 2.0)) {
    r.at("f_max_hz").fail("is not between f_min_hz and half the sample rate");
  }
  a.log_floor = r.at("log_floor").number();
  if (!(a.log_floor >= 1e-30)) r.at("log_floor").fail("is not above zero");
  a.mel_frames_per_group = static_cast<int>(r.at("mel_frames_per_group").integer(1, 10000));
  a.anim_frames_per_group = static_cast<int>(r.at("anim_frames_per_group").integer(1, kMaxWindowFrames));
  // Both groups last equally long, in integers: mel_frames * hop / rate == anim_frames * fps_den / fps_num.
  const int64_t mel_side = int64_t{a.mel_frames_per_group} * a.hop_length * motion.fps_num;
  const int64_t anim_side = int64_t{a.anim_frames_per_group} * motion.fps_den * a.sample_rate_hz;
  if (mel_side != anim_side)
    r.at("mel_frames_per_group").fail("and anim_frames_per_group last unequally long");
  return a;
}

void parse_networks(const JsonReader& r, Manifest* m) {
  r.allow_only({"audio_encoder", "conditioner", "denoiser", "style_encoder"});
  const auto file = [](const JsonReader& network) {
    return plain_file_name(network.at("file"), network.at("file").string());
  };
  const JsonReader encoder = r.at("audio_encoder"), conditioner = r.at("conditioner");
  encoder.allow_only({"file", "n_features"});
  m->audio_encoder_file = file(encoder);
  m->n_features = static_cast<int>(encoder.at("n_features").integer(1, 65536));
  conditioner.allow_only({"file", "n_condition"});
  m->conditioner_file = file(conditioner);
  m->n_condition = static_cast<int>(conditioner.at("n_condition").integer(1, 65536));
  r.at("denoiser").allow_only({"file"});
  m->denoiser_file = file(r.at("denoiser"));
  if (!r.has("style_encoder")) return;
  const JsonReader style = r.at("style_encoder");
  style.allow_only({"file", "min_mel_frames", "max_mel_frames"});
  m->style_encoder_file = file(style);
  m->min_enroll_mel_frames = static_cast<int>(style.at("min_mel_frames").integer(1, kMaxEnrollMelFrames));
  m->max_enroll_mel_frames =
      static_cast<int>(style.at("max_mel_frames").integer(m->min_enroll_mel_frames, kMaxEnrollMelFrames));
}

std::vector<SamplerStep> parse_sampler(const JsonReader& r) {
  r.allow_only({"prediction", "steps"});
  if (r.at("prediction").string() != "x0") r.at("prediction").fail("is not \"x0\"");
  const JsonReader list = r.at("steps");
  const size_t n = list.array_size();
  if (n < 1 || n > 1000) list.fail("has " + std::to_string(n) + " steps, expected 1 to 1000");
  std::vector<SamplerStep> steps(n);
  for (size_t i = 0; i < n; ++i) {
    const JsonReader entry = list.at(i);
    entry.allow_only({"t", "t_prev", "alpha_bar", "alpha_bar_prev"});
    SamplerStep& s = steps[i];
    s.t = static_cast<int>(entry.at("t").integer(1, 1000000));
    s.t_prev = static_cast<int>(entry.at("t_prev").integer(0, s.t - 1));
    s.alpha_bar = entry.at("alpha_bar").number();
    s.alpha_bar_prev = entry.at("alpha_bar_prev").number();
    if (!(s.alpha_bar >= 0 && s.alpha_bar < s.alpha_bar_prev && s.alpha_bar_prev <= 1)) {
      entry.fail("does not hold 0 <= alpha_bar < alpha_bar_prev <= 1");
    }
    if (i > 0 && (s.t != steps[i - 1].t_prev || s.alpha_bar != steps[i - 1].alpha_bar_prev)) {
      entry.fail("does not start where the step before it ends (t_prev, alpha_bar_prev)");
    }
  }
  if (steps.back().alpha_bar_prev != 1.0)
    list.at(n - 1).at("alpha_bar_prev").fail("of the last step is not 1");
  return steps;
}

std::vector<Profile> parse_profiles(const JsonReader& r, const AudioSpec& audio) {
  std::vector<Profile> profiles;
  for (const std::string& name : r.object_keys(kMaxProfiles)) {
    if (name.empty() || name.size() > kMaxNameBytes)
      r.fail("has a name that is empty or longer than 256 bytes");
    const JsonReader entry = r.at(name);
    entry.allow_only({"past_frames", "hop_frames", "lookahead_frames"});
    const auto frames = [&](const char* key, int low) {
      const int n = static_cast<int>(entry.at(key).integer(low, kMaxWindowFrames));
      if (n % audio.anim_frames_per_group != 0) {
        entry.at(key).fail("is " + std::to_string(n) + ", expected a multiple of anim_frames_per_group, " +
                           std::to_string(audio.anim_frames_per_group));
      }
      return n;
    };
    const Profile p{name, frames("past_frames", 0), frames("hop_frames", 1), frames("lookahead_frames", 0)};
    if (p.window_frames() > kMaxWindowFrames) {
      entry.fail("makes a window of " + std::to_string(p.window_frames()) + " frames, at most " +
                 std::to_string(kMaxWindowFrames) + " are allowed");
    }
    profiles.push_back(p);
  }
  if (profiles.empty()) r.fail("is empty");
  return profiles;
}

void parse_identities(const JsonReader& r, Manifest* m) {
  r.allow_only({"file", "tensor", "names", "default", "emotions", "default_emotion"});
  m->identities_file = plain_file_name(r.at("file"), r.at("file").string());
  m->identities_tensor = r.at("tensor").name();
  m->identities = r.at("names").unique_strings(kMaxIdentities);
  m->default_identity = r.at("default").string();
  check_default(r.at("default"), m->default_identity, m->identities, "names");
  if (!r.has("emotions") && !r.has("default_emotion")) return;
  if (r.at("emotions").array_size() == 0) {
    r.at("emotions").fail("is empty: leave it away for a model without emotions");
  }
  m->emotions = r.at("emotions").unique_strings(kMaxEmotions);
  m->default_emotion = r.at("default_emotion").string();
  check_default(r.at("default_emotion"), m->default_emotion, m->emotions, "emotions");
}

void parse_rig(const JsonReader& r, Manifest* m) {
  r.allow_only({"file", "unit_m"});
  if (m->motion.space == "blendshapes") r.fail("is for the spaces vertices and coefficients only");
  m->rig_file = plain_file_name(r.at("file"), r.at("file").string());
  if (!r.has("unit_m") || r.at("unit_m").is_null()) return;
  if (!(r.at("unit_m").number() > 0)) r.at("unit_m").fail("is not above zero");
}

std::map<std::string, FileEntry> parse_files(const JsonReader& r) {
  std::map<std::string, FileEntry> files;
  std::set<std::string> folded;
  for (const std::string& name : r.object_keys(kMaxFiles)) {
    if (!folded.insert(ascii_lower(name)).second) {
      r.fail("has \"" + name +
             "\" twice: names that differ in upper and lower case are one file on some systems");
    }
    const JsonReader entry = r.at(name);
    entry.allow_only({"sha256", "size_bytes"});
    FileEntry file;
    file.sha256 = entry.at("sha256").string();
    const bool hex =
        file.sha256.size() == 64 && file.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!hex) entry.at("sha256").fail("is not 64 lower-case hexadecimal digits");
    file.size_bytes = entry.at("size_bytes").integer(0, int64_t{1} << 31);
    files[plain_file_name(r, name)] = file;
  }
  return files;
}

}  // namespace dt
