// bundle.json. Whatever passes must keep to what the runtime builds on.
#include <string>

#include "common/error.h"
#include "core/budget.h"
#include "core/manifest.h"
#include "tiny_model.h"

namespace {

template <typename Find>
void expect_unknown(Find&& find) {
  try {
    find();
  } catch (const dt::Error& e) {
    if (e.status() != DT_INVALID_ARGUMENT) dt::fuzz::fault(e.what());
    return;
  }
  dt::fuzz::fault("a name that is not there was found");
}

// Every name leads to its own row, and one that is not there to an error.
void expect_names_found(const dt::Manifest& m) {
  for (size_t i = 0; i < m.identities.size(); ++i) {
    if (m.identity_index(m.identities[i].c_str()) != i) dt::fuzz::fault("another identity than asked for");
  }
  for (size_t i = 0; i < m.emotions.size(); ++i) {
    if (m.emotion_index(m.emotions[i].c_str()) != i) dt::fuzz::fault("another emotion than asked for");
  }
  for (const dt::Profile& p : m.profiles) {
    if (&m.profile(p.name.c_str()) != &p) dt::fuzz::fault("another profile than asked for");
  }
  if (m.neutral_index() != 0 && m.neutral_index() >= m.emotions.size()) dt::fuzz::fault("no neutral emotion");
  const std::string longer(300, 'x');  // than any name may be
  expect_unknown([&] { m.identity_index(longer.c_str()); });
  expect_unknown([&] { m.emotion_index(longer.c_str()); });
  expect_unknown([&] { m.profile(longer.c_str()); });
}

}  // namespace

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
    expect_names_found(m);
    for (const auto& [name, entry] : m.files) {
      if (name.find('/') != std::string::npos) dt::fuzz::fault("a file outside of the bundle");
    }
  } catch (const dt::Error& e) {
    if (e.status() != DT_BAD_BUNDLE) dt::fuzz::fault(e.what());
  }
  return 0;
}
