/* Streams of the DiffusionTalker C ABI: one character, audio in, frames out. See dt.h for the rules, the
 * thread rules among them. */
#ifndef DT_STREAM_H
#define DT_STREAM_H

#include "dt/base.h"
#include "dt/dials.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Making one --------------------------------------------------------------------------------- */

typedef struct dt_stream_options {
  size_t struct_size;
  const char* identity; /* name of a talking identity; NULL (default): the bundle's default */
  const char* emotion;  /* name of an emotion; NULL (default): the bundle's default, if it has emotions */
  const float* style;  /* NULL (default), or d_identity floats used instead of identity and emotion; copied */
  uint64_t seed;       /* default 0; same audio, bundle, backend and seed give the same frames. Streams of one
                        * seed blink at the same moments: give each character its own */
  const char* profile; /* NULL (default): the bundle's default profile */
  int32_t max_buffered_ms; /* 100..3600000: audio that may wait until dt_stream_pull, dt_stream_ready_frames
                            * or, in a scheduler, dt_scheduler_step takes it; a push that would exceed it
                            * gets DT_BUFFER_FULL, unless grow_to_ms says otherwise. The default, 1000, is
                            * right for audio that arrives as it is spoken. One ms takes 64 bytes of memory */
  int32_t ease_out_frames; /* frames at the end that ease to rest, 0..300, at most lookahead_frames of them
                            * take effect (earlier ones may be gone when the audio ends); default 5 */
  /* From ABI 1.0 on: */
  int32_t sample_rate_hz; /* 0 (default): fixed by the first push. 1000..768000: rate of the pushes, prepared
                           * now, so that the first push too neither allocates nor locks */
  int32_t offset_ms;      /* -500..500, default 0: moves the face against the audio; 40 shows every pose 40 ms
                           * later. Negative ones add to the latency. The count of frames stays */
  int32_t smoothing_ms;   /* 0 (default) is off; 1..1000: time constant of a one-pole low-pass over frames,
                           * which lags by about as much */
  int32_t lip_seal;       /* 1 (default): while the lips are closed before smoothing (p, b, m), they are after
                           * it. No effect without smoothing or for models without jawOpen and mouthClose */
  int32_t silence_gate;   /* 1: in silence the mouth eases to rest (all channels but eyes and brows; for
                           * vertices and coefficients all of them). Default 0: the model rests by itself */
  float gate_open_dbfs;   /* level of one frame's audio (RMS of 20 Hz .. 8 kHz, 0 dBFS is a full-scale square
                           * wave) that opens the gate, -70..0, default -45 */
  float gate_close_dbfs;  /* below it a frame is silent, -70..gate_open_dbfs, default -51; between the two the
                           * gate stays as it is (hysteresis) */
  int32_t gate_hold_ms;   /* silence before the easing begins, 0..5000, default 200 */
  int32_t gate_ease_ms;   /* how long it takes to rest, and back in half of it, 0..5000, default 200. It opens
                           * ahead of speech, as far as the lookahead reaches */
  int32_t deadline_ms;    /* for schedulers: how long after its audio is there a hop should be finished; -1
                           * (default): the length of a hop; 0..60000 */
  /* From ABI 1.1 on: */
  float emotion_strength; /* 0..2, default 1: how far the style goes from neutral to the emotion, and beyond
                           * it above 1 (dt_model_mix_emotions has the formula). Other values than 1 need a
                           * model with emotions, and no style of the program's own */
  float head_amount; /* 0..2, default 1: multiplies the head pose. 0: no pose, and the weights are those that
                      * the networks gave, bit by bit. No effect for models without a head pose */
  /* From ABI 1.2 on: */
  int32_t grow_to_ms; /* 0 (default): the buffer stays as it is. max_buffered_ms..3600000: it grows by itself
                       * to so much audio, for synthesisers that are faster than speech. A push that makes it
                       * grow allocates; the memory is kept. DT_BUFFER_FULL comes beyond this limit */
  int32_t history_ms; /* 0..60000: how long frames that were pulled are kept, for dt_stream_interrupt_at and
                       * dt_stream_frame_at. -1 (default): 400, or 0 for vertices, whose frames are large.
                       * One second at 30 fps takes 31 * 4 * n_channels bytes */
  const dt_dials* dials; /* NULL (default), or the dials from the first frame on (dt/dials.h); copied */
} dt_stream_options;
/* Fills options with the defaults.
 * struct_size [in] sizeof of the program's own struct; nothing is written behind it.
 * Returns DT_OK or DT_INVALID_ARGUMENT. Any thread. */
