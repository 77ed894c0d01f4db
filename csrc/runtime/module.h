// Loads backend modules (libdiffusiontalker_<name>.so) from the folder of this library.
#pragma once

#include <string>

#include "core/backend.h"

namespace dt {

// The module is never unloaded. Throws Error(DT_NO_BACKEND) with the loader's reason.
const BackendFactory* load_backend_module(const std::string& name);

// Whether a module of that name lies there, be it usable or not. Does not throw.
bool has_backend_module(const std::string& name);

}  // namespace dt
