#include "runtime/opening_log.h"

namespace dt {

void OpeningLog::end() {
  const std::lock_guard<std::mutex> lock(mutex_);
  own_ = {};
  is_over_ = true;
}

// The callback also leads a backend module's messages to this library's hook: a module has a hook of its own,
// which nobody sets.
void OpeningLog::pass(void* self, int32_t level, const char* message) {
  auto* const to = static_cast<OpeningLog*>(self);
  {
    const std::lock_guard<std::mutex> lock(to->mutex_);
    if (level == DT_LOG_WARNING && !to->is_over_) {
      if (!to->warnings_.empty()) to->warnings_ += '\n';
      to->warnings_ += message;
    }
    if (to->own_.callback != nullptr) return to->own_.callback(to->own_.user, level, message);
  }
  level == DT_LOG_WARNING ? Log{}.warning(message) : Log{}.info(message);
}

}  // namespace dt
