// The embedded backend for processors: no dependency, every system.
#pragma once

#include "core/backend.h"

namespace dt {

const BackendFactory& cpu_backend_factory();

}  // namespace dt
