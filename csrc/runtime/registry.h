// Finds backends by name: built in, or as a module beside the library.
#pragma once

#include <string>

#include "core/backend.h"

namespace dt {

// "reference", "openvino" or "tensorrt". Loads the module at the first call and keeps it for the life of the
// process. Throws Error: DT_INVALID_ARGUMENT (a name that no version knows), DT_NO_BACKEND (the module is not
// installed or cannot be loaded, with the reason and the remedy). Any thread.
const BackendFactory& find_backend(const std::string& name);

}  // namespace dt
