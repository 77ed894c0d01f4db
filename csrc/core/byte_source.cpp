#include "core/byte_source.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "common/error.h"
#include "core/zip_source.h"

namespace dt {

namespace fs = std::filesystem;

FolderSource::FolderSource(const std::string& path) : path_(path) {
  std::error_code ignored;  // a path that cannot be asked about is not a folder for us
  if (!fs::is_directory(fs::u8path(path_), ignored)) {
    throw Error(DT_BAD_BUNDLE, "there is no bundle folder or packed bundle \"" + path_ + "\"");
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
  std::string bytes(std::min(static_cast<uint64_t>(size), uint64_t{limit_bytes}), '\0');
  stream.seekg(0);
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!stream) throw Error(DT_FILE_ERROR, "cannot read \"" + describe(name) + "\"");
  return bytes;
}

std::string ReaderSource::describe(const std::string& name) const { return "(reader)/" + name; }

std::string ReaderSource::read(const std::string& name, size_t limit_bytes) const {
  const int64_t size = reader_.size(reader_.user, name.c_str());
  if (size < 0) throw Error(DT_BAD_BUNDLE, "the bundle has no file \"" + describe(name) + "\"");
  std::string bytes(std::min(static_cast<uint64_t>(size), uint64_t{limit_bytes}), '\0');
  constexpr size_t kPiece = size_t{1} << 24;  // hosts read into pieces of 16 MB without long stalls
  for (size_t done = 0; done < bytes.size();) {
    const size_t n = std::min(kPiece, bytes.size() - done);
    const int64_t got =
        reader_.read(reader_.user, name.c_str(), static_cast<int64_t>(done), bytes.data() + done, n);
    if (got != static_cast<int64_t>(n)) {
      throw Error(DT_FILE_ERROR, "the reader gave " + std::to_string(got) + " of " + std::to_string(n) +
                                     " bytes of \"" + name + "\" at offset " + std::to_string(done));
    }
    done += n;
  }
  return bytes;
}

std::unique_ptr<ByteSource> open_path(const std::string& path) {
  std::error_code ignored;
  if (fs::is_regular_file(fs::u8path(path), ignored)) return ZipSource::from_file(path);
  return std::make_unique<FolderSource>(path);
}

}  // namespace dt
