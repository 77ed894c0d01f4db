/* What the two sweeps of bad arguments share. tests/py_pkg/test_capi_sweep.py reads them, and asks for every
 * function of the headers and every parameter: a call with NULL, a handle called `dead`, (size_t)-1, and
 * `not_finite` numbers. */
#ifndef DT_TESTS_ARGUMENTS_H
#define DT_TESTS_ARGUMENTS_H

#include <math.h>

#include "expect.h"

enum { BIG = 1 << 17 };
static float audio[BIG], out[BIG * 4], not_finite[BIG];

static void fill_not_finite(void) {
  int i;
  for (i = 0; i < BIG; ++i) not_finite[i] = i % 2 == 0 ? NAN : INFINITY;
}

#endif
