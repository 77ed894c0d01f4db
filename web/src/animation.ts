/** The motion of a whole recording, and the pose of a moment between two frames. */
import type {Animated} from './engine.js';
import type {Frame, ModelInfo} from './types.js';

/** The straight line between two frames; share 0 gives the first, bit by bit. */
export function mixed(a: Frame, b: Frame, share: number, time_s: number): Frame {
  if (share <= 0) return {...a, time_s};
  const line = (x: Float32Array, y: Float32Array) => x.map((v, i) => (1 - share) * v + share * y[i]!);
  return {
    index: a.index,
    time_s,
    weights: line(a.weights, b.weights),
    head_pose: a.head_pose && b.head_pose ? line(a.head_pose, b.head_pose) : null,
    utterance: a.utterance,
  };
}

/** Made by Talker.animate(). Frame k belongs to the audio at k * fps_den / fps_num seconds. */
export class Animation {
  /** float32 [n_frames * n_channels], frame by frame. */
  readonly weights: Float32Array;
  /** float32 [n_frames * 3], as Frame.head_pose; null for a model without one. */
  readonly head_pose: Float32Array | null;
  readonly channels: readonly string[];
  readonly n_channels: number;
  readonly n_frames: number;
  readonly fps_num: number;
  readonly fps_den: number;

  /** @internal */
  constructor({weights, head_pose, n_frames}: Animated, info: ModelInfo) {
    this.weights = weights;
    this.head_pose = info.has_head_pose ? head_pose : null;
    this.n_frames = n_frames;
    this.channels = info.channels;
    this.n_channels = info.n_channels;
    this.fps_num = info.fps_num;
    this.fps_den = info.fps_den;
  }

  get fps(): number {
    return this.fps_num / this.fps_den;
  }
  get duration_s(): number {
    return (this.n_frames * this.fps_den) / this.fps_num;
  }

  /** Frame k, 0 .. n_frames - 1, without a copy. */
  frame(k: number): Frame {
    const n = this.n_channels;
    return {
      index: k,
      time_s: (k * this.fps_den) / this.fps_num,
      weights: this.weights.subarray(k * n, (k + 1) * n),
      head_pose: this.head_pose?.subarray(k * 3, (k + 1) * 3) ?? null,
      utterance: 1,
    };
  }

  /** The pose of a moment, mixed linearly from the two frames around it; the first or last frame outside. */
  frame_at(time_s: number): Frame {
    const place = Math.min(Math.max(time_s * this.fps, 0), this.n_frames - 1),
      k = Math.floor(place);
    return mixed(this.frame(k), this.frame(Math.min(k + 1, this.n_frames - 1)), place - k, place / this.fps);
  }
}
