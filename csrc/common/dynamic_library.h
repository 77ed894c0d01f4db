// A shared library that is opened at run time, by whatever loader the system has.
#pragma once

#include <filesystem>

namespace dt {

// Closed with the object, unless it is kept. One thread at a time.
class DynamicLibrary {
 public:
  // file: a path, or a bare name, which is searched where the loader is told to look and where the calling
  // library's own run path says. Its symbols stay away from other libraries. Throws Error(DT_NO_BACKEND) with
  // the loader's reason alone.
  explicit DynamicLibrary(const std::filesystem::path& file);
  ~DynamicLibrary();
  DynamicLibrary(const DynamicLibrary&) = delete;
  DynamicLibrary& operator=(const DynamicLibrary&) = delete;

  // Never null. Throws Error(DT_NO_BACKEND): "it has no NAME".
  void* symbol(const char* name) const;

  // It stays loaded for the life of the process, as code
  // must whose threads and static objects nobody can end.
  void keep() { is_kept_ = true; }

 private:
  void* handle_ = nullptr;
  bool is_kept_ = false;
};

// Folder of the program or library that holds the code or
// data at `address`; empty where the system does not tell.
std::filesystem::path folder_of(const void* address);

}  // namespace dt
