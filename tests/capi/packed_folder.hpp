// A bundle folder as the bytes of a packed bundle: a ZIP whose files are stored as they are.
#ifndef DT_TESTS_PACKED_FOLDER_HPP
#define DT_TESTS_PACKED_FOLDER_HPP

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace packing {

inline void put(std::string* out, uint32_t value, int n_bytes) {
  for (int i = 0; i < n_bytes; ++i) out->push_back(static_cast<char>(value >> 8 * i & 255));
}

inline uint32_t crc32(const std::string& bytes) {
  uint32_t crc = ~uint32_t{0};
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  return ~crc;
}

// What the local header and the directory's entry have in common, from the version that is needed on.
inline std::string entry(const std::string& name, const std::string& data) {
  std::string out;
  put(&out, 20, 2), put(&out, 0, 4);  // version 2.0; no flags, stored
  put(&out, 33 << 16, 4);             // 1 January 1980
  put(&out, crc32(data), 4);
  for (int i = 0; i < 2; ++i) put(&out, static_cast<uint32_t>(data.size()), 4);
  put(&out, static_cast<uint32_t>(name.size()), 2), put(&out, 0, 2);
  return out;
}

}  // namespace packing

inline std::string packed_folder(const std::string& folder) {
  using packing::put;
  std::string out, directory;
  uint32_t n_files = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string data{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const std::string name = file.path().filename().u8string(), entry = packing::entry(name, data);
    put(&directory, 0x02014b50, 4), put(&directory, 20, 2);
    directory += entry;
    put(&directory, 0, 6);  // no comment, first disk, binary
    put(&directory, 0, 4);
    put(&directory, static_cast<uint32_t>(out.size()), 4);
    directory += name;
    put(&out, 0x04034b50, 4);
    out += entry + name + data;
    ++n_files;
  }
  const auto start = static_cast<uint32_t>(out.size());
  out += directory;
  put(&out, 0x06054b50, 4), put(&out, 0, 4);
  for (int i = 0; i < 2; ++i) put(&out, n_files, 2);
  put(&out, static_cast<uint32_t>(directory.size()), 4), put(&out, start, 4), put(&out, 0, 2);
  return out;
}

#endif
