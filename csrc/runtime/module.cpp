#include "runtime/module.h"

#include <filesystem>

#include "common/error.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif

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

#if defined(_WIN32)

fs::path library_folder() {
  HMODULE self = nullptr;
  wchar_t path[32768] = {};
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                     reinterpret_cast<LPCWSTR>(&library_folder), &self);
  GetModuleFileNameW(self, path, 32767);
  return fs::path(path).parent_path();
}

void* open_symbol(const fs::path& path, const char* symbol, std::string* reason) {
  // What the module needs is looked for beside it, in the program's folder, in System32 and where
  // AddDllDirectory says (os.add_dll_directory in Python); only when it is nowhere there also in PATH, which
  // anybody may write to.
  HMODULE module = LoadLibraryExW(path.c_str(), nullptr,
                                  LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
  if (module == nullptr && GetLastError() == ERROR_MOD_NOT_FOUND) {
    module = LoadLibraryExW(path.c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH);
  }
  if (module == nullptr) {
    *reason = "Windows error " + std::to_string(GetLastError());
    return nullptr;
  }
  void* entry = reinterpret_cast<void*>(GetProcAddress(module, symbol));
  if (entry == nullptr) *reason = std::string("it has no entry ") + symbol;
  return entry;
}

#else

fs::path library_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&library_folder), &info) == 0 || info.dli_fname == nullptr) return {};
  return fs::path(info.dli_fname).parent_path();
}

// RTLD_LOCAL keeps the runtime's symbols away from other copies of it in the process.
void* open_symbol(const fs::path& path, const char* symbol, std::string* reason) {
  void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* entry = module == nullptr ? nullptr : dlsym(module, symbol);
  if (entry == nullptr) {
    const char* text = dlerror();
    *reason = text == nullptr ? "unknown reason" : text;
  }
  return entry;
}

#endif

}  // namespace

bool has_backend_module(const std::string& name) {
  std::error_code ignored;
  return fs::exists(library_folder() / file_name(name), ignored);
}

const BackendFactory* load_backend_module(const std::string& name) {
  const fs::path path = library_folder() / file_name(name);
  if (!has_backend_module(name)) {
    throw Error(DT_NO_BACKEND,
                "the " + name + " backend is not part of this installation (no " + path.u8string() + ")");
  }
  std::string reason;
  void* entry = open_symbol(path, DT_EXPAND_STRING(DT_BACKEND_MODULE_ENTRY), &reason);
  if (entry == nullptr) {
    throw Error(DT_NO_BACKEND, "the " + name + " backend cannot be loaded (" + reason + ")");
  }
  const BackendFactory* factory = reinterpret_cast<BackendModuleEntry>(entry)();
  if (factory == nullptr) throw Error(DT_NO_BACKEND, "the " + name + " backend did not start");
  return factory;
}

}  // namespace dt
