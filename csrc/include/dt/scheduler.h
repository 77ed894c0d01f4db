/* Schedulers of the DiffusionTalker C ABI: many streams of one model, stepped in batches. See dt.h.
 *
 *   dt_scheduler_create(model, NULL, &scheduler);
 *   dt_scheduler_add(scheduler, stream);                      any number, at any time
 *   each tick of a worker thread:  dt_scheduler_step(scheduler, 2000, -1, NULL);
 *   audio threads push, the game thread pulls what is finished.
 *
 * A window is run when its audio is there and the stream has room for the frames (two hops that are not
 * pulled). Its deadline is deadline_ms after the first step that found it ready, and no earlier than a hop
 * after the deadline of the window before. Behind a late window it is exactly a hop after that deadline. The
 * oldest deadline goes first. Other streams of the same profile that are ready fill the batch (1, 2, 4, ..
 * streams). So under overload all streams fall behind alike and none starves.
 */
#ifndef DT_SCHEDULER_H
#define DT_SCHEDULER_H

#include "dt/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dt_scheduler_options {
  size_t struct_size;
  int32_t max_batch; /* streams per run of the networks: a power of two up to 256; default 4, which suits
                      * processors; a GPU with thousands of streams wants more, as its engines have */
  int32_t warm_up;   /* 1 (default): dt_scheduler_add compiles and runs all batch sizes when it sees a profile
                      * for the first time, which takes seconds; 0: the first step of each size does */
  int64_t max_wait_us; /* 0 (default) .. 1000000: how long a window that is ready may wait for windows of
                        * other streams of its profile to share its batch. It runs sooner when the batch is
                        * full, when all those streams are ready, or to meet its deadline. Streams that begin
                        * at different moments stay apart, hop after hop, and hardly ever meet without it: so
                        * many more fit on a processor, for this much more latency */
} dt_scheduler_options;
/* Fills options with the defaults.
 * struct_size [in] sizeof of the program's own struct; nothing is written behind it.
 * Returns DT_OK or DT_INVALID_ARGUMENT. Any thread. */
DT_API dt_status dt_scheduler_options_init(dt_scheduler_options* options, size_t struct_size);
static inline dt_status dt_scheduler_options_default(dt_scheduler_options* options) {
  return dt_scheduler_options_init(options, sizeof(*options));
}

/* options [in] NULL means defaults.  scheduler [out] to dt_scheduler_release.
 * Returns DT_OK, DT_INVALID_ARGUMENT, DT_OUT_OF_MEMORY. Any thread. */
DT_API dt_status dt_scheduler_create(dt_model* model, const dt_scheduler_options* options,
                                     dt_scheduler** scheduler);
/* Its streams live on, and pull for themselves again. A step in progress ends first. */
DT_API void dt_scheduler_release(dt_scheduler* scheduler);

/* Joins a stream of the same model, in any state. Steps wait meanwhile, and it compiles as warm_up says:
 * a call for a loading or a worker thread, not for the one that draws. Any thread. Returns DT_OK,
 * DT_INVALID_ARGUMENT (a stream of another model), DT_BUSY (it is in a scheduler already), DT_BAD_BUNDLE,
 * DT_OUT_OF_MEMORY, DT_INTERNAL_ERROR. */
DT_API dt_status dt_scheduler_add(dt_scheduler* scheduler, dt_stream* stream);

/* The stream leaves, and pulls for itself again; frames that wait in it stay. Waits for a batch that holds
 * the stream. Returns DT_OK, DT_INVALID_ARGUMENT (it is not in this scheduler). Any thread. */
DT_API dt_status dt_scheduler_remove(dt_scheduler* scheduler, dt_stream* stream);

typedef struct dt_step_info {
  size_t struct_size;
  int32_t n_windows; /* windows run by this step */
  int32_t n_batches; /* in so many runs of the networks */
  int32_t n_ready;   /* streams that were still ready when the budget was spent, without those that
                      * wait for others (max_wait_us) */
  int32_t n_late;    /* of those, streams whose deadline is over */
  int32_t n_failed;  /* windows whose networks failed; dt_stream_pull of the stream returns the error */
  int64_t next_deadline_ns; /* time until the earliest deadline of the n_ready, negative when it is over; 0
                             * without any */
} dt_step_info;

/* Runs ready windows, until none is left or the budget is spent; one batch is run in any case.
 * budget_us [in] wall time, 0 or more; -1: no limit. A batch that would probably exceed it is not begun, a
 *   smaller one is. When not even one window fits, the first batch takes all that are ready, up to max_batch,
 *   because they cost less together than in a step each. max_windows = 1 keeps such a step shorter.
 * max_windows [in] 0 or more windows; 0 runs nothing and only fills info. -1: no limit.
 * info [out] may be NULL.
 * Returns DT_OK, DT_INVALID_ARGUMENT, DT_OUT_OF_MEMORY, DT_INTERNAL_ERROR.
 * Any thread. As many steps as dt_model_options.n_workers says go on side
 * by side, with different streams; further calls wait for one to end. */
DT_API dt_status dt_scheduler_step(dt_scheduler* scheduler, int64_t budget_us, int32_t max_windows,
                                   dt_step_info* info);

typedef struct dt_scheduler_stats {
  size_t struct_size;
  int32_t n_streams; /* in it now */
  int64_t n_steps, n_windows, n_batches;
  int64_t n_deadline_misses;
  int64_t max_lateness_ns;
  int64_t run_ns;       /* wall time in the networks */
  int64_t memory_bytes; /* of the scheduler itself; what the backend holds per batch size is not counted */
} dt_scheduler_stats;
DT_API dt_status dt_scheduler_get_stats(const dt_scheduler* scheduler, dt_scheduler_stats* stats);

#ifdef __cplusplus
}
#endif
#endif /* DT_SCHEDULER_H */
