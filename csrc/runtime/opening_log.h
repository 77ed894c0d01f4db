// Where the messages of one model go: while it is opened to the log that its opener named, later to the
// process-wide hook. A backend keeps one log for as long as it lives, and its opener promises less than that.
// Keeps the warnings of the opening, for those who name no log.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "common/log.h"

namespace dt {

// Any thread.
class OpeningLog {
 public:
  // own: of dt_model_options; without a callback all goes to the process-wide hook from the start.
  explicit OpeningLog(const Log& own) : own_(own) {}

  // For the backend; valid while this lives.
  Log log() { return {&pass, this}; }
  // Opening is over, well or not. `own` is not called any more once this has returned.
  void end();
  // Those until end(), a line each.
  const std::string& warnings() const { return warnings_; }

 private:
  static void pass(void* self, int32_t level, const char* message);

  std::mutex mutex_;  // of what is below; held while `own` is called, so that end() can wait for that
  Log own_;
  std::string warnings_;
  bool is_over_ = false;
};

}  // namespace dt
