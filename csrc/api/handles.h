// What the opaque handles of dt.h hold.
#pragma once

#include <memory>

#include "runtime/model.h"
#include "runtime/stream.h"

struct dt_model {
  std::shared_ptr<const dt::Model> impl;
};

struct dt_stream {
  dt::Stream impl;
};
