#include "runtime/module.h"

#include <filesystem>

#include "common/dynamic_library.h"
#include "common/error.h"

#define DT_STRING(x) #x
#define DT_EXPAND_STRING(x) DT_STRING(x)

namespace dt {
namespace {

namespace fs = std::filesystem;

// Named like the library itself, so that a folder full of other plugins has no second one.
std::string file_name(const std::string& name) {
#if defined(_WIN32)
  return "diffusiontalker_" + name + ".dll";
#elif defined(__APPLE__)
  return "libdiffusiontalker_" + name + ".dylib";
#else
  return "libdiffusiontalker_" + name + ".so";
#endif
}

fs::path library_folder() { return folder_of(reinterpret_cast<const void*>(&library_folder)); }

// Beside the library; or in the folder of the Python package below it, where programs that freeze packages
// leave the module when they move the library up. The first place when it is in none.
fs::path module_path(const std::string& name) {
  const fs::path beside = library_folder() / file_name(name);
  const fs::path in_package = library_folder() / "diffusiontalker" / "lib" / file_name(name);
  std::error_code ignored;
  return !fs::exists(beside, ignored) && fs::exists(in_package, ignored) ? in_package : beside;
}

}  // namespace

bool has_backend_module(const std::string& name) {
  std::error_code ignored;
  return fs::exists(module_path(name), ignored);
}

const BackendFactory* load_backend_module(const std::string& name) {
  const fs::path path = module_path(name);
  if (!has_backend_module(name)) {
    throw Error(DT_NO_BACKEND,
                "the " + name + " backend is not part of this installation (no " + path.u8string() + ")");
  }
  BackendModuleEntry entry = nullptr;
  try {
    DynamicLibrary module(path);
    entry = reinterpret_cast<BackendModuleEntry>(module.symbol(DT_EXPAND_STRING(DT_BACKEND_MODULE_ENTRY)));
    module.keep();
  } catch (const Error& e) {
    throw Error(DT_NO_BACKEND, "the " + name + " backend cannot be loaded (" + e.what() + ")");
  }
  const BackendFactory* factory = entry();
  if (factory == nullptr) throw Error(DT_NO_BACKEND, "the " + name + " backend did not start");
  return factory;
}

}  // namespace dt
