// The one exception type of the library; csrc/api turns it into a status and a message.
#pragma once

#include <stdexcept>
#include <string>

#include "dt/base.h"

namespace dt {

class Error : public std::runtime_error {
 public:
  Error(dt_status status, const std::string& message) : std::runtime_error(message), status_(status) {}
  dt_status status() const { return status_; }

 private:
  dt_status status_;
};

}  // namespace dt
