// Messages of the library for JavaScript, which cannot hand over a function of its own.
#include "dt/dt.h"

extern "C" {

__attribute__((import_module("env"), import_name("dt_web_log"))) void dt_web_log(int32_t level,
                                                                                 const char* message);

static void forward(void*, int32_t level, const char* message) { dt_web_log(level, message); }

// From now on every message goes to the import dt_web_log.
void dt_web_log_on() { dt_set_log(&forward, nullptr, DT_LOG_INFO); }

}  // extern "C"
