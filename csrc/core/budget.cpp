#include "core/budget.h"

#include <string>

#include "common/checked_size.h"
#include "common/error.h"
#include "core/manifest.h"

namespace dt {
namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& limit) {
  throw Error(DT_BAD_BUNDLE, "bundle.json: " + what + ", expected at most " + limit +
                                 "; the limits are in docs/bundle-format.md");
}

// what: the keys that are multiplied.
void check_array(const char* what, uint64_t a, uint64_t b) {
  if (product_fits({a, b}, kMaxArrayNumbers)) return;
  refuse(std::string(what) + " make " + std::to_string(a) + " x " + std::to_string(b) + " numbers",
         std::to_string(kMaxArrayNumbers));
}

uint64_t size(int64_t n) { return static_cast<uint64_t>(n); }

void check_window(const Manifest& m, const Profile& p) {
  const uint64_t frames = size(p.window_frames());
  const std::string window = "profiles." + p.name;
  check_array((window + " and motion.channels").c_str(), frames, size(m.motion.n_channels()));
  check_array((window + " and networks.audio_encoder.n_features").c_str(), frames, size(m.n_features));
  check_array((window + " and audio.hop_length").c_str(), size(m.mel_frames(p.window_frames())),
              size(m.audio.hop_length));
  check_array((window + " and audio.n_mels").c_str(), size(m.mel_frames(p.window_frames())),
              size(m.audio.n_mels));
}

}  // namespace

void check_budget(const Manifest& m) {
  int64_t n_bytes = 0;
  for (const auto& [name, entry] : m.files)
    n_bytes += entry.size_bytes;  // 256 files of 2^31 bytes: no overflow
  if (n_bytes > kMaxBundleBytes) {
    refuse("files list " + std::to_string(n_bytes) + " bytes in all", std::to_string(kMaxBundleBytes));
  }
  for (const Profile& p : m.profiles) check_window(m, p);
  check_array("networks.conditioner.n_condition and sampler.steps", size(m.n_condition), m.steps.size());
  check_array("networks.style_encoder.max_mel_frames and audio.n_mels", size(m.max_enroll_mel_frames),
              size(m.audio.n_mels));
  check_array("audio.n_mels and audio.n_fft", size(m.audio.n_mels), size(m.audio.n_fft));
}

}  // namespace dt
