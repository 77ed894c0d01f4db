// Passes messages to the caller's log callback; silent without one.
#pragma once

#include <string>

#include "dt/dt.h"

namespace dt {

struct Log {
  dt_log_callback callback = nullptr;
  void* user = nullptr;

  void info(const std::string& message) const { send(DT_LOG_INFO, message); }
  void warning(const std::string& message) const { send(DT_LOG_WARNING, message); }

 private:
  void send(int32_t level, const std::string& message) const {
    if (callback != nullptr) callback(user, level, message.c_str());
  }
};

}  // namespace dt
