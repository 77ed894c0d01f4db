// Dials and their moods as they come from outside.
#pragma once

#include "dt/dt.h"
#include "runtime/dials.h"
#include "runtime/mood.h"

namespace dt {

// Dials of any version, all of them there. given: NULL means defaults.  Throws DT_INVALID_ARGUMENT.
dt_dials read_dials(const dt_dials* given);
// What a stream of this motion takes of them. Throws DT_INVALID_ARGUMENT: a value out of range, or a dial
// that the motion has no channels for.
Dials checked_dials(const MotionSpec& motion, const dt_dials& dials);
DialMood checked_mood(const dt_dials& dials);

}  // namespace dt
