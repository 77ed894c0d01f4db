/* As arguments.c for streams and schedulers, with calls out of order. C99. Usage: arguments_stream BUNDLE */
#include "arguments.h"

static void check_stream_options(dt_model* model) {
  dt_stream_options o;
  dt_stream* stream = NULL;
  int i;
#define BAD_OPTION(field, value)                                       \
  do {                                                                 \
    dt_stream_options_default(&o);                                     \
    o.field = value;                                                   \
    stream = (dt_stream*)audio;                                        \
    BAD(dt_stream_create(model, &o, &stream));                         \
    EXPECT(stream == NULL && strstr(dt_last_error(), #field) != NULL); \
  } while (0)
  BAD_OPTION(max_buffered_ms, 99);
  BAD_OPTION(max_buffered_ms, INT32_MAX);
  BAD_OPTION(ease_out_frames, -1);
  BAD_OPTION(sample_rate_hz, 999);
  BAD_OPTION(sample_rate_hz, -1);
  BAD_OPTION(offset_ms, 501);
  BAD_OPTION(smoothing_ms, -1);
  BAD_OPTION(lip_seal, 2);
  BAD_OPTION(silence_gate, -1);
  BAD_OPTION(gate_open_dbfs, NAN);
  BAD_OPTION(gate_close_dbfs, 0.0f);
  BAD_OPTION(gate_hold_ms, 5001);
  BAD_OPTION(gate_ease_ms, -1);
  BAD_OPTION(deadline_ms, -2);
  BAD_OPTION(emotion_strength, -0.1f);
  BAD_OPTION(emotion_strength, 2.1f);
  BAD_OPTION(emotion_strength, NAN);
  BAD_OPTION(grow_to_ms, -1);
  BAD_OPTION(grow_to_ms, 999); /* less than max_buffered_ms */
  BAD_OPTION(grow_to_ms, 3600001);
  BAD_OPTION(history_ms, -2);
  BAD_OPTION(history_ms, 60001);
  BAD_OPTION(head_amount, -0.1f);
  BAD_OPTION(head_amount, 2.1f);
  BAD_OPTION(head_amount, NAN);
  BAD_OPTION(struct_size, 8);
  BAD_OPTION(struct_size, (size_t)-1);
  BAD_OPTION(style, not_finite);
  BAD(dt_stream_create(model, NULL, NULL));
  BAD_OPTION(profile, "profile nobody has");
  for (i = 0; i < 2; ++i) { /* all of it on, twice: nothing leaks into the next stream */
    dt_stream_options_default(&o);
    o.smoothing_ms = 100;
    o.silence_gate = 1;
    o.sample_rate_hz = 48000;
    o.offset_ms = -500;
    EXPECT(dt_stream_create(model, &o, &stream) == DT_OK);
    dt_stream_release(stream);
  }
}

/* Every dial, in the options of a stream and in a running one. */
static void check_dials(dt_model* model, dt_stream* stream) {
  dt_stream_options o;
  dt_dials d;
  dt_stream* made = NULL;
  const dt_emotion_part nobody = {"mood nobody has", 1};
#define BAD_DIAL(field, value)                                       \
  do {                                                               \
    dt_dials_default(&d);                                            \
    d.field = value;                                                 \
    BAD(dt_stream_set_dials(stream, &d, -1, 0));                     \
    EXPECT(strstr(dt_last_error(), #field) != NULL);                 \
    dt_stream_options_default(&o);                                   \
    o.dials = &d;                                                    \
    BAD(dt_stream_create(model, &o, &made));                         \
    EXPECT(made == NULL && strstr(dt_last_error(), #field) != NULL); \
  } while (0)
  BAD(dt_dials_init(NULL, sizeof(d)));
  BAD(dt_dials_init(&d, 8));
  BAD(dt_dials_init(&d, (size_t)-1));
  BAD_DIAL(strength, -0.1f);
  BAD_DIAL(strength, NAN);
  BAD_DIAL(upper_strength, 2.1f);
  BAD_DIAL(lower_strength, -1.0f);
  BAD_DIAL(jaw_sharpness, 1.1f);
  BAD_DIAL(lip_sharpness, -0.1f);
  BAD_DIAL(blink_rate, 4.1f);
  BAD_DIAL(gaze_side_deg, 36.0f);
  BAD_DIAL(gaze_up_deg, INFINITY);
  BAD_DIAL(gaze_hold, 1.1f);
  BAD_DIAL(head_amount, 2.1f);
  BAD_DIAL(emotion_strength, -0.1f);
  BAD_DIAL(smoothing_ms, 1001);
  BAD_DIAL(offset_ms, -501);
  BAD_DIAL(n_emotions, -1);
  BAD_DIAL(n_emotions, 1025);
  BAD_DIAL(channel_gain, not_finite);
  BAD_DIAL(channel_offset, not_finite);
  BAD_DIAL(channel_min, not_finite);
  BAD_DIAL(channel_max, not_finite);
  BAD_DIAL(struct_size, 8);
  dt_dials_default(&d);
  d.n_emotions = 1;
  BAD(dt_stream_set_dials(stream, &d, -1, 0)); /* none are given */
  d.emotions = &nobody;
  BAD(dt_stream_set_dials(stream, &d, -1, 0));
  dt_dials_default(&d);
  d.offset_ms = 40; /* a stream that runs has its offset */
  BAD(dt_stream_set_dials(stream, &d, -1, 0));
  dt_dials_default(&d);
  BAD(dt_stream_set_dials(NULL, &d, 0, 0));
  BAD(dt_stream_set_dials(stream, &d, -2, 0));
  BAD(dt_stream_set_dials(stream, &d, INT64_MAX, 0));
  BAD(dt_stream_set_dials(stream, &d, 0, -1));
  BAD(dt_stream_set_dials(stream, &d, 0, 60001));
  EXPECT(dt_stream_set_dials(stream, NULL, 0, 0) == DT_OK);
  EXPECT(dt_stream_set_dials(stream, &d, -1, 60000) == DT_OK);
}

static void check_dead_stream(dt_stream* dead) {
  dt_stream_info info = {.struct_size = sizeof(info)};
  dt_stream_stats stats = {.struct_size = sizeof(stats)};
  int64_t first = 0;
  size_t n = 0;
  double time_s = 0;
  BAD(dt_stream_push(dead, audio, 1, 1, 16000));
  BAD(dt_stream_push_utterance(dead, 1, audio, 1, 1, 16000));
  BAD(dt_stream_idle(dead, 1));
  BAD(dt_stream_flush(dead));
  BAD(dt_stream_flush_utterance(dead, 1));
  BAD(dt_stream_pull_utterance(dead, out, out, 1, &first, &n, &first));
  BAD(dt_stream_frame_at(dead, 0, 0, out, out, &time_s));
  BAD(dt_stream_interrupt_at(dead, -1, 0, &first, &first));
  BAD(dt_stream_pull(dead, out, 1, &first, &n));
  BAD(dt_stream_pull_with_pose(dead, out, out, 1, &first, &n));
  BAD(dt_stream_ready_frames(dead, &first));
  BAD(dt_stream_reset(dead));
  BAD(dt_stream_seek(dead, 0));
  BAD(dt_stream_interrupt(dead, 0, NULL));
  BAD(dt_stream_pause(dead, 0));
  BAD(dt_stream_set_style(dead, audio, 0));
  BAD(dt_stream_set_style_at(dead, audio, 0, 0));
  BAD(dt_stream_set_dials(dead, NULL, 0, 0));
  BAD(dt_stream_get_info(dead, &info));
  BAD(dt_stream_get_stats(dead, &stats));
  dt_stream_release(dead);
}

/* The calls of a conversation: utterances, silence, moments, what was shown. */
static void check_conversation(dt_stream* stream) {
  int64_t first = 0, utterance = 0, before = 0;
  size_t n = 9;
  double time_s = 0;
  BAD(dt_stream_push_utterance(stream, 1, NULL, 1, 1, 16000));
  BAD(dt_stream_push_utterance(stream, 0, audio, 1, 1, 16000));
  BAD(dt_stream_push_utterance(stream, INT64_MIN, audio, 1, 1, 16000));
  BAD(dt_stream_push_utterance(stream, INT64_MAX, audio, 1, 1, 16000));
  BAD(dt_stream_push_utterance(stream, 1, not_finite, 1, 1, 16000));
  REFUSES(dt_stream_push_utterance(stream, 1, audio, (size_t)-1, 64, 16000), DT_BUFFER_FULL);
  BAD(dt_stream_push_utterance(stream, 1, audio, 1, 0, 16000));
  BAD(dt_stream_push_utterance(stream, 1, audio, 1, 1, 0));
  BAD(dt_stream_flush_utterance(stream, 0));
  BAD(dt_stream_flush_utterance(stream, INT64_MAX));
  BAD(dt_stream_idle(stream, -1));
  BAD(dt_stream_idle(stream, INT64_MIN));
  REFUSES(dt_stream_idle(stream, INT64_MAX), DT_BUFFER_FULL);
  EXPECT(dt_stream_idle(stream, 0) == DT_OK);
  BAD(dt_stream_pull_utterance(stream, NULL, out, 1, &first, &n, &utterance));
  BAD(dt_stream_pull_utterance(stream, out, out, 1, NULL, &n, &utterance));
  BAD(dt_stream_pull_utterance(stream, out, out, 1, &first, NULL, &utterance));
  BAD(dt_stream_pull_utterance(stream, out, out, 1, &first, &n, NULL));
  EXPECT(dt_stream_pull_utterance(stream, out, NULL, 1, &first, &n, &utterance) == DT_OK && n == 0);
  BAD(dt_stream_frame_at(stream, NAN, 0, out, out, &time_s));
  BAD(dt_stream_frame_at(stream, INFINITY, 0, out, out, &time_s));
  BAD(dt_stream_frame_at(stream, -1e300, 0, out, out, &time_s));
  BAD(dt_stream_frame_at(stream, 0, -2, out, out, &time_s));
  EXPECT(dt_stream_frame_at(stream, 1e11, -1, NULL, NULL, NULL) == DT_OK);
  EXPECT(dt_stream_frame_at(stream, -1e11, INT32_MAX, out, NULL, &time_s) == DT_OK && time_s < 0);
  BAD(dt_stream_interrupt_at(stream, 0, 0, NULL, NULL)); /* nothing was pulled */
  BAD(dt_stream_interrupt_at(stream, -2, 0, NULL, NULL));
  BAD(dt_stream_interrupt_at(stream, INT64_MIN, 0, NULL, NULL));
  BAD(dt_stream_interrupt_at(stream, INT64_MAX, 0, NULL, NULL));
  BAD(dt_stream_interrupt_at(stream, -1, -1, NULL, NULL));
  BAD(dt_stream_interrupt_at(stream, -1, 10001, NULL, NULL));
  EXPECT(dt_stream_interrupt_at(stream, -1, 0, NULL, &before) == DT_OK);
  EXPECT(dt_stream_interrupt_at(stream, -1, 0, &first, &utterance) == DT_OK);
  EXPECT(first == 0 && utterance == before + 1);
  REFUSES(dt_stream_push_utterance(stream, before, audio, 1, 1, 16000), DT_STALE);
  REFUSES(dt_stream_flush_utterance(stream, before), DT_STALE);
  EXPECT(dt_stream_push_utterance(stream, utterance, audio, 1, 1, 16000) == DT_OK);
  EXPECT(dt_stream_flush_utterance(stream, utterance) == DT_OK);
  REFUSES(dt_stream_idle(stream, 1), DT_CLOSED);
  EXPECT(strcmp(dt_status_string(DT_STALE), "stale") == 0);
  EXPECT(dt_stream_reset(stream) == DT_OK);
}

/* Flush twice, push after it, and the ways back. */
static void check_order(dt_stream* stream) {
  int64_t first = 0;
  size_t n = 9;
  EXPECT(dt_stream_flush(stream) == DT_OK);
  REFUSES(dt_stream_flush(stream), DT_CLOSED);
  REFUSES(dt_stream_push(stream, audio, 1, 1, 16000), DT_CLOSED);
  EXPECT(dt_stream_pull(stream, out, 1, &first, &n) == DT_OK && n == 0);
  EXPECT(dt_stream_interrupt(stream, 0, &first) == DT_OK && first == 0);
  EXPECT(dt_stream_push(stream, audio, 100, 1, 16000) == DT_OK);
  BAD(dt_stream_push(stream, audio, 100, 1, 8000)); /* the rate is fixed */
  EXPECT(dt_stream_seek(stream, (int64_t)1 << 53) == DT_OK);
  EXPECT(dt_stream_push(stream, audio, 100, 1, 8000) == DT_OK);
  EXPECT(dt_stream_pause(stream, 1) == DT_OK && dt_stream_pause(stream, 1) == DT_OK);
  EXPECT(dt_stream_flush(stream) == DT_OK && dt_stream_pull(stream, out, 9, &first, &n) == DT_OK && n == 0);
  EXPECT(dt_stream_reset(stream) == DT_OK && dt_stream_reset(stream) == DT_OK);
}

static void check_stream(dt_stream* stream) {
  dt_stream_info info = {.struct_size = sizeof(info)};
  dt_stream_stats stats = {.struct_size = offsetof(dt_stream_stats, n_overruns)};
  int64_t first = 0;
  size_t n = 9;
  stats.n_overruns = 77;
  BAD(dt_stream_push(stream, NULL, 1, 1, 16000));
  BAD(dt_stream_push(stream, not_finite, 1, 1, 16000));
  BAD(dt_stream_push(stream, not_finite + 1, 1, 1, 16000));
  BAD(dt_stream_push(stream, not_finite, 2, 2, 16000));
  BAD(dt_stream_push(stream, audio, 1, 0, 16000));
  BAD(dt_stream_push(stream, audio, 1, 65, 16000));
  BAD(dt_stream_push(stream, audio, 1, INT32_MIN, 16000));
  BAD(dt_stream_push(stream, audio, 1, 1, 0));
  BAD(dt_stream_push(stream, audio, 1, 1, INT32_MAX));
  REFUSES(dt_stream_push(stream, audio, (size_t)-1, 64, 16000), DT_BUFFER_FULL);
  REFUSES(dt_stream_push(stream, audio, (size_t)1 << 39, 1, 768000), DT_BUFFER_FULL);
  BAD(dt_stream_pull(stream, NULL, 1, &first, &n));
  EXPECT(n == 0);
  BAD(dt_stream_pull(stream, out, 1, NULL, &n));
  BAD(dt_stream_pull(stream, out, 1, &first, NULL));
  BAD(dt_stream_pull_with_pose(stream, NULL, out, 1, &first, &n));
  BAD(dt_stream_pull_with_pose(stream, out, out, 1, NULL, &n));
  BAD(dt_stream_pull_with_pose(stream, out, out, 1, &first, NULL));
  n = 9;
  EXPECT(dt_stream_pull_with_pose(stream, out, NULL, 1, &first, &n) == DT_OK && n == 0);
  EXPECT(dt_stream_pull(stream, out, (size_t)-1, &first, &n) == DT_OK && n == 0); /* nothing is ready */
  BAD(dt_stream_ready_frames(stream, NULL));
  BAD(dt_stream_seek(stream, -1));
  BAD(dt_stream_seek(stream, INT64_MAX));
  BAD(dt_stream_interrupt(stream, -1, NULL));
  BAD(dt_stream_interrupt(stream, 10001, NULL));
  BAD(dt_stream_pause(stream, 2));
  BAD(dt_stream_set_style(stream, NULL, 0));
  BAD(dt_stream_set_style(stream, not_finite, 0));
  BAD(dt_stream_set_style(stream, audio, -1));
  BAD(dt_stream_set_style(stream, audio, 60001));
  BAD(dt_stream_set_style_at(stream, NULL, 0, 0));
  BAD(dt_stream_set_style_at(stream, not_finite, 0, 0));
  BAD(dt_stream_set_style_at(stream, audio, -1, 0));
  BAD(dt_stream_set_style_at(stream, audio, INT64_MAX, 0));
  BAD(dt_stream_set_style_at(stream, audio, 0, -1));
  BAD(dt_stream_set_style_at(stream, audio, 0, 60001));
  BAD(dt_stream_get_info(stream, NULL));
  BAD(dt_stream_get_stats(stream, NULL));
  info.struct_size = 1;
  BAD(dt_stream_get_info(stream, &info));
  info.struct_size = sizeof(info);
  EXPECT(dt_stream_get_info(stream, &info) == DT_OK && info.memory_bytes > 0);
  EXPECT(dt_stream_get_stats(stream, &stats) == DT_OK && stats.n_overruns == 77); /* an old struct */
  check_order(stream);
}

static void check_dead_scheduler(dt_scheduler* dead, dt_stream* stream) {
  dt_step_info info = {.struct_size = sizeof(info)};
  dt_scheduler_stats stats = {.struct_size = sizeof(stats)};
  BAD(dt_scheduler_add(dead, stream));
  BAD(dt_scheduler_remove(dead, stream));
  BAD(dt_scheduler_step(dead, -1, -1, &info));
  BAD(dt_scheduler_get_stats(dead, &stats));
  dt_scheduler_release(dead);
}

static void check_scheduler(dt_model* model, dt_stream* stream, dt_stream* dead, const char* path) {
  dt_scheduler_options o;
  dt_scheduler *scheduler = NULL, *second = NULL;
  dt_step_info info = {.struct_size = sizeof(info)};
  dt_scheduler_stats stats = {.struct_size = sizeof(stats)};
  dt_model_options reference;
  dt_model* other = NULL;
  dt_stream* foreign = NULL;
  dt_scheduler_options_default(NULL);
  dt_scheduler_options_default(&o);
  BAD(dt_scheduler_create(model, &o, NULL));
  o.max_batch = 3;
  BAD(dt_scheduler_create(model, &o, &scheduler));
  dt_scheduler_options_default(&o);
  o.warm_up = 5;
  BAD(dt_scheduler_create(model, &o, &scheduler));
  o.warm_up = 0;
  o.max_wait_us = -1;
  BAD(dt_scheduler_create(model, &o, &scheduler));
  o.max_wait_us = INT64_MAX;
  BAD(dt_scheduler_create(model, &o, &scheduler));
  o.max_wait_us = 1000000;
  EXPECT(dt_scheduler_create(model, &o, &scheduler) == DT_OK &&
         dt_scheduler_create(model, &o, &second) == DT_OK);
  BAD(dt_scheduler_add(scheduler, NULL));
  BAD(dt_scheduler_add(scheduler, dead));
  BAD(dt_scheduler_remove(scheduler, NULL));
  BAD(dt_scheduler_remove(scheduler, dead));
  BAD(dt_scheduler_remove(scheduler, stream));
  EXPECT(dt_scheduler_add(scheduler, stream) == DT_OK);
  REFUSES(dt_scheduler_add(scheduler, stream), DT_BUSY);
  REFUSES(dt_scheduler_add(second, stream), DT_BUSY);
  BAD(dt_scheduler_remove(second, stream));
  dt_model_options_default(&reference);
  reference.backend = "reference";
  EXPECT(dt_model_open(path, &reference, &other) == DT_OK);
  EXPECT(dt_stream_create(other, NULL, &foreign) == DT_OK);
  BAD(dt_scheduler_add(scheduler, foreign));
  dt_stream_release(foreign);
  dt_model_release(other);
  BAD(dt_scheduler_step(scheduler, -2, -1, &info));
  BAD(dt_scheduler_step(scheduler, INT64_MAX, -1, &info));
  BAD(dt_scheduler_step(scheduler, -1, -2, &info));
  info.struct_size = 3;
  BAD(dt_scheduler_step(scheduler, -1, -1, &info));
  EXPECT(dt_scheduler_step(scheduler, 0, 0, NULL) == DT_OK);
  stats.struct_size = 0;
  BAD(dt_scheduler_get_stats(scheduler, &stats));
  BAD(dt_scheduler_get_stats(scheduler, NULL));
  dt_scheduler_release(second);
  check_dead_scheduler(second, stream);
  check_dead_scheduler(NULL, stream);
  dt_scheduler_release(scheduler);
  EXPECT(dt_scheduler_create(model, &o, &second) == DT_OK && dt_scheduler_add(second, stream) == DT_OK);
  dt_scheduler_release(second);
}

int main(int argc, char** argv) {
  dt_model* model = NULL;
  dt_stream* stream = NULL;
  dt_stream* second = NULL;
  if (argc != 2) return 2;
  fill_not_finite();
  EXPECT(dt_model_open(argv[1], NULL, &model) == DT_OK);
  if (model == NULL) return 1;
  check_stream_options(model);
  EXPECT(dt_stream_create(model, NULL, &stream) == DT_OK && dt_stream_create(model, NULL, &second) == DT_OK);
  check_dials(model, stream);
  check_conversation(stream);
  check_stream(stream);
  dt_stream_release(second);
  check_scheduler(model, stream, second, argv[1]);
  check_dead_stream(second);
  check_dead_stream(NULL);
  check_dead_stream((dt_stream*)audio); /* a pointer that is no handle at all */
  check_dead_stream((dt_stream*)model); /* a handle of another kind */
  check_dead_scheduler((dt_scheduler*)model, stream);
  dt_model_release(model);
  EXPECT(dt_stream_push(stream, audio, 100, 1, 16000) == DT_OK); /* lives on without its model's handle */
  dt_stream_release(stream);
  EXPECT(dt_allocated_bytes() == 0);
  printf("%d failures\n", n_failures);
  return n_failures == 0 ? 0 : 1;
}
