#include "api/guard.h"

#include "common/printable.h"

namespace dt {
namespace {

thread_local char g_message[2048] = "";

}  // namespace

dt_status set_last_error(dt_status status, const char* message) noexcept {
  copy_printable(message, g_message, sizeof(g_message));  // the message may be the last one itself
  return status;
}

const char* last_error() noexcept { return g_message; }

}  // namespace dt
