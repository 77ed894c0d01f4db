// Where engines are kept for a user who names no folder.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "backends/gpu/engine_set.h"
#include "common/error.h"

namespace dt {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Whether it has the window, then how many batches.
std::pair<bool, size_t> worth(const EngineSet& set, size_t window) {
  size_t most = 0;
  for (const EngineEntry& entry : set.engines) most = std::max(most, entry.batches.size());
  return {set.find(Network::kDenoiser, window) != nullptr, most};
}

// Subfolders by name, so that the choice is the same every time; one with a dot in front is being made.
std::vector<std::string> folders_in(const std::string& root) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator it(fs::u8path(root), error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->path().filename().u8string()[0] == '.') continue;
    if (fs::exists(it->path() / "engines.json", ignored)) found.push_back(it->path().u8string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::string engine_cache_folder() {
#if defined(_WIN32)
  const std::string cache = variable("LOCALAPPDATA");
  return cache.empty() ? "" : (fs::path(cache) / "diffusiontalker" / "engines").u8string();
#else
  std::string cache = variable("XDG_CACHE_HOME");
  if (cache.empty()) {
    const std::string home = variable("HOME");
    if (home.empty()) return "";
    cache = home + "/.cache";
  }
  return cache + "/diffusiontalker/engines";
#endif
}

EngineSet find_engine_set(const std::string& folder, const EngineUser& user) {
  if (!folder.empty()) {
    EngineSet set = read_engine_set(folder);
    check_engine_set(set, user);
    return set;
  }
  const std::string root = engine_cache_folder();
  std::vector<EngineSet> fitting;
  std::string closest;  // why a set for this bundle cannot be used
  for (const std::string& candidate : folders_in(root)) {
    try {
      EngineSet set = read_engine_set(candidate);
      if (set.bundle_sha256 != user.bundle_sha256) continue;
      check_engine_set(set, user);
      fitting.push_back(std::move(set));
    } catch (const Error& e) {
      closest = e.what();
    }
  }
  if (fitting.empty()) {
    if (!closest.empty()) throw Error(DT_NO_BACKEND, closest);
    throw Error(DT_NO_BACKEND, "there are no " + user.library + " engines for this bundle in " +
                                   (root.empty() ? "the user's cache" : root) +
                                   ": build them with `diffusiontalker engine build BUNDLE`");
  }
  return *std::max_element(fitting.begin(), fitting.end(), [&](const EngineSet& a, const EngineSet& b) {
    return worth(a, user.window) < worth(b, user.window);
  });
}

}  // namespace dt
