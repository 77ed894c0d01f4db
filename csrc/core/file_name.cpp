#include "core/file_name.h"

#include <algorithm>
#include <array>

namespace dt {
namespace {

// https://learn.microsoft.com/windows/win32/fileio/naming-a-file: they are devices in every folder, whatever
// their ending.
bool is_windows_device(const std::string& name) {
  const std::string stem = ascii_lower(name.substr(0, name.find('.')));
  constexpr std::array<const char*, 6> kDevices = {"con", "prn", "aux", "nul", "conin$", "conout$"};
  if (std::find(kDevices.begin(), kDevices.end(), stem) != kDevices.end()) return true;
  const bool is_port = stem.compare(0, 3, "com") == 0 || stem.compare(0, 3, "lpt") == 0;
  return is_port && stem.size() == 4 && stem[3] >= '0' && stem[3] <= '9';
}

}  // namespace

std::string ascii_lower(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return name;
}

bool is_plain_file_name(const std::string& name) {
  constexpr size_t kMaxBytes = 255;  // of most file systems
  if (name.empty() || name.size() > kMaxBytes || name == "." || name == "..") return false;
  if (name.find_first_of("/\\:*?\"<>|") != std::string::npos) return false;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(name.begin(), name.end(), is_control)) return false;
  if (name.back() == '.' || name.back() == ' ') return false;  // Windows drops them: another file
  return !is_windows_device(name);
}

}  // namespace dt
