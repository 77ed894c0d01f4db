// The wall between C++ and C: every exception becomes a status and the thread's last message.
#pragma once

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include "common/error.h"
#include "dt/base.h"

namespace dt {

// Stores the calling thread's message and returns the status. The message is cut at 2047 bytes, and is one
// line of UTF-8: line breaks become spaces, other control characters and bytes that are no UTF-8 become "?".
// Never allocates.
dt_status set_last_error(dt_status status, const char* message) noexcept;
const char* last_error() noexcept;

// Runs body; every exported function that can fail is one call of this.
template <typename Body>
dt_status guard(Body&& body) noexcept {
  try {
    body();
    return DT_OK;
  } catch (const Error& e) {
    return set_last_error(e.status(), e.what());
  } catch (const std::bad_alloc&) {
    return set_last_error(DT_OUT_OF_MEMORY, "out of memory");
  } catch (const std::length_error&) {  // a vector or a text that no memory holds: it says so before it asks
    return set_last_error(DT_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return set_last_error(DT_INTERNAL_ERROR, e.what());
  } catch (...) {
    return set_last_error(DT_INTERNAL_ERROR, "an unknown exception was thrown");
  }
}

// Throws DT_INVALID_ARGUMENT "<name> is NULL" for a null pointer.
inline void require(const void* pointer, const char* name) {
  if (pointer == nullptr) throw Error(DT_INVALID_ARGUMENT, std::string(name) + " is NULL");
}

}  // namespace dt