DT_API dt_status dt_stream_options_init(dt_stream_options* options, size_t struct_size);
static inline dt_status dt_stream_options_default(dt_stream_options* options) {
  return dt_stream_options_init(options, sizeof(*options));
}

/* options [in] NULL means defaults.  stream [out] release with dt_stream_release.
 * The first stream of a profile may take up to a second where a backend compiles its networks then.
 * For an unknown identity, emotion or profile the message lists those of the bundle. An emotion is an error
 * for a model without emotions, and together with a style.
 * Returns DT_OK, DT_INVALID_ARGUMENT, DT_BAD_BUNDLE (networks that do not take the profile's shapes),
 * DT_UNSUPPORTED (engines without the profile's window), DT_OUT_OF_MEMORY, DT_INTERNAL_ERROR. */
DT_API dt_status dt_stream_create(dt_model* model, const dt_stream_options* options, dt_stream** stream);
/* Also takes it out of its scheduler. */
DT_API void dt_stream_release(dt_stream* stream);

/* ---- Audio in, frames out ----------------------------------------------------------------------- */

/* Appends audio; cheap (mixing and resampling only), no network runs here, no lock is taken, whatever the
 * length. All or nothing.
 * samples [in] n_frames * n_channels interleaved float32, nominal -1..1; copied before return; NULL only if
 *   n_frames is 0. Denormal samples count as 0.
 * n_channels [in] 1..64, mixed to mono: the mean of the channels, or the loudest one while the mean is over
 *   20 dB below it, as it is when a channel has its phase inverted.
 * sample_rate_hz [in] 1000..768000; fixed by the first push that has samples, until the next reset, seek or
 *   interrupt.
 * Returns DT_OK, DT_INVALID_ARGUMENT (also for NaN or infinite samples, with the index), DT_BUFFER_FULL
 * (counted as an overrun), DT_CLOSED, DT_BUSY (another thread is inside push or flush), DT_OUT_OF_MEMORY. */
DT_API dt_status dt_stream_push(dt_stream* stream, const float* samples, size_t n_frames, int32_t n_channels,
                                int32_t sample_rate_hz);

/* As dt_stream_push, for audio of one utterance. A voice that was cancelled may still push for a moment: with
 * the number of its utterance it cannot start the next answer. Since 1.2.
 * utterance [in] of dt_stream_interrupt_at or dt_stream_info: the number changes with every interrupt, reset
 *   and seek.
 * Returns what dt_stream_push does, and DT_STALE when that utterance is over: the samples are dropped. */
DT_API dt_status dt_stream_push_utterance(dt_stream* stream, int64_t utterance, const float* samples,
                                          size_t n_frames, int32_t n_channels, int32_t sample_rate_hz);

/* Appends silence: up to the end of the frame at hand, and n_frames whole frames after it, so that what is
 * pushed next begins with a frame. Eyes, brows and head go on in silence, and the mouth rests. The frames are
 * those of pushed zeros, the same for a seed however the silence is cut. It fixes no sample rate. Since 1.2.
 * n_frames [in] 0 or more.
 * Returns DT_OK, DT_INVALID_ARGUMENT, DT_BUFFER_FULL, DT_CLOSED, DT_BUSY, DT_OUT_OF_MEMORY. */
DT_API dt_status dt_stream_idle(dt_stream* stream, int64_t n_frames);

