/* Status codes, versions, log and allocator hooks of the DiffusionTalker C ABI. Start reading at dt.h. */
#ifndef DT_BASE_H
#define DT_BASE_H

#include <stddef.h>
#include <stdint.h>

#if defined(DT_STATIC) /* of a program that links the static library */
#define DT_API
#elif defined(_WIN32)
#if defined(DT_BUILDING_LIBRARY)
#define DT_API __declspec(dllexport)
#else
#define DT_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define DT_API __attribute__((visibility("default")))
#else
#define DT_API
#endif

/* The binary interface of these headers: major << 16 | minor. A library serves every program that was built
 * against the same major and the same or a smaller minor number. */
#define DT_ABI_MAJOR 1
#define DT_ABI_MINOR 3
#define DT_ABI_VERSION ((uint32_t)DT_ABI_MAJOR << 16 | (uint32_t)DT_ABI_MINOR)

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t dt_status;
#define DT_OK 0
#define DT_INVALID_ARGUMENT (-1) /* NULL, a released handle, a wrong size, NaN audio, an unknown name */
#define DT_FILE_ERROR (-2)       /* a file is there but cannot be read */
#define DT_BAD_BUNDLE (-3)       /* the bundle is missing, damaged or of a newer format */
#define DT_NO_BACKEND (-4)       /* the asked backend is not installed or cannot run here */
#define DT_BUFFER_FULL (-5)      /* pushed faster than pulled: pull, then push the same samples again */
#define DT_CLOSED (-6)           /* the stream was flushed: pull, reset, seek and interrupt are left */
#define DT_OUT_OF_MEMORY (-7)
#define DT_INTERNAL_ERROR (-8) /* a fault of the library or of a backend */
#define DT_BUSY (-9)           /* used in a way that another thread or object excludes just now */
#define DT_UNSUPPORTED (-10)   /* this bundle, backend or version cannot do it */
#define DT_STALE (-11)         /* audio of an utterance that an interrupt, reset or seek ended. Since 1.2 */

typedef struct dt_model dt_model;
typedef struct dt_stream dt_stream;
typedef struct dt_scheduler dt_scheduler;

/* Version of the library that is loaded, "major.minor.patch". Any thread. */
DT_API const char* dt_version(void);

/* DT_ABI_VERSION of the library that is loaded. Any thread. */
DT_API uint32_t dt_abi_version(void);

/* Whether the loaded library serves a program built with these headers; programs that load the library at run
 * time call it first: dt_abi_check(DT_ABI_VERSION).
 * Returns DT_OK, or DT_UNSUPPORTED with both versions in dt_last_error(). Any thread. */
DT_API dt_status dt_abi_check(uint32_t version);

/* Short English name of a status ("bad bundle"); never NULL. Any thread. */
DT_API const char* dt_status_string(dt_status status);

/* Message of the calling thread's last failed call: what is wrong and what to do. One line of UTF-8 without
 * control characters, safe to print whatever a bundle holds. Never NULL; "" before the first failure. Valid
 * until the thread's next failing call. */
DT_API const char* dt_last_error(void);

/* What a backend says of itself, whether it is installed or not. The strings live as long as the program. */
typedef struct dt_backend_info {
  size_t struct_size;
  const char* name;              /* for dt_model_options.backend: "openvino" */
  const char* precisions;        /* that it has, separated by spaces: "f32 bf16" */
  const char* default_precision; /* what precision "auto" means for it */
  const char* remedy;            /* what to do where it is not installed; "": it always is */
  int32_t auto_rank;             /* backend "auto" tries the smallest first */
  int32_t reserved;              /* 0 */
} dt_backend_info;
/* Number of the backends of this version. Since 1.1. Any thread. */
DT_API int32_t dt_backend_count(void);
/* index [in] 0 .. dt_backend_count() - 1, in alphabetical order of the names. Since 1.1.
 * Returns DT_OK or DT_INVALID_ARGUMENT. Any thread. */
DT_API dt_status dt_backend_get_info(int32_t index, dt_backend_info* info);

/* Whether the backend of this name can run on this machine.
 * Returns DT_OK, DT_INVALID_ARGUMENT (an unknown name), or DT_NO_BACKEND with the reason in
 * dt_last_error(). Any thread. */
DT_API dt_status dt_backend_probe(const char* backend);

/* ---- Log ---------------------------------------------------------------------------------------- */

#define DT_LOG_INFO 1
#define DT_LOG_WARNING 2
/* Receives one line without a newline, UTF-8, valid during the call. Called on the thread that calls the
 * library, never while a lock of a stream is held; must not throw. */
typedef void (*dt_log_callback)(void* user, int32_t level, const char* message);

/* Hook for all messages of the library: fallbacks, opened models, the first deadline that a scheduler misses.
 * callback [in] NULL (the state at the start) is silence, also about a fallback to a slow backend. The text
 * of dt_model_opening_warnings() does not depend on a hook.
 * min_level [in] DT_LOG_INFO or DT_LOG_WARNING.
 * A model's own dt_model_options.log takes its messages instead. When the call returns, a call of the hook
 * before may still be running on another thread. Returns DT_OK or DT_INVALID_ARGUMENT. Any thread. */
DT_API dt_status dt_set_log(dt_log_callback callback, void* user, int32_t min_level);

/* ---- Memory ------------------------------------------------------------------------------------- */

/* Both are called from any thread that calls the library and must not throw. */
typedef struct dt_allocator {
  size_t struct_size;
  void* user;
  /* bytes > 0; alignment is a power of two, at most 64. NULL means out of memory (DT_OUT_OF_MEMORY). */
  void* (*allocate)(void* user, size_t bytes, size_t alignment);
  /* pointer, bytes and alignment as they were allocated; pointer is not NULL. */
  void (*release)(void* user, void* pointer, size_t bytes, size_t alignment);
} dt_allocator;

/* Sets where streams, schedulers and the numeric tables of models get their memory: the objects themselves,
 * audio and frame buffers, resampling tables, conditions of styles. NOT through it: a model's strings and
 * names, the bundle's bytes while it is opened, error messages, the table of handles, and whatever a backend
 * allocates (networks, OpenVINO). After warm-up (dt_stream_create, dt_scheduler_add, the first push and the
 * first window of each batch size) push, pull and step allocate nothing from it or elsewhere, save for what
 * the backend does.
 * allocator [in] copied; NULL: back to the C++ heap. Only while no model, stream or scheduler lives and
 * nothing of theirs does: call it first. Returns DT_OK, DT_INVALID_ARGUMENT, DT_BUSY. */
DT_API dt_status dt_set_allocator(const dt_allocator* allocator);

/* Bytes that are allocated that way now, in the whole process. Any thread. */
DT_API int64_t dt_allocated_bytes(void);

#ifdef __cplusplus
}
#endif
#endif /* DT_BASE_H */
