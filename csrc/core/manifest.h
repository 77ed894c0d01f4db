// bundle.json as plain structs (docs/bundle-format.md). Whatever passes parse_manifest is consistent.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dt {

// The bundle format this library reads.
constexpr int kBundleFormatVersion = 2;

// Longest window a profile may ask for, in animation frames (10 s at 30 fps); bounds the memory of a stream.
constexpr int kMaxWindowFrames = 300;

// Longest reference speech that a style encoder may take, in mel frames (10 minutes at 100 Hz).
constexpr int kMaxEnrollMelFrames = 60000;

// Most channels of a model whose channels have names, and of any model.
constexpr size_t kMaxNamedChannels = 4096;
constexpr int kMaxChannels = 300000;

// The channels of a head pose, which end the channels of a bundle that has one: rotations in radians
// (dt/stream.h has the signs).
constexpr std::array<const char*, 3> kHeadPoseChannels = {"headYaw", "headPitch", "headRoll"};

struct MotionSpec {
  std::string space;                  // "blendshapes", "vertices" or "coefficients"
  std::vector<std::string> channels;  // none for vertices: x, y, z of vertex 0, 1, ..
  int fps_num = 0, fps_den = 0;
  // One value per channel. Networks see z = (w - mean) / std; min <= rest <= max.
  std::vector<float> mean, std, min, max, rest;
  // One value per channel, 0 to 1, that multiplies its
  // noise; with 0 the sampler starts from the noise's mean.
  std::vector<float> noise_scale;

  bool has_head_pose = false;  // the last three channels are kHeadPoseChannels

  // What the networks see: the weights, then the head pose.
  int n_channels() const { return static_cast<int>(mean.size()); }
  int n_head_pose() const { return has_head_pose ? static_cast<int>(kHeadPoseChannels.size()) : 0; }
  // What leaves as weights.
  int n_weights() const { return n_channels() - n_head_pose(); }
};

struct AudioSpec {
  int sample_rate_hz = 0, n_mels = 0, window_length = 0, hop_length = 0, n_fft = 0;
  double f_min_hz = 0, f_max_hz = 0, log_floor = 0;
  // So many mel frames last exactly as long as so many animation frames.
  int mel_frames_per_group = 0, anim_frames_per_group = 0;
};

struct SamplerStep {
  int t = 0, t_prev = 0;
  double alpha_bar = 0, alpha_bar_prev = 0;
};

struct Profile {
  std::string name;
  int past_frames = 0, hop_frames = 0, lookahead_frames = 0;

  int new_frames() const { return hop_frames + lookahead_frames; }
  int window_frames() const { return past_frames + new_frames(); }
};

struct FileEntry {
  std::string sha256;  // 64 lower-case hexadecimal digits
  int64_t size_bytes = 0;
};

struct Manifest {
  std::string name, version, license;
  MotionSpec motion;
  AudioSpec audio;
  std::string audio_encoder_file, conditioner_file, denoiser_file;
  int n_features = 0, n_condition = 0;
  std::string style_encoder_file;                            // empty: the bundle cannot enrol speakers
  int min_enroll_mel_frames = 0, max_enroll_mel_frames = 0;  // of the reference speech
  std::vector<SamplerStep> steps;                            // in sampling order
  std::vector<Profile> profiles;                             // sorted by name
  std::string default_profile;
  std::string identities_file, identities_tensor, default_identity;
  std::vector<std::string> identities;
  std::vector<std::string> emotions;  // empty: the model has none
  std::string default_emotion;
  std::string rig_file;  // empty: no rig
  std::map<std::string, FileEntry> files;

  // The profile, null means the default one. Throws DT_INVALID_ARGUMENT with the names there are.
  const Profile& profile(const char* name) const;
  // Row of an identity, null means the default one. Throws DT_INVALID_ARGUMENT with the names there are.
  size_t identity_index(const char* name) const;
  // Row of an emotion within an identity, null means the default one; 0 for a model without emotions. Throws
  // DT_INVALID_ARGUMENT with the names there are.
  size_t emotion_index(const char* name) const;
  // Row of the emotion that strengths are counted from: "neutral", or the default one where no emotion has
  // that name.
  size_t neutral_index() const;
  // Mel frames that last as long as so many animation frames, a multiple of the group (may be negative).
  int64_t mel_frames(int64_t anim_frames) const {
    return anim_frames / audio.anim_frames_per_group * audio.mel_frames_per_group;
  }
};

// Parses and checks the text of bundle.json. Throws DT_BAD_BUNDLE that names the key.
Manifest parse_manifest(const std::string& text);

}  // namespace dt