/* Ends the audio: the remaining frames become ready, the last ease_out_frames ease to the rest pose. In all
 * ceil(duration * fps) frames are given. Belongs to the pushing thread.
 * Returns DT_OK, DT_INVALID_ARGUMENT, DT_CLOSED or DT_BUSY. */
DT_API dt_status dt_stream_flush(dt_stream* stream);

/* The same for one utterance; DT_STALE when it is over: nothing is flushed. Since 1.2. */
DT_API dt_status dt_stream_flush_utterance(dt_stream* stream, int64_t utterance);

/* Takes finished frames, running the networks as needed, hop by hop; in a scheduler it only copies. Nothing
 * waits for it but another pull. An interrupt, reset, seek or pause that comes while a hop is computed drops
 * the hop, and the call ends with the frames that it has.
 * weights [out] capacity_frames * n_channels floats, frame-major, in the motion space that
 *   dt_model_motion_space() names.
 * capacity_frames [in] 0 is allowed.
 * first_frame [out] absolute index of the first frame written. Frame k is at k * fps_den / fps_num seconds.
 * n_frames [out] frames written. 0: more audio or a step of the scheduler is needed, or, after flush, all
 *   frames have been pulled.
 * Returns DT_OK, DT_INVALID_ARGUMENT, DT_INTERNAL_ERROR (a network failed; the next pull or step tries the
 * window again). */
DT_API dt_status dt_stream_pull(dt_stream* stream, float* weights, size_t capacity_frames,
                                int64_t* first_frame, size_t* n_frames);

/* As dt_stream_pull, with the head pose of each frame beside its weights. Since 1.1.
 * head_pose [out] capacity_frames * 3 floats, frame-major: yaw, pitch, roll in radians, within the limits of
 * the bundle; zeros for a model without one (dt_model_info.has_head_pose). NULL: as dt_stream_pull. The head
 * turns about the neck by R = R_y(yaw) R_x(pitch) R_z(roll), right-handed, with x to the subject's left, y up
 * and z out of the face. Yaw > 0 turns the face to the subject's left, pitch > 0 nods it down, and roll > 0
 * tilts the head to the subject's right shoulder. These are the signs and the order of HeadYaw, HeadPitch and
 * HeadRoll as Unreal's ARKit plug-in computes them from a face that is not mirrored. The eyes keep their
 * target while the head turns: the eight eyeLook weights take 0.7 of yaw and pitch back. Weight 1 counts as
 * a gaze of 22 degrees for In and Out, 11 for Up and 17 for Down. */
DT_API dt_status dt_stream_pull_with_pose(dt_stream* stream, float* weights, float* head_pose,
                                          size_t capacity_frames, int64_t* first_frame, size_t* n_frames);

/* The same, and whose frames they are: one pull never gives frames of two utterances, and the easing after an
 * interrupt counts to the new one. With this number a player drops frames that an interrupt overtook on their
 * way. Since 1.2.
 * utterance [out] of the frames written; of the next ones where n_frames is 0. */
DT_API dt_status dt_stream_pull_utterance(dt_stream* stream, float* weights, float* head_pose,
                                          size_t capacity_frames, int64_t* first_frame, size_t* n_frames,
                                          int64_t* utterance);

/* Frames that dt_stream_pull would give now without more audio. Returns DT_OK or DT_INVALID_ARGUMENT. */
DT_API dt_status dt_stream_ready_frames(const dt_stream* stream, int64_t* n_frames);

