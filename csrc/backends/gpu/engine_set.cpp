#include "backends/gpu/engine_set.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/error.h"
#include "common/json_reader.h"
#include "common/sha256.h"
#include "core/budget.h"
#include "core/file_name.h"

namespace dt {
namespace {

namespace fs = std::filesystem;

constexpr char kRemedy[] = ": build it again with `diffusiontalker engine build BUNDLE`";
constexpr int64_t kMaxPlanBytes = int64_t{1} << 33;

[[noreturn]] void fail(const std::string& what) { throw Error(DT_NO_BACKEND, what + kRemedy); }

std::string read_file(const fs::path& path, int64_t limit) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) fail("the engine file " + path.u8string() + " cannot be read (" + error.message() + ")");
  if (size > static_cast<uintmax_t>(limit)) fail("the engine file " + path.u8string() + " is too large");
  std::string bytes(static_cast<size_t>(size), '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!in || in.gcount() != static_cast<std::streamsize>(size)) {
    fail("the engine file " + path.u8string() + " cannot be read to its end");
  }
  return bytes;
}

Network network_of(const JsonReader& json) {
  const std::string name = json.string();
  for (const Network n :
       {Network::kAudioEncoder, Network::kDenoiser, Network::kConditioner, Network::kStyleEncoder}) {
    if (name == network_name(n)) return n;
  }
  json.fail("is \"" + name + "\", which is no network");
}

EngineEntry entry_of(const JsonReader& json) {
  EngineEntry entry;
  entry.network = network_of(json.at("network"));
  entry.file = json.at("file").string();
  if (!is_plain_file_name(entry.file) || entry.file[0] == '.') {
    json.at("file").fail("must be a plain file name");
  }
  entry.sha256 = json.at("sha256").string();
  entry.n_bytes = json.at("bytes").integer(1, kMaxPlanBytes);
  entry.window = static_cast<size_t>(json.at("window").integer(0, 100000));
  const JsonReader profiles = json.at("profiles");
  for (size_t i = 0; i < profiles.array_size(); ++i) {
    entry.batches.push_back(static_cast<size_t>(profiles.at(i).at("batch").integer(1, 65535)));
  }
  if (entry.batches.empty()) profiles.fail("is empty");
  return entry;
}

EngineSet parse(const std::string& text, const std::string& file) {
  const JsonDocument document(text.data(), text.size(), file, kEngineSetLimits);
  const JsonReader root = document.root(), identity = root.at("identity");
  const int64_t format = root.at("format").integer(0, 1 << 30);
  if (format != 1) {
    fail(file + " has format " + std::to_string(format) + ", this version of diffusiontalker reads 1");
  }
  EngineSet set;
  set.bundle_sha256 = identity.at("bundle_sha256").string();
  set.library = identity.at("library").string();
  set.library_version = identity.at("library_version").string();
  set.precision = identity.at("precision").string();
  if (!identity.at("gpu").is_null()) {
    set.gpu_name = identity.at("gpu").at("name").string();
    set.compute_capability = identity.at("gpu").at("compute_capability").string();
  }
  set.version_compatible = identity.at("options").at("version_compatible").boolean();
  set.same_compute_capability = identity.at("options").at("same_compute_capability").boolean();
  const JsonReader engines = root.at("engines");
  for (size_t i = 0; i < engines.array_size(); ++i) set.engines.push_back(entry_of(engines.at(i)));
  return set;
}

long major_of(const std::string& version) { return std::strtol(version.c_str(), nullptr, 10); }

// Whether the shorter version is the beginning of the other, number by number: libraries tell three numbers.
bool agrees(const std::string& a, const std::string& b) {
  const std::string &shorter = a.size() < b.size() ? a : b, &longer = a.size() < b.size() ? b : a;
  return longer.compare(0, shorter.size(), shorter) == 0 &&
         (longer.size() == shorter.size() || longer[shorter.size()] == '.');
}

void check_library(const EngineSet& set, const EngineUser& user) {
  const std::string engines = "the engines in " + set.folder + " were made with " + set.library + " " +
                              set.library_version + ", not with ";
  if (set.library != user.library) fail(engines + user.library + ", which this build uses");
  const bool fits = set.version_compatible ? major_of(set.library_version) <= major_of(user.library_version)
                                           : agrees(set.library_version, user.library_version);
  if (!fits) fail(engines + user.library_version + ", which is loaded");
  if (set.version_compatible && !user.allow_host_code) {
    throw Error(DT_NO_BACKEND, "the version-compatible engines in " + set.folder +
                                   " carry native code: allow host code if you trust them like a program, or "
                                   "build them without that option");
  }
}

void check_gpu(const EngineSet& set, const EngineUser& user) {
  if (set.gpu_name.empty()) return;
  const bool fits = set.compute_capability == user.compute_capability &&
                    (set.same_compute_capability || set.gpu_name == user.gpu_name);
  if (!fits) {
    fail("the engines in " + set.folder + " were made for " + set.gpu_name + " (" + set.compute_capability +
         "), this GPU is " + user.gpu_name + " (" + user.compute_capability + ")");
  }
}

}  // namespace

const EngineEntry* EngineSet::find(Network network, size_t window) const {
  for (const EngineEntry& entry : engines) {
    if (entry.network == network && entry.window == window) return &entry;
  }
  return nullptr;
}

EngineSet read_engine_set(const std::string& folder) {
  const fs::path path = fs::u8path(folder) / "engines.json";
  std::error_code ignored;
  if (!fs::exists(path, ignored)) fail("there are no engines in " + folder + " (no engines.json)");
  const std::string text = read_file(path, static_cast<int64_t>(kEngineSetLimits.bytes));
  try {
    EngineSet set = parse(text, path.u8string());
    set.folder = folder;
    return set;
  } catch (const Error& e) {
    if (e.status() == DT_NO_BACKEND) throw;
    fail(e.what());
  }
}

void check_engine_set(const EngineSet& set, const EngineUser& user) {
  if (set.bundle_sha256 != user.bundle_sha256) {
    fail("the engines in " + set.folder + " were made for another bundle");
  }
  check_library(set, user);
  check_gpu(set, user);
  if (set.precision != user.precision) {
    fail("the engines in " + set.folder + " have precision " + set.precision + ", asked for is " +
         user.precision);
  }
}

std::string read_plan(const EngineSet& set, const EngineEntry& entry) {
  const fs::path path = fs::u8path(set.folder) / fs::u8path(entry.file);
  std::string bytes = read_file(path, kMaxPlanBytes);
  const bool is_whole =
      static_cast<int64_t>(bytes.size()) == entry.n_bytes &&
      sha256_hex(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()) == entry.sha256;
  if (!is_whole) fail("the engine file " + path.u8string() + " is damaged: it is not the one that was built");
  // RTX writes the version of its builder there, in four bytes.
  constexpr size_t kVersion = 24;
  if (set.library == "tensorrt-rtx") {
    if (bytes.size() < kVersion + 4) fail("the engine file " + path.u8string() + " is no engine");
    std::string version;
    for (size_t i = 0; i < 4; ++i) {
      version += (i > 0 ? "." : "") + std::to_string(static_cast<unsigned char>(bytes[kVersion + i]));
    }
    if (!agrees(version, set.library_version)) {
      fail("the engine file " + path.u8string() + " is of version " + version + ", engines.json says " +
           set.library_version);
    }
  }
  return bytes;
}

}  // namespace dt
