/** What goes in and out, by the names of the Python package. */

/** One emotion, or weights 0..2 of several, 2 in all at most. */
export type Emotion = string | Readonly<Record<string, number>>;

/** How a face moves. A dial that is missing leaves every frame as it is; docs/dials.md shows each. */
export interface Dials {
  /** 0..2, default 1: how far the face moves from the rest pose. Closed lips stay closed. */
  strength?: number;
  /** 0..2, default 1: the same for eyes and brows. */
  upper_strength?: number;
  /** 0..2, default 1: the same for jaw, mouth, cheeks, nose and tongue. */
  lower_strength?: number;
  /** 0..1, default 0: how much fast movements of the jaw stand out. */
  jaw_sharpness?: number;
  /** 0..1, default 0: the same for the mouth. */
  lip_sharpness?: number;
  /** 0..1000, default 0: time constant of a low-pass that keeps closures. */
  smoothing_ms?: number;
  /** 0..4, default 1: share of the blinks that stay, and above 1 how many more come. */
  blink_rate?: number;
  /** -35..35, default 0: turns the gaze to the subject's left. */
  gaze_side_deg?: number;
  /** -25..25, default 0: turns the gaze up. */
  gaze_up_deg?: number;
  /** 0..1, default 0: how much of the eyes' own wandering is taken away. */
  gaze_hold?: number;
  /** 0..2, default 1: multiplies the head pose. */
  head_amount?: number;
  /** 0..2, default 1: multiplies the emotion_strength of the stream. */
  emotion_strength?: number;
  /** In place of the stream's emotion. */
  emotion?: Emotion;
  /** -500..500, default 0: shows the face so much later than the sound; fixed when a stream is made. */
  offset_ms?: number;
  /** Channel -> 0..4. */
  channel_gain?: Readonly<Record<string, number>>;
  /** Channel -> -1..1. */
  channel_offset?: Readonly<Record<string, number>>;
  /** Channel -> -4..4. */
  channel_min?: Readonly<Record<string, number>>;
  /** Channel -> -4..4. */
  channel_max?: Readonly<Record<string, number>>;
}

/** What a stream and an animation have in common. */
export interface StyleOptions {
  /** One of Talker.identities; the bundle's default otherwise. */
  identity?: string;
  /** One of Talker.emotions, or weights of several; the bundle's default otherwise. */
  emotion?: Emotion;
  /** 0..2, default 1: how far the face goes from neutral to the emotion. */
  emotion_strength?: number;
  /** d_identity numbers of style(), blend_styles() or enroll(), in place of the three above. */
  style?: Float32Array | readonly number[];
  /** One of Talker.profiles; that of load() otherwise. */
  profile?: string;
  /** 0..2, default 1: multiplies the head pose of a model that has one. */
  head_amount?: number;
  dials?: Dials;
}

export interface StreamOptions extends StyleOptions {
  /** 0 .. 2^64-1, default 0: the same audio, bundle and seed give the same frames. Give each character its own. */
  seed?: number | bigint;
  /** 100..3600000, default 600000: audio that may wait; a push beyond it is a BufferFullError. */
  max_buffered_ms?: number;
  /** 0..60000, default 10000: how long pulled frames are kept for interrupt(). */
  history_ms?: number;
  /** Frames at the end that ease to rest. */
  ease_out_frames?: number;
  /** Further fields of dt_stream_options (csrc/include/dt/stream.h). */
  offset_ms?: number;
  smoothing_ms?: number;
  lip_seal?: number;
  silence_gate?: number;
  gate_open_dbfs?: number;
  gate_close_dbfs?: number;
  gate_hold_ms?: number;
  gate_ease_ms?: number;
}

export interface AnimateOptions extends StyleOptions {
  /** As of StreamOptions; otherwise one is made of the first second of sound, as in Python. */
  seed?: number | bigint;
  /** Called with the seconds of audio that are done. */
  progress?: (seconds: number) => void;
  /** Ends the work early, with an AbortError. */
  signal?: AbortSignal;
}

/** Mono samples, or an array of channels, nominal -1..1; Int16Array is scaled. An AudioBuffer has its own rate. */
export type Samples = Float32Array | Int16Array | readonly number[] | readonly Float32Array[] | AudioBuffer;

/** One animation frame. */
export interface Frame {
  /** Since the start of the stream. */
  index: number;
  /** index * fps_den / fps_num; of a moment between two frames: that moment. */
  time_s: number;
  /** One for each of Talker.channels, nominal 0..1. */
  weights: Float32Array;
  /** Yaw, pitch, roll in radians (csrc/include/dt/stream.h has signs and order); null for a model without one. */
  head_pose: Float32Array | null;
  /** That the frame belongs to (Stream.utterance). */
  utterance: number;
}

/** Sizes of one window, in animation frames; *_samples at the model's sample rate. */
export interface Profile {
  past_frames: number;
  hop_frames: number;
  lookahead_frames: number;
  lookahead_samples: number;
  hop_samples: number;
  front_end_samples: number;
  /** What the first frame of a hop waits after its own time; compute time comes on top. */
  latency_ms: number;
  min_latency_ms: number;
  stream_bytes: number;
}

/** What a model is: its names and sizes. */
export interface ModelInfo {
  channels: readonly string[];
  n_channels: number;
  identities: readonly string[];
  emotions: readonly string[];
  default_emotion: string | null;
  profiles: Readonly<Record<string, Profile>>;
  default_profile: string;
  fps_num: number;
  fps_den: number;
  sample_rate_hz: number;
  d_identity: number;
  has_head_pose: boolean;
  enroll_range_ms: readonly [number, number] | null;
  space: string;
  backend: string;
  precision: string;
  version: string;
}

/** Samples as they go to the library: interleaved. */
export interface Sound {
  samples: Float32Array;
  n_channels: number;
  sample_rate: number;
}
