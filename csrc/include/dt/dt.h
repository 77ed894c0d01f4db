/* DiffusionTalker C ABI: speech in, face animation out. This header brings all of it:
 *   dt/base.h       status codes, versions, log and allocator hooks
 *   dt/model.h      opening bundles, names, latency profiles, styles
 *   dt/stream.h     one character: push audio, pull frames, interrupt, pause, restyle
 *   dt/dials.h      how strong, sharp and smooth it moves, how it blinks and where it looks
 *   dt/scheduler.h  crowds: one batch for every stream that is ready
 *   dt/device.h     frames and vertices that stay on a GPU
 *   dt/tools.h      single parts, for tools and tests
 * dt/raster.h (drawing) stands apart. dt/dt.hpp and dt/device.hpp are C++17 wrappers.
 *
 * Usage, in six steps:
 *   1. dt_model_options_default(&mo);  dt_model_open("bundles/base", &mo, &model);
 *   2. dt_stream_options_default(&so); so.identity = "...";  dt_stream_create(model, &so, &stream);
 *   3. dt_stream_push(stream, samples, n_frames, n_channels, rate)    any chunk size, any rate
 *   4. dt_stream_pull(stream, weights, capacity, &first, &n)           until n == 0
 *   5. dt_stream_flush(stream), then pull until n == 0
 *   6. dt_stream_release(stream);  dt_model_release(model);
 * With a crowd, dt_scheduler_add(scheduler, stream) follows 2, one thread calls dt_scheduler_step(), and 4
 * copies what is finished.
 *
 * Call dt_set_log() before step 1. Where a backend cannot start, the next one runs, and the slow "reference"
 * last. Without a log hook only dt_model_backend_name() shows it.
 *
 * Rules that hold for every function:
 *   - A function that can fail returns dt_status; DT_OK is 0, errors are negative. The message of the calling
 *     thread's last error is dt_last_error(). No exception, print, exit or C++ type ever crosses this border.
 *   - Where memory is refused, a function returns DT_OUT_OF_MEMORY, also where its own list does not name it.
 *     What it was called with stays as it was, and the call may be repeated. A pull or step that has frames
 *     by then gives those, and the stream's next pull returns the status.
 *   - Handles (dt_model*, dt_stream*, dt_scheduler*, dt_device_array*, dt_rig*) are numbers, not addresses:
 *     never dereference them. A handle may be released while another thread is inside a call. That call ends
 *     as usual, the object is freed after it, and later calls return DT_INVALID_ARGUMENT. *_release accepts
 *     NULL and released handles. At most 2^20 of a kind live at a time; on systems of 32 bits 2^14, and 2^28
 *     are made in all.
 *   - Option and info structs start with struct_size. Fill options with their *_default() function, an inline
 *     of the header that passes the program's own sizeof to the exported *_init(). In the other structs set
 *     struct_size = sizeof(struct). The library never reads or writes beyond struct_size.
 *     A program with older, smaller structs gets the default of every option that they lack, and infos up to
 *     their size. A program with newer, larger structs gets 0 in the infos that this library lacks, and must
 *     leave the options that it lacks 0. Any other size is DT_INVALID_ARGUMENT.
 *   - Every value means itself, 0 included; "not set" is what the *_default() function gives.
 *   - Strings are UTF-8. Returned strings are owned by the object they come from and live as long as it does.
 *   - Callbacks are optional everywhere; all work is done by polling.
 *   - The library changes no floating-point state of its callers (rounding, flush-to-zero, traps), starts no
 *     threads of its own (a backend may), and installs no signal handlers.
 *
 * Threads:
 *   - dt_model: immutable, any thread at any time.
 *   - dt_stream: push, idle and flush belong to one thread at a time; a second one at the same moment gets
 *     DT_BUSY and changes nothing. They never compute and never wait. Everything else: any thread at any
 *     time. Only pull and frame_at compute; they take turns, and nothing else waits for them. (push allocates
 *     with the first audio of a sample rate, and where grow_to_ms lets the buffer grow.)
 *   - dt_scheduler: any thread. dt_model_options.n_workers is the number of steps that run side by side.
 *   - dt_device_array, dt_rig: any thread; calls with the same array one at a time.
 */
#ifndef DT_DT_H
#define DT_DT_H

/* Of the library; the binary interface has its own number, DT_ABI_VERSION. */
#define DT_VERSION_MAJOR 0
#define DT_VERSION_MINOR 3
#define DT_VERSION_PATCH 0

#include "dt/base.h"
#include "dt/device.h"
#include "dt/dials.h"
#include "dt/model.h"
#include "dt/scheduler.h"
#include "dt/stream.h"
#include "dt/tools.h"

#endif /* DT_DT_H */
