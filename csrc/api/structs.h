// Option and info structs across versions: struct_size tells what the caller knows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "api/guard.h"
#include "dt/dt.h"

namespace dt {

// Bytes of a struct in its first version, the smallest that any program has.
template <typename Struct>
inline constexpr size_t kFirstSize = 0;

#define DT_UP_TO(type, field) (offsetof(type, field) + sizeof(type::field))

// To be said once of every struct that starts with struct_size. first_size: bytes of its first version; stays
// as it is when fields are appended. last_field: nothing may follow it, since a field that a later version
// puts into padding would not change the size, which tells the versions apart.
#define DT_VERSIONED_STRUCT(type, first_size, last_field)                         \
  template <>                                                                     \
  inline constexpr size_t kFirstSize<type> = first_size;                          \
  static_assert(sizeof(void*) != 8 || sizeof(type) == DT_UP_TO(type, last_field), \
                "padding at the end of " #type)

DT_VERSIONED_STRUCT(dt_allocator, DT_UP_TO(dt_allocator, release), release);
DT_VERSIONED_STRUCT(dt_backend_info, DT_UP_TO(dt_backend_info, reserved), reserved);
DT_VERSIONED_STRUCT(dt_reader, DT_UP_TO(dt_reader, read), read);
DT_VERSIONED_STRUCT(dt_model_options, offsetof(dt_model_options, pin_threads), reserved);
DT_VERSIONED_STRUCT(dt_model_info, offsetof(dt_model_info, has_emotions), reserved);
DT_VERSIONED_STRUCT(dt_profile_info, offsetof(dt_profile_info, hop_samples), stream_bytes);
DT_VERSIONED_STRUCT(dt_device_array_info, DT_UP_TO(dt_device_array_info, reserved), reserved);
DT_VERSIONED_STRUCT(dt_stream_options, offsetof(dt_stream_options, sample_rate_hz), dials);
DT_VERSIONED_STRUCT(dt_dials, DT_UP_TO(dt_dials, channel_max), channel_max);
DT_VERSIONED_STRUCT(dt_stream_info, DT_UP_TO(dt_stream_info, is_failed), first_kept_frame);
DT_VERSIONED_STRUCT(dt_stream_stats, offsetof(dt_stream_stats, n_overruns), max_lateness_ns);
DT_VERSIONED_STRUCT(dt_scheduler_options, DT_UP_TO(dt_scheduler_options, max_wait_us), max_wait_us);
DT_VERSIONED_STRUCT(dt_step_info, DT_UP_TO(dt_step_info, next_deadline_ns), next_deadline_ns);
DT_VERSIONED_STRUCT(dt_scheduler_stats, DT_UP_TO(dt_scheduler_stats, memory_bytes), memory_bytes);

// Throws DT_INVALID_ARGUMENT for NULL and for a size that no version can have: a sizeof is a multiple of
// size_t's alignment, so that no field is cut in two.
template <typename Struct>
void check_struct_size(const Struct* s, size_t size, const char* name) {
  static_assert(kFirstSize<Struct> >= sizeof(size_t), "DT_VERSIONED_STRUCT is missing");
  require(s, name);
  if (size >= kFirstSize<Struct> && size % alignof(size_t) == 0 && size <= (size_t{1} << 16)) return;
  throw Error(DT_INVALID_ARGUMENT, std::string(name) + "->struct_size is " + std::to_string(size) +
                                       ", expected at least " + std::to_string(kFirstSize<Struct>) +
                                       ": fill the struct as dt.h says");
}

// Writes size bytes and no more: of the value what fits, and 0 for what this library does not know.
template <typename Struct>
void copy_out(Struct* target, Struct value, size_t size) {
  auto* bytes = reinterpret_cast<unsigned char*>(target);
  value.struct_size = size;
  std::memcpy(bytes, &value, std::min(size, sizeof(Struct)));
  if (size > sizeof(Struct)) std::memset(bytes + sizeof(Struct), 0, size - sizeof(Struct));
}

// The body of *_init(): size is the caller's sizeof.
template <typename Struct>
dt_status init_options(Struct* target, size_t size, const Struct& defaults, const char* name) noexcept {
  return guard([&] {
    check_struct_size(target, size, name);
    copy_out(target, defaults, size);
  });
}

// A copy of the caller's options, whatever version it was built for; what it lacks has its default.
// given: NULL means defaults.  Throws DT_INVALID_ARGUMENT.
template <typename Struct>
Struct read_options(const Struct* given, const Struct& defaults, const char* name) {
  Struct out = defaults;
  out.struct_size = sizeof(Struct);
  if (given == nullptr) return out;
  const size_t size = given->struct_size;
  check_struct_size(given, size, name);
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
void write_info(Struct* target, const Struct& value, const char* name) {
  require(target, name);
  const size_t size = target->struct_size;
  check_struct_size(target, size, name);
  copy_out(target, value, size);
}

// NaN fails too.
template <typename Number>
Number checked(Number value, int32_t low, int32_t high, const char* name) {
  if (!(value >= low && value <= high)) {
    throw Error(DT_INVALID_ARGUMENT, std::string(name) + " is " + std::to_string(value) + ", expected " +
                                         std::to_string(low) + " to " + std::to_string(high));
  }
  return value;
}

}  // namespace dt
