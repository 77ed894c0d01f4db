#include "common/log.h"

#include <mutex>

#include "common/printable.h"

namespace dt {
namespace {

struct Hook {
  dt_log_callback callback = nullptr;
  void* user = nullptr;
  int32_t min_level = DT_LOG_INFO;
};
std::mutex g_mutex;
Hook g_hook;

}  // namespace

void set_log(dt_log_callback callback, void* user, int32_t min_level) {
  const std::lock_guard<std::mutex> lock(g_mutex);
  g_hook = {callback, user, min_level};
}

// inline Log::send would need this file in backend modules, which link dt_common anyway. A module has a copy
// of its own of the hook, so the core library gives modules a callback that leads to its hook.
void Log::send(int32_t level, const std::string& text) const {
  const std::string message = printable(text);
  if (callback != nullptr) {
    callback(user, level, message.c_str());
    return;
  }
  Hook hook;
  {
    const std::lock_guard<std::mutex> lock(g_mutex);
    hook = g_hook;
  }
  if (hook.callback != nullptr && level >= hook.min_level) hook.callback(hook.user, level, message.c_str());
}

}  // namespace dt
