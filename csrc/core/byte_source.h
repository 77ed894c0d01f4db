// Where the files of a bundle come from: a folder, a packed file (zip_source.h), or callbacks of the host.
#pragma once

#include <memory>
#include <string>

#include "dt/model.h"

namespace dt {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The whole file. name: plain, without folders. limit_bytes: a longer file is cut there (the caller checks
  // sizes). Throws DT_BAD_BUNDLE when it does not exist, DT_FILE_ERROR when it cannot be read.
  virtual std::string read(const std::string& name, size_t limit_bytes) const = 0;
  // For messages: "folder/name".
  virtual std::string describe(const std::string& name) const = 0;
};

class FolderSource : public ByteSource {
 public:
  // Throws DT_BAD_BUNDLE when `path` (UTF-8) is not a folder.
  explicit FolderSource(const std::string& path);
  std::string read(const std::string& name, size_t limit_bytes) const override;
  std::string describe(const std::string& name) const override;

 private:
  std::string path_;
};

// The host's callbacks, copied; used on the calling thread only.
class ReaderSource : public ByteSource {
 public:
  explicit ReaderSource(const dt_reader& reader) : reader_(reader) {}
  std::string read(const std::string& name, size_t limit_bytes) const override;
  std::string describe(const std::string& name) const override;

 private:
  dt_reader reader_;
};

// A folder, or a packed bundle in a file. path: UTF-8. Throws DT_BAD_BUNDLE, DT_FILE_ERROR.
std::unique_ptr<ByteSource> open_path(const std::string& path);

}  // namespace dt
