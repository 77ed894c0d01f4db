#include "core/byte_source.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "common/error.h"

namespace dt {

namespace fs = std::filesystem;

FolderSource::FolderSource(const std::string& path) : path_(path) {
  std::error_code ignored;  // a path that cannot be asked about is not a folder for us
  if (!fs::is_directory(fs::u8path(path_), ignored)) {
    throw Error(DT_BAD_BUNDLE, "there is no bundle folder \"" + path_ + "\"");
  }
}

std::string FolderSource::describe(const std::string& name) const {
  return (fs::u8path(path_) / fs::u8path(name)).u8string();
}

std::string FolderSource::read(const std::string& name, size_t limit_bytes) const {
  const fs::path path = fs::u8path(path_) / fs::u8path(name);
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) {
    throw Error(DT_BAD_BUNDLE, "the bundle has no file \"" + describe(name) + "\"");
  }
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = stream ? static_cast<std::streamoff>(stream.tellg()) : -1;
  if (size < 0) throw Error(DT_FILE_ERROR, "cannot open \"" + describe(name) + "\"");
  std::string bytes(std::min(static_cast<size_t>(size), limit_bytes), '\0');
  stream.seekg(0);
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!stream) throw Error(DT_FILE_ERROR, "cannot read \"" + describe(name) + "\"");
  return bytes;
}

}  // namespace dt
