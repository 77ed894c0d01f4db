// Option and info structs across versions: struct_size tells what the caller knows.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "api/guard.h"

namespace dt {

// What every field of version 0.1 needs; smaller structs never existed. Offset of the first field that came
// later.
#define DT_FIRST_SIZE(type, first_new_field) offsetof(type, first_new_field)

inline void check_struct_size(const void* s, size_t size, size_t smallest, const char* name) {
  require(s, name);
  if (size >= smallest && size % sizeof(int32_t) == 0 && size <= (size_t{1} << 16)) return;
  throw Error(DT_INVALID_ARGUMENT, std::string(name) + "->struct_size is " + std::to_string(size) +
                                       ", expected at least " + std::to_string(smallest) +
                                       ": fill the struct as dt.h says");
}

// A copy of the caller's options, whatever version it was built for; what it lacks has its default.
// given: NULL means defaults.  Throws DT_INVALID_ARGUMENT.
template <typename Struct>
Struct read_options(const Struct* given, void (*set_defaults)(Struct*), size_t smallest, const char* name) {
  Struct out;
  set_defaults(&out);
  if (given == nullptr) return out;
  const size_t size = given->struct_size;
  check_struct_size(given, size, smallest, name);
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  if (size > sizeof(Struct)) {
    const bool is_zero =
        std::all_of(bytes + sizeof(Struct), bytes + size, [](unsigned char b) { return b == 0; });
    if (!is_zero) {
      throw Error(DT_INVALID_ARGUMENT, std::string(name) +
                                           " sets an option that this library does not know: it is " +
                                           "older than the program; update it, or leave the option at 0");
    }
  }
  std::memcpy(&out, bytes, std::min(size, sizeof(Struct)));
  out.struct_size = sizeof(Struct);
  return out;
}

// Fills the caller's info as far as it goes; struct_size stays the caller's.
template <typename Struct>
void write_info(Struct* target, Struct value, size_t smallest, const char* name) {
  require(target, name);
  const size_t size = target->struct_size;
  check_struct_size(target, size, smallest, name);
  auto* bytes = reinterpret_cast<unsigned char*>(target);
  value.struct_size = size;
  std::memcpy(bytes, &value, std::min(size, sizeof(Struct)));
  if (size > sizeof(Struct)) std::memset(bytes + sizeof(Struct), 0, size - sizeof(Struct));
}

inline int32_t checked(int32_t value, int32_t low, int32_t high, const char* name) {
  if (value < low || value > high) {
    throw Error(DT_INVALID_ARGUMENT, std::string(name) + " is " + std::to_string(value) + ", expected " +
                                         std::to_string(low) + " to " + std::to_string(high));
  }
  return value;
}

}  // namespace dt
