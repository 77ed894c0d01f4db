#include "core/zip_source.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "common/error.h"
#include "core/file_name.h"

namespace dt {
namespace {

// Layouts: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.16.
constexpr uint32_t kLocalHeader = 0x04034b50, kDirectoryHeader = 0x02014b50, kDirectoryEnd = 0x06054b50;
constexpr size_t kLocalSize = 30, kDirectorySize = 46, kEndSize = 22;
constexpr size_t kMaxDirectory = size_t{1} << 20, kMaxEntries = 4096;
constexpr uint32_t kEncrypted = 1, kSizesBehind = 8;  // bits of the flags

uint32_t number(const std::string& bytes, size_t at, size_t n) {
  uint32_t value = 0;
  for (size_t i = 0; i < n; ++i) value |= uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return value;
}

class MemoryBytes : public RandomBytes {
 public:
  MemoryBytes(const void* data, size_t size) : data_(static_cast<const char*>(data)), size_(size) {}
  uint64_t size() const override { return size_; }
  void read(uint64_t offset, size_t n, char* out) const override { std::memcpy(out, data_ + offset, n); }

 private:
  const char* data_;
  size_t size_;
};

class FileBytes : public RandomBytes {
 public:
  explicit FileBytes(const std::string& path) : path_(path) {
    stream_.open(std::filesystem::u8path(path), std::ios::binary | std::ios::ate);
    const std::streamoff size = stream_ ? static_cast<std::streamoff>(stream_.tellg()) : -1;
    if (size < 0) throw Error(DT_FILE_ERROR, "cannot open \"" + path + "\"");
    size_ = static_cast<uint64_t>(size);
  }
  uint64_t size() const override { return size_; }
  void read(uint64_t offset, size_t n, char* out) const override {
    stream_.clear();
    stream_.seekg(static_cast<std::streamoff>(offset));
    stream_.read(out, static_cast<std::streamsize>(n));
    if (!stream_) throw Error(DT_FILE_ERROR, "cannot read \"" + path_ + "\"");
  }

