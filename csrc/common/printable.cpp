#include "common/printable.h"

#include <cstring>

namespace dt {
namespace {

unsigned char byte_of(const char* text) { return static_cast<unsigned char>(*text); }

// Bytes of the UTF-8 character that text begins with, 0 where it begins with none (RFC 3629).
size_t utf8_length(const char* text) {
  const unsigned char first = byte_of(text);
  if (first < 0x80) return 1;
  const size_t n = first >= 0xC2 && first <= 0xDF   ? 2
                   : (first & 0xF0) == 0xE0         ? 3
                   : first >= 0xF0 && first <= 0xF4 ? 4
                                                    : 0;
  for (size_t i = 1; i < n; ++i) {
    if ((byte_of(text + i) & 0xC0) != 0x80) return 0;  // also where the text ends
  }
  if (n < 3) return n;
  const unsigned char second = byte_of(text + 1);
  const bool is_overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool is_outside = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return is_overlong || is_outside ? 0 : n;
}

// Control characters of ASCII and of Latin-1 (C1): a terminal obeys both.
bool is_control(const char* text, size_t n) {
  const unsigned char first = byte_of(text);
  return (n == 1 && (first < 0x20 || first == 0x7F)) || (n == 2 && first == 0xC2 && byte_of(text + 1) < 0xA0);
}

}  // namespace

void copy_printable(const char* text, char* out, size_t capacity) {
  size_t n = 0;  // never more than was read, so that out may be text
  while (*text != '\0') {
    const size_t length = utf8_length(text);
    const size_t n_read = length == 0 ? 1 : length;
    if (n + n_read >= capacity) break;
    if (*text == '\n' || *text == '\r' || *text == '\t') {
      out[n++] = ' ';
    } else if (length == 0 || is_control(text, length)) {
      out[n++] = '?';
    } else {
      std::memmove(out + n, text, length);
      n += length;
    }
    text += n_read;
  }
  out[n] = '\0';
}

std::string printable(const std::string& text) {
  std::string out(text.c_str());  // up to the first 0
  copy_printable(text.c_str(), out.data(), out.size() + 1);
  return out.c_str();
}

}  // namespace dt
