// Checks of the C++ programs: those of expect.h, and the status of what throws.
#ifndef DT_TESTS_EXPECT_HPP
#define DT_TESTS_EXPECT_HPP

#include <dt/dt.hpp>

#include "expect.h"

template <typename Body>
dt_status status_of(Body&& body) {
  try {
    body();
  } catch (const dtalk::Error& e) {
    EXPECT(e.what()[0] != '\0');
    return e.status();
  }
  return DT_OK;
}

#endif
