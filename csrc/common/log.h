// Passes messages to the model's own log callback or else to the process-wide hook; silent without both.
#pragma once

#include <string>

#include "dt/base.h"

namespace dt {

// The process-wide hook (dt_set_log).
void set_log(dt_log_callback callback, void* user, int32_t min_level);

struct Log {
  dt_log_callback callback = nullptr;  // null: the process-wide hook
  void* user = nullptr;

  void info(const std::string& message) const { send(DT_LOG_INFO, message); }
  void warning(const std::string& message) const { send(DT_LOG_WARNING, message); }

 private:
  void send(int32_t level, const std::string& message) const;
};

}  // namespace dt