/* The pose of a moment, mixed linearly from the two frames around it: for players with a clock of their own.
 * The frames are taken as by dt_stream_pull, as far as the moment needs, and kept for history_ms. So a
 * program calls this one or dt_stream_pull to take frames, and may call this one beside pulls to look back.
 * Since 1.2.
 * time_s [in] finite; frame k is at k * fps_den / fps_num.
 * max_hops [in] windows that the call may compute to get there; -1: all it needs. With 0 it never computes
 *   and never waits for another thread that does. In a scheduler steps compute, whatever this says.
 * weights [out] n_channels floats, or NULL.
 * head_pose [out] 3 floats as in dt_stream_pull_with_pose, or NULL. Angles are mixed like weights: between
 *   neighbours they differ by so little that a rotation that is mixed as a quaternion is the same to
 *   0.001 rad.
 * pose_time_s [out] NULL, or the time of the pose: time_s, or that of the newest frame, whose pose is held,
 *   when the frames of time_s have not come. A player that is latency_ms and one frame behind the sound never
 *   needs to hold. Before the first frame it is the rest pose.
 * Returns DT_OK, DT_INVALID_ARGUMENT (also for a time before the frames that are kept), DT_UNSUPPORTED
 * (history_ms is 0), DT_INTERNAL_ERROR (a network failed). */
DT_API dt_status dt_stream_frame_at(dt_stream* stream, double time_s, int32_t max_hops, float* weights,
                                    float* head_pose, double* pose_time_s);

/* ---- Control ------------------------------------------------------------------------------------ */

/* Back to the state after creation (frame 0, rest pose, rate not fixed, style and options as they are now);
 * no memory is freed. Audio of a push that another thread is inside of is dropped. Returns DT_OK or
 * DT_INVALID_ARGUMENT. */
DT_API dt_status dt_stream_reset(dt_stream* stream);

/* As reset, but the next audio begins at animation frame `frame` (0 .. 2^53), and the statistics go on. A
 * stream that is restarted in the middle of a clip, or made on another machine, has the same noise and the
 * same time stamps. Returns DT_OK or DT_INVALID_ARGUMENT. */
DT_API dt_status dt_stream_seek(dt_stream* stream, int64_t frame);

/* Barge-in: drops all audio and frames that wait, and eases from the pose pulled last to the rest pose within
 * ease_ms. The frames of the easing are ready at once. What is pushed from now on belongs to the frames after
 * it; a flushed stream is open again. It waits for no network.
 * ease_ms [in] 0..10000, rounded up to whole frames.  next_audio_frame [out] NULL, or the index of the
 * frame that the next pushed sample belongs to. Returns DT_OK or DT_INVALID_ARGUMENT. */
DT_API dt_status dt_stream_interrupt(dt_stream* stream, int32_t ease_ms, int64_t* next_audio_frame);

/* As dt_stream_interrupt, from the frame that the player shows. Frames that were pulled after it count as
 * never shown: the easing begins with frame shown_frame + 1, so drop them. It does not wait for a hop that is
 * computed. Since 1.2.
 * shown_frame [in] a frame that was pulled in the last history_ms, or the one before the first frame (-1 in a
 *   new stream) when nothing was shown yet.
 * next_audio_frame, utterance [out] NULL, or the frame and the utterance of the next pushed sample.
 * Returns DT_OK or DT_INVALID_ARGUMENT (ease_ms; a frame that was not pulled or is kept no longer). */
DT_API dt_status dt_stream_interrupt_at(dt_stream* stream, int64_t shown_frame, int32_t ease_ms,
                                        int64_t* next_audio_frame, int64_t* utterance);

/* A paused stream gives no frames, runs no networks and is passed over by its scheduler. Audio may be pushed
 * until the buffer is full.
 * paused [in] 1 or 0; the same again has no effect.
 * Returns DT_OK or DT_INVALID_ARGUMENT. */
DT_API dt_status dt_stream_pause(dt_stream* stream, int32_t paused);

/* Changes the style, blended over blend_ms of animation from the first window on that is not begun yet. A
 * window within a blend runs twice, once with each style, and every frame is a mixture of both.
 * style [in] d_identity finite floats, copied.  blend_ms [in] 0..60000.
 * Returns DT_OK, DT_INVALID_ARGUMENT, DT_OUT_OF_MEMORY, DT_INTERNAL_ERROR. */
DT_API dt_status dt_stream_set_style(dt_stream* stream, const float* style, int32_t blend_ms);

