#include "common/dynamic_library.h"

#include <string>

#include "common/error.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace dt {

namespace fs = std::filesystem;

#if defined(_WIN32)

DynamicLibrary::DynamicLibrary(const fs::path& file) {
  // What a library needs is looked for beside it, in the program's folder, in System32 and where
  // AddDllDirectory says (os.add_dll_directory in Python); only when it is nowhere there also in PATH, which
  // anybody may write to. A bare name has no folder that could be searched.
  const bool has_folder = file.has_parent_path();
  const DWORD beside = has_folder ? LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR : 0;
  handle_ = reinterpret_cast<void*>(
      LoadLibraryExW(file.c_str(), nullptr, beside | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS));
  if (handle_ == nullptr && GetLastError() == ERROR_MOD_NOT_FOUND) {
    const DWORD altered = has_folder ? LOAD_WITH_ALTERED_SEARCH_PATH : 0;
    handle_ = reinterpret_cast<void*>(LoadLibraryExW(file.c_str(), nullptr, altered));
  }
  if (handle_ == nullptr) throw Error(DT_NO_BACKEND, "Windows error " + std::to_string(GetLastError()));
}

DynamicLibrary::~DynamicLibrary() {
  if (!is_kept_) FreeLibrary(reinterpret_cast<HMODULE>(handle_));
}

void* DynamicLibrary::symbol(const char* name) const {
  void* found = reinterpret_cast<void*>(GetProcAddress(reinterpret_cast<HMODULE>(handle_), name));
  if (found == nullptr) throw Error(DT_NO_BACKEND, std::string("it has no ") + name);
  return found;
}

fs::path folder_of(const void* address) {
  HMODULE self = nullptr;
  wchar_t path[32768] = {};
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                     reinterpret_cast<LPCWSTR>(address), &self);
  GetModuleFileNameW(self, path, 32767);
  return fs::path(path).parent_path();
}

#else

DynamicLibrary::DynamicLibrary(const fs::path& file) : handle_(dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ != nullptr) return;
  const char* reason = dlerror();
  throw Error(DT_NO_BACKEND, reason == nullptr ? "unknown reason" : reason);
}

DynamicLibrary::~DynamicLibrary() {
  if (!is_kept_) dlclose(handle_);
}

void* DynamicLibrary::symbol(const char* name) const {
  void* found = dlsym(handle_, name);
  if (found == nullptr) throw Error(DT_NO_BACKEND, std::string("it has no ") + name);
  return found;
}

fs::path folder_of(const void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return {};
  return fs::path(info.dli_fname).parent_path();
}

#endif

}  // namespace dt
