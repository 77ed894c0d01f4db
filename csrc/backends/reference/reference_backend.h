// The plain backend: slow, readable, always there; the judge of the others in tests.
#pragma once

#include "core/backend.h"

namespace dt {

const BackendFactory& reference_backend_factory();

}  // namespace dt
