// Where the files of a bundle come from; a folder today, memory or a pak file by another subclass.
#pragma once

#include <string>

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

}  // namespace dt
