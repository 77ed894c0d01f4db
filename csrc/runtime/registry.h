// Finds backends by name: built in, or as a module beside the library.
#pragma once

#include <string>
#include <vector>

#include "core/backend.h"
#include "core/backend_description.h"

namespace dt {

// Every backend that this version knows, installed or not, by name. Any thread.
const std::vector<BackendDescription>& backend_descriptions();

// The same in the order in which "auto" tries them. Any thread.
const std::vector<BackendDescription>& backends_for_auto();

// The precisions that any backend accepts. Any thread.
const std::vector<std::string>& known_precisions();

// Throws Error(DT_INVALID_ARGUMENT) for a name that no version knows, with those there are. Any thread.
const BackendDescription& describe_backend(const std::string& name);

// What to do about a backend that cannot be used here: about its module, where that is missing, or about the
// library that the module needs. Empty where it is built in. Any thread.
const std::string& remedy_of(const BackendDescription& description);

// Loads the module at the first call and keeps it for the life of the process. Throws Error:
// DT_INVALID_ARGUMENT (a name that no version knows), DT_NO_BACKEND (the module is not installed or cannot be
// loaded, with the reason and the remedy). Any thread.
const BackendFactory& find_backend(const std::string& name);

}  // namespace dt
