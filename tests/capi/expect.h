/* Checks of the C programs: a failure is printed with the library's last message, and counted. C99. */
#ifndef DT_TESTS_EXPECT_H
#define DT_TESTS_EXPECT_H

#include <dt/dt.h>
#include <stdio.h>

static int n_failures = 0;

#define EXPECT(condition)                                                 \
  do {                                                                    \
    if (!(condition)) {                                                   \
      printf("line %d: %s; %s\n", __LINE__, #condition, dt_last_error()); \
      ++n_failures;                                                       \
    }                                                                     \
  } while (0)

#endif