 private:
  std::string path_;
  mutable std::ifstream stream_;
  uint64_t size_ = 0;
};

std::string bytes_at(const RandomBytes& bytes, uint64_t offset, size_t n) {
  std::string out(n, '\0');
  if (n > 0) bytes.read(offset, n, out.data());
  return out;
}

}  // namespace

uint32_t crc32(const char* data, size_t n) {
  static const auto table = [] {
    std::array<uint32_t, 256> t{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
      t[i] = c;
    }
    return t;
  }();
  uint32_t c = 0xFFFFFFFFu;
  for (size_t i = 0; i < n; ++i) c = table[(c ^ static_cast<unsigned char>(data[i])) & 0xFF] ^ (c >> 8);
  return ~c;
}

ZipSource::ZipSource(std::unique_ptr<RandomBytes> bytes, std::string label)
    : bytes_(std::move(bytes)), label_(std::move(label)) {
  read_directory();
}

std::unique_ptr<ZipSource> ZipSource::from_memory(const void* data, size_t size) {
  return std::unique_ptr<ZipSource>(new ZipSource(std::make_unique<MemoryBytes>(data, size), "(memory)"));
}

std::unique_ptr<ZipSource> ZipSource::from_file(const std::string& path) {
  return std::unique_ptr<ZipSource>(new ZipSource(std::make_unique<FileBytes>(path), path));
}

void ZipSource::fail(const std::string& problem) const {
  throw Error(DT_BAD_BUNDLE, label_ + " is not a packed bundle: " + problem +
                                 "; pack the bundle's folder again (diffusiontalker pack)");
}

// The file is its entries one after the other, the directory, and the directory's end, with nothing before,
// between or behind them. So no second directory fits in, which another reader might take for the real one.
void ZipSource::read_directory() {
  const uint64_t size = bytes_->size();
  if (size < kEndSize) fail("it has no ZIP directory, or is cut short");
  const std::string end = bytes_at(*bytes_, size - kEndSize, kEndSize);
  if (number(end, 0, 4) != kDirectoryEnd || number(end, 20, 2) != 0) {
    fail(
        "it has no ZIP directory at its very end: it is cut short, has a comment, or something is behind it");
  }
  if (number(end, 4, 4) != 0) fail("it is one of several volumes");
  const size_t n_entries = number(end, 10, 2);
  const uint64_t directory_size = number(end, 12, 4), directory_offset = number(end, 16, 4);
  if (number(end, 8, 2) != n_entries || n_entries > kMaxEntries || directory_size > kMaxDirectory) {
    fail("its directory is damaged or too large");
  }
  if (directory_offset == 0xFFFFFFFFu) fail("it is a ZIP64 archive");
  if (directory_offset + directory_size != size - kEndSize) fail("its directory is not where its end says");
  const std::string directory = bytes_at(*bytes_, directory_offset, static_cast<size_t>(directory_size));
  size_t position = 0;
  std::map<uint64_t, Listed> by_place;
  for (size_t i = 0; i < n_entries; ++i) {
    const Listed listed = read_listed(directory, &position);
    if (!by_place.emplace(listed.entry.header_offset, listed).second) fail("two of its entries are one");
    add_entry(listed);
  }
  if (position != directory.size()) fail("its directory is damaged");
  check_places(by_place, directory_offset);
}

ZipSource::Listed ZipSource::read_listed(const std::string& directory, size_t* at) const {
  const size_t p = *at;
  if (directory.size() < kDirectorySize || p > directory.size() - kDirectorySize ||
      number(directory, p, 4) != kDirectoryHeader) {
    fail("its directory is damaged");
  }
  const size_t n_name = number(directory, p + 28, 2), n_extra = number(directory, p + 30, 2);
  *at = p + kDirectorySize + n_name + n_extra + number(directory, p + 32, 2);
  if (*at > directory.size()) fail("its directory is damaged");
  Listed listed;
  listed.name = directory.substr(p + kDirectorySize, n_name);
  Entry& e = listed.entry;
  e.crc = number(directory, p + 16, 4);
  e.size = number(directory, p + 24, 4);
  e.header_offset = number(directory, p + 42, 4);
  const uint32_t flags = number(directory, p + 8, 2);
  if ((flags & kEncrypted) != 0) fail("\"" + listed.name + "\" is encrypted");
  if ((flags & kSizesBehind) != 0) fail("\"" + listed.name + "\" has its size behind its data");
  if (number(directory, p + 10, 2) != 0 || number(directory, p + 20, 4) != e.size) {
    fail("\"" + listed.name + "\" is compressed");
  }
  if (e.size == 0xFFFFFFFFu || e.header_offset == 0xFFFFFFFFu) fail("it is a ZIP64 archive");
  return listed;
}

void ZipSource::add_entry(const Listed& listed) {
  const std::string& name = listed.name;
  if (!name.empty() && name.back() == '/') {
    if (listed.entry.size != 0) fail("\"" + name + "\" is a folder with data");
    return;
  }
  if (!is_plain_file_name(name)) fail("\"" + name + "\" is no plain file name");
  if (!folded_.insert(ascii_lower(name)).second) fail("it holds \"" + name + "\" twice");
  entries_.emplace(name, listed.entry);
}

// Every entry says the same in front of its data as in the directory, and they fill the file up to the
// directory.
void ZipSource::check_places(const std::map<uint64_t, Listed>& by_place, uint64_t end) {
  uint64_t place = 0;
  for (const auto& [offset, listed] : by_place) {
    const std::string where = "\"" + listed.name + "\" is not where its directory says";
    if (offset != place || end - place < kLocalSize) fail(where);
    const std::string local = bytes_at(*bytes_, offset, kLocalSize);
    const size_t n_name = number(local, 26, 2), n_extra = number(local, 28, 2);
    const uint64_t start = offset + kLocalSize + n_name + n_extra;
    if (number(local, 0, 4) != kLocalHeader || start > end || listed.entry.size > end - start) fail(where);
    const bool is_same = n_name == listed.name.size() && number(local, 8, 2) == 0 &&
                         (number(local, 6, 2) & (kEncrypted | kSizesBehind)) == 0 &&
                         number(local, 14, 4) == listed.entry.crc &&
                         number(local, 18, 4) == listed.entry.size &&
                         number(local, 22, 4) == listed.entry.size &&
                         bytes_at(*bytes_, offset + kLocalSize, n_name) == listed.name;
    if (!is_same) fail("\"" + listed.name + "\" is described in two ways");
    const auto entry = entries_.find(listed.name);
    if (entry != entries_.end()) entry->second.start = start;
    place = start + listed.entry.size;
  }
  if (place != end) fail("something lies between its entries and its directory");
}

std::string ZipSource::read(const std::string& name, size_t limit_bytes) const {
  const auto it = entries_.find(name);
  if (it == entries_.end()) throw Error(DT_BAD_BUNDLE, "the bundle has no file \"" + describe(name) + "\"");
  const Entry& e = it->second;
  const auto n = static_cast<size_t>(std::min<uint64_t>(e.size, limit_bytes));
  std::string bytes = bytes_at(*bytes_, e.start, n);
  if (n == e.size && crc32(bytes.data(), n) != e.crc) fail("\"" + name + "\" is damaged (CRC-32)");
  return bytes;
}

}  // namespace dt
