/* Checks of the C programs: a failure is printed with the library's last message, and counted. C99. */
#ifndef DT_TESTS_EXPECT_H
#define DT_TESTS_EXPECT_H

#include <dt/dt.h>
#include <stdio.h>
#include <string.h>

static int n_failures = 0;

#define EXPECT(condition)                                                 \
  do {                                                                    \
    if (!(condition)) {                                                   \
      printf("line %d: %s; %s\n", __LINE__, #condition, dt_last_error()); \
      ++n_failures;                                                       \
    }                                                                     \
  } while (0)

/* A call that must fail with this status and leave a message of its own. */
#define REFUSES(call, expected)                                                \
  do {                                                                         \
    (void)dt_abi_check(0xFFFFFFFFu); /* another message in between */          \
    EXPECT((call) == (expected) && strstr(dt_last_error(), "65535.") == NULL); \
  } while (0)
#define BAD(call) REFUSES(call, DT_INVALID_ARGUMENT)

#endif
