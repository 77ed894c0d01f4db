// Where compiled networks are kept between runs. OpenVINO names its files by the network and little else: in
// 2026.4.1 a hit with another precision than the one it was compiled for corrupts the heap. So every setting
// that matters gets a folder of its own.
#include <filesystem>

#include "backends/openvino/ov_backend.h"
#include "common/sha256.h"

namespace dt {
namespace {

namespace fs = std::filesystem;

std::string folder_name(ov::Core& core, const Bundle& bundle, const BackendOptions& options) {
  // bundle.json has the hashes of all networks. The profile
  // of a processor may change under a virtual machine.
  std::string key = bundle.json_text + '\n' + core.get_property("CPU", ov::device::full_name);
  for (const std::string& has : core.get_property("CPU", ov::device::capabilities)) key += ' ' + has;
  key += '\n' + std::string(ov::get_openvino_version().buildNumber) + '\n' + options.precision + ' ' +
         std::to_string(options.n_threads) + "/" + std::to_string(options.n_workers) +
         (options.pin_threads ? " pinned" : "");
  return "openvino-" + options.precision + "-" +
         sha256_hex(reinterpret_cast<const uint8_t*>(key.data()), key.size()).substr(0, 32);
}

}  // namespace

void use_ov_cache(ov::Core& core, const Bundle& bundle, const BackendOptions& options) {
  if (options.cache_folder.empty()) return;
  try {
    const fs::path folder = fs::u8path(options.cache_folder) / folder_name(core, bundle, options);
    fs::create_directories(folder);
    core.set_property(ov::cache_dir(folder.u8string()));
  } catch (const std::exception& e) {
    options.log.warning("compiled networks are not kept, since the cache folder " + options.cache_folder +
                        " cannot be used: " + e.what());
  }
}

}  // namespace dt
