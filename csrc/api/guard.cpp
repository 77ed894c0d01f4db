#include "api/guard.h"

#include <cstring>

namespace dt {
namespace {

thread_local char g_message[2048] = "";

}  // namespace

dt_status set_last_error(dt_status status, const char* message) noexcept {
  size_t n = std::strlen(message);
  if (n >= sizeof(g_message)) {
    n = sizeof(g_message) - 1;
    while (n > 0 && (static_cast<unsigned char>(message[n]) & 0xC0) == 0x80)
      --n;  // not inside a UTF-8 character
  }
  std::memmove(g_message, message, n);
  g_message[n] = '\0';
  return status;
}

const char* last_error() noexcept { return g_message; }

}  // namespace dt
