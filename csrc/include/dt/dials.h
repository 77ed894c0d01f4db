/* Dials of the DiffusionTalker C ABI: how strong, sharp and smooth a face moves, how often it blinks and
 * where it looks. Python, the command line and the files that they write use the same names. See dt.h.
 *
 * For vertices and coefficients only strength, head_amount, smoothing_ms, offset_ms and the emotions may
 * differ from their defaults: no channel there is known to be an eye or a lip.
 */
#ifndef DT_DIALS_H
#define DT_DIALS_H

#include "dt/base.h"
#include "dt/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Since 1.2. With every dial at its default the frames are those of a stream without dials, bit for bit. */
typedef struct dt_dials {
  size_t struct_size;
  float strength; /* 0..2, default 1: how far the whole face moves from its rest pose. The mouth opens and
                   * closes about its closure: what was closed stays closed, what was open stays open, from
                   * 0.5 on; 0 is the rest pose. Blinks close whole from 0.5 on. The head pose has its own
                   * dial */
  float upper_strength; /* 0..2, default 1: the same for eyes and brows, multiplied with strength */
  float lower_strength; /* 0..2, default 1: the same for jaw, mouth, cheeks, nose and tongue */
  float jaw_sharpness;  /* 0..1, default 0: adds so much of what the jaw does faster than 100 ms once more */
  float lip_sharpness;  /* 0..1, default 0: the same for the mouth. Neither opens lips that were closed */
  float blink_rate; /* 0..4, default 1: below 1 so many of the blinks stay, 0 is none; 2 adds about 18 blinks
                     * a minute where no blink is near, and 4 about 35. The seed says which */
  float gaze_side_deg; /* -35..35, default 0: turns the gaze to the subject's left, in degrees */
  float gaze_up_deg;   /* -25..25, default 0: turns the gaze up. As far as the look channels reach: 22 degrees
                        * to a side, 11 up and 17 down on the built-in head */
  float gaze_hold; /* 0..1, default 0: how much of the eyes' own wandering is taken away. 1 fixes them on the
                    * target, also while the head turns */
  float head_amount; /* 0..2, default 1: multiplies the head pose, and dt_stream_options.head_amount */
  float
      emotion_strength; /* 0..2, default 1: multiplies dt_stream_options.emotion_strength, 2 at most in all */
  int32_t smoothing_ms; /* 0..1000, default 0: time constant of a low-pass that keeps closures, as
                         * dt_stream_options.smoothing_ms; the longer of the two holds */
  int32_t offset_ms;    /* -500..500, default 0: added to dt_stream_options.offset_ms. It is fixed when the
                         * stream is made */
  int32_t n_emotions;   /* 0 (default): the emotion of the stream's options */
  const dt_emotion_part* emotions; /* n_emotions parts to be used in place of it, as for
                                    * dt_model_mix_emotions */
  /* Each NULL (default), or one value for each of the n_channels. They act on what all other dials have left,
   * without a thought for closures: w * gain + offset, then min and max. */
  const float* channel_gain;   /* 0..4, default 1 */
  const float* channel_offset; /* -1..1, default 0 */
  const float* channel_min;    /* -4..4; the limits of the bundle hold in any case, and are the defaults */
  const float* channel_max;    /* -4..4, not below channel_min */
} dt_dials;
/* Fills dials with the defaults.
 * struct_size [in] sizeof of the program's own struct; nothing is written behind it.
 * Returns DT_OK or DT_INVALID_ARGUMENT. Since 1.2. Any thread. */
DT_API dt_status dt_dials_init(dt_dials* dials, size_t struct_size);
static inline dt_status dt_dials_default(dt_dials* dials) { return dt_dials_init(dials, sizeof(*dials)); }

#ifdef __cplusplus
}
#endif
#endif /* DT_DIALS_H */
