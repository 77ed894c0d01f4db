// engines.json, and the checks in front of a plan.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "backends/gpu/engine_set.h"
#include "common/error.h"
#include "tiny_model.h"

namespace {

namespace fs = std::filesystem;

// A cache with one folder of engines, which has one plan of 40 bytes; removed at the end.
struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "dt-fuzz-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) dt::fuzz::fault("no temporary folder");
    cache = name, path = name + "/diffusiontalker/engines/one";
    fs::create_directories(path);
    setenv("XDG_CACHE_HOME", name.c_str(), 1);
    std::ofstream(fs::path(path) / "denoiser-w27.plan") << "0123456789012345678901234567890123456789";
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(cache, ignored);
  }
  std::string cache, path;
};

template <typename Body>
void refused_at_most(Body&& body) {
  try {
    body();
  } catch (const dt::Error& e) {
    if (e.status() != DT_NO_BACKEND) dt::fuzz::fault(e.what());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Folder folder;
  std::ofstream(fs::path(folder.path) / "engines.json", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  refused_at_most([&] {
    const dt::EngineSet set = dt::read_engine_set(folder.path);
    dt::EngineUser user;
    user.bundle_sha256 = set.bundle_sha256, user.library = set.library, user.library_version = "1.7.1";
    user.gpu_name = "G", user.compute_capability = "9.0", user.precision = set.precision, user.window = 27;
    refused_at_most([&] { dt::check_engine_set(set, user); });
    user.allow_host_code = true, user.library_version = set.library_version;
    refused_at_most([&] { dt::check_engine_set(set, user); });
    refused_at_most([&] { dt::find_engine_set("", user); });
    for (std::string* const other :
         {&user.precision, &user.library_version, &user.library, &user.bundle_sha256}) {
      *other += "x";  // one after the other does not fit
      refused_at_most([&] { dt::find_engine_set(set.folder, user); });
      refused_at_most([&] { dt::find_engine_set("", user); });
    }
    set.find(dt::Network::kDenoiser, 27);
    for (const dt::EngineEntry& entry : set.engines) {
      if (entry.file.find('/') != std::string::npos) dt::fuzz::fault("a plan outside of its folder");
      refused_at_most([&] { dt::read_plan(set, entry); });
    }
  });
  return 0;
}
