// bundle.json. Whatever passes must keep to what the runtime builds on.
#include <string>

#include "common/error.h"
#include "core/budget.h"
#include "core/manifest.h"
#include "tiny_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const dt::Manifest m = dt::parse_manifest(std::string(reinterpret_cast<const char*>(data), size));
    const auto frames = static_cast<uint64_t>(m.profile(nullptr).window_frames());
    if (frames * static_cast<uint64_t>(m.motion.n_channels()) > dt::kMaxArrayNumbers)
      dt::fuzz::fault("beyond the budget");
    if (m.identity_index(nullptr) >= m.identities.size())
      dt::fuzz::fault("the default identity is not there");
    if (m.emotion_index(nullptr) != 0 && m.emotion_index(nullptr) >= m.emotions.size())
      dt::fuzz::fault("no such emotion");
    for (const auto& [name, entry] : m.files) {
      if (name.find('/') != std::string::npos) dt::fuzz::fault("a file outside of the bundle");
    }
  } catch (const dt::Error& e) {
    if (e.status() != DT_BAD_BUNDLE) dt::fuzz::fault(e.what());
  }
  return 0;
}
