// A bundle in memory behind dt_reader: small networks of every kind, two identities, three emotions, two
// profiles.
#pragma once

#include <map>
#include <string>

#include "dt/dt.h"

namespace dt::fuzz {

struct Files {
  std::map<std::string, std::string> content;

  dt_reader reader();  // valid as long as this object
};

// bundle.json (with right sizes and hashes), three networks, a style encoder and the identities.
Files tiny_files();

// Makes size and SHA-256 in bundle.json those of the files, where bundle.json is an object that lists them.
void seal(Files* files);

// NULL and dt_last_error() where it is refused.
dt_model* open_files(Files* files, const char* backend);
// tiny_files() on the default backend, cpu; ends the process where that fails.
dt_model* open_tiny();

// Ends the process with a message: what a fuzzer reports.
[[noreturn]] void fault(const char* what);
void expect_finite(const float* values, size_t n, const char* what);

}  // namespace dt::fuzz
