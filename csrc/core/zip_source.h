// A packed bundle: an uncompressed ZIP of a bundle folder (docs/bundle-format.md, "One file").
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/byte_source.h"

namespace dt {

// Bytes at any place of a file or of memory.
class RandomBytes {
 public:
  virtual ~RandomBytes() = default;
  virtual uint64_t size() const = 0;
  // Copies n bytes from `offset` on, all inside size(). Throws DT_FILE_ERROR.
  virtual void read(uint64_t offset, size_t n, char* out) const = 0;
};

// Reads the part of the format that a bundle needs: stored entries at the top level, no encryption, no ZIP64,
// one disk, no comment, and nothing but entries, directory and end. Everything is checked against the size of
// the file; nothing is believed of the archive but names and places, since bundle.json lists size and SHA-256
// of every file.
class ZipSource : public ByteSource {
 public:
  // data: outlives the source. Throws DT_BAD_BUNDLE with what is wrong.
  static std::unique_ptr<ZipSource> from_memory(const void* data, size_t size);
  // path: UTF-8. Throws DT_BAD_BUNDLE, DT_FILE_ERROR.
  static std::unique_ptr<ZipSource> from_file(const std::string& path);

  std::string read(const std::string& name, size_t limit_bytes) const override;
  std::string describe(const std::string& name) const override { return label_ + "/" + name; }

 private:
  struct Entry {
    uint64_t header_offset = 0, start = 0, size = 0;  // start: of the data
    uint32_t crc = 0;
  };
  struct Listed {
    std::string name;
    Entry entry;
  };
  ZipSource(std::unique_ptr<RandomBytes> bytes, std::string label);
  void read_directory();
  Listed read_listed(const std::string& directory, size_t* at) const;
  void add_entry(const Listed& listed);
  void check_places(const std::map<uint64_t, Listed>& by_place, uint64_t end);
  [[noreturn]] void fail(const std::string& problem) const;

  std::unique_ptr<RandomBytes> bytes_;
  std::string label_;
  std::map<std::string, Entry> entries_;
  std::set<std::string> folded_;  // names without upper case
};

// CRC-32 of ISO 3309, as ZIP and PNG use it.
uint32_t crc32(const char* data, size_t n);

}  // namespace dt