/* The same from a frame on, in every profile: earlier frames are those of a stream without the change, bit
 * for bit. Changes of several frames may wait; one of the same frame is replaced. reset and seek drop those
 * that were not reached. Since 1.2.
 * frame [in] absolute index of the first frame that differs; where its window is begun, the first frame after
 *   that window. dt_stream_info.next_audio_frame is that of the sound to be pushed next.
 * Returns what dt_stream_set_style does. */
DT_API dt_status dt_stream_set_style_at(dt_stream* stream, const float* style, int64_t frame,
                                        int32_t blend_ms);

/* Changes the dials, blended over blend_ms of animation: every number that differs from where it was to go is
 * on the way to its new value, and the others go on as they were. Since 1.2.
 * dials [in] NULL: the defaults. offset_ms must be that of the stream's options. Other emotions or another
 *   emotion_strength than before change the style, as dt_stream_set_style_at does.
 * frame, blend_ms [in] as for dt_stream_set_style_at; frame -1: from the first window on that is not begun.
 * Returns DT_OK, DT_INVALID_ARGUMENT (a value out of range, a dial that the model has no channels for),
 * DT_OUT_OF_MEMORY, DT_INTERNAL_ERROR. */
DT_API dt_status dt_stream_set_dials(dt_stream* stream, const dt_dials* dials, int64_t frame,
                                     int32_t blend_ms);

/* ---- Queries ------------------------------------------------------------------------------------ */

typedef struct dt_stream_info {
  size_t struct_size;
  int64_t next_frame;     /* index of the frame that the next pull begins with */
  int64_t audio_frame;    /* frame that the first sample since creation, reset, seek, interrupt belongs to */
  int64_t memory_bytes;   /* of this stream, without what it shares with others of the model */
  int64_t free_samples;   /* audio that a push takes now, at the model's rate */
  int32_t sample_rate_hz; /* of the pushes; 0: not fixed yet */
  int32_t resampler_samples; /* what the resampler waits for, in samples of sample_rate_hz; 0 without it */
  double latency_ms;         /* worst wait of a frame after its own time: profile, resampler and offset_ms */
  int32_t is_flushed;
  int32_t is_paused;
  int32_t in_scheduler;
  int32_t is_failed; /* 1: the last window failed; dt_stream_pull returns the error */
  /* From ABI 1.2 on: */
  int64_t utterance;        /* that the next pushed sample belongs to; begins with 1 */
  int64_t next_audio_frame; /* frame that it belongs to, to within a sample */
  int64_t buffered_frames;  /* frames of the audio that was pushed and is not pulled yet, next_audio_frame -
                             * max(next_frame, audio_frame): how far the voice is ahead of the face */
  int64_t first_kept_frame; /* frames from here to next_frame - 1 are kept (history_ms) */
} dt_stream_info;
DT_API dt_status dt_stream_get_info(const dt_stream* stream, dt_stream_info* info);

/* Time spent since creation or reset, in nanoseconds of wall time; in a batch of a scheduler, the stream's
 * equal share. */
typedef struct dt_stream_stats {
  size_t struct_size;
  int64_t n_hops;
  int64_t n_frames;     /* pulled */
  int64_t front_end_ns; /* resampling and log-mel */
  int64_t encoder_ns;
  int64_t denoiser_ns;
  int64_t update_ns; /* noise and sampler updates */
  int64_t post_ns;
  /* From ABI 1.0 on: */
  int64_t n_overruns;  /* pushes that found the buffer full */
  int64_t n_underruns; /* pulls that asked for frames and got none, after the first frame, while the stream
                        * was open and not paused: for a host that pulls when it needs a frame */
  int64_t n_deadline_misses; /* hops that a scheduler finished after their deadline */
  int64_t max_lateness_ns;   /* the worst of them, beyond the deadline */
} dt_stream_stats;
DT_API dt_status dt_stream_get_stats(const dt_stream* stream, dt_stream_stats* stats);

#ifdef __cplusplus
}
#endif
#endif /* DT_STREAM_H */
