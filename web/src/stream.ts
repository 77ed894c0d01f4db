/** One character's stream: audio goes in as it arrives, frames with their time come out. */
import {shown, vector, whole} from './checks.js';
import {InputError} from './errors.js';
import type {Note} from './engine.js';
import type {Link} from './link.js';
import type {Block, Mood} from './native.js';
import {nativeDials} from './options.js';
import {soundOf} from './sound.js';
import type {Dials, Frame, ModelInfo, Profile, Samples} from './types.js';

interface Utterance {
  /** Number of the utterance (Stream.utterance); the one at hand otherwise. */
  utterance?: number;
}
interface FromFrame {
  /** Index of the first frame that differs; the first window that is not begun otherwise. */
  frame?: number;
}

/** Made by Talker.stream(). */
export class Stream {
  /** Sizes of its windows, and how long a frame waits. */
  readonly profile: Profile;
  /** Frames per second. */
  readonly fps: number;
  private current = 1;
  private readonly ahead: Frame[] = []; // of frames(), not given out yet
  private wake: (() => void) | undefined;
  private is_watched = false;
  private is_over = false;
  private is_closed = false;
  private fault: Error | undefined;

  /** @internal */
  constructor(
    private readonly link: Link,
    private readonly number: number,
    private readonly info_: ModelInfo,
    profile: string,
    private readonly base: readonly Mood[],
    private readonly forget: () => void,
  ) {
    this.profile = info_.profiles[profile]!;
    this.fps = info_.fps_num / info_.fps_den;
  }

  // ---- Audio in ----

  /** Appends audio of any length; pull() and frames() compute. Channels are mixed to mono.
   * sample_rate: Hz, 1000..768000, fixed by the first push until the next reset(), seek() or interrupt(); left away for
   * an AudioBuffer.
   * Resolves to true, or to false when the utterance is over: the samples are dropped, push no more of it.
   * Raises InputError (kind, rate, NaN), BufferFullError (nothing is taken), StreamClosedError after flush().
   */
  async push(samples: Samples, sample_rate?: number, {utterance}: Utterance = {}): Promise<boolean> {
    const sound = soundOf(samples, sample_rate);
    this.is_over = false;
    return this.link.ask('push', [this.number, sound, utterance ?? null], [sound.samples.buffer as ArrayBuffer]);
  }

  /** Appends silence: up to the end of the frame at hand, and ceil(seconds * fps) whole frames. Eyes, brows and head go
   * on, and the mouth rests. Resolves to the index of the frame that the next pushed sample belongs to. */
  async idle(seconds: number): Promise<number> {
    if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= 3600)) {
      throw new InputError(`seconds is ${shown(seconds)}, expected 0 to 3600`);
    }
    const frames = (seconds * this.info_.fps_num) / this.info_.fps_den;
    return this.link.ask('idle', [this.number, Math.ceil(Math.round(frames * 1e6) / 1e6)]);
  }

  /** Ends the audio: the remaining frames become ready and ease to rest; ceil(duration * fps) in all.
   * Resolves to false when the utterance is over already. Raises StreamClosedError the second time. */
  async flush({utterance}: Utterance = {}): Promise<boolean> {
    return this.link.ask('flush', [this.number, utterance ?? null]);
  }

  /** Takes the samples of an AudioWorklet's port, without a stop on the page. Used by capture(). @internal */
  async attach(port: MessagePort, sample_rate: number): Promise<void> {
    await this.link.ask('attach', [this.number, port, whole('sample_rate', sample_rate, 1000, 768_000)], [port]);
  }

  // ---- Frames out ----

  /** All frames that are finished, computing them as needed; [] when more audio is needed. Never those of two
   * utterances. While frames() runs, what that has not given out yet. */
  async pull(): Promise<Frame[]> {
    if (this.is_watched) return this.ahead.splice(0);
    return (await this.link.ask('pull', [this.number])).flatMap((block) => this.framesOf(block));
  }

  /** Frames for `for await`, as they are computed, until flush() and the last one. After an interrupt those of its easing
   * follow.   go_on: goes on after the last frame, for what interrupt(), reset() or seek() begin, until close(). */
  async *frames({go_on = false}: {go_on?: boolean} = {}): AsyncGenerator<Frame, void, undefined> {
    if (this.is_watched) throw new InputError('frames() runs already for this stream: one loop takes its frames');
    this.is_watched = true;
    await this.link.ask('watch', [this.number, true]);
    try {
      for (;;) {
        const frame = this.ahead.shift();
        if (frame) {
          yield frame;
        } else if (this.fault) {
          throw this.fault;
        } else if ((this.is_over && !go_on) || this.is_closed) {
          return;
        } else {
          await new Promise<void>((resolve) => (this.wake = resolve));
        }
      }
    } finally {
      this.is_watched = false;
      if (!this.is_closed) await this.link.ask('watch', [this.number, false]);
    }
  }

  // ---- Control ----

  /** Barge-in: drops all audio and frames that wait, and eases to the rest pose within ease_ms (0..10000). A new utterance
   * begins.   shown_frame: index of the frame that the player shows (Player.shown_frame), from which the easing starts;
   * the frame given out last otherwise.
   * Resolves to the index of the frame that the next pushed sample belongs to. */
  async interrupt(ease_ms = 200, {shown_frame}: {shown_frame?: number} = {}): Promise<number> {
    whole('ease_ms', ease_ms, 0, 10_000);
    const unseen = this.ahead[0];
    const implied = unseen ? unseen.index - 1 : null; // of frames(), the last one that was given out
    const from = shown_frame === undefined ? implied : whole('shown_frame', shown_frame, -1, Number.MAX_SAFE_INTEGER);
    this.is_over = false;
    const {next, utterance} = await this.link.ask('interrupt', [this.number, ease_ms, from]);
    this.begin(utterance);
    return next;
  }

  /** Back to frame 0 and the rest pose, as after creation; the rate may change. */
  async reset(): Promise<void> {
    this.is_over = false;
    this.begin(await this.link.ask('reset', [this.number]));
  }

  /** As reset(), but the next audio begins at animation frame `frame`. */
  async seek(frame: number): Promise<void> {
    this.is_over = false;
    this.begin(await this.link.ask('seek', [this.number, whole('frame', frame, 0, 2 ** 53)]));
  }

  /** No frames until resume(); audio may be pushed as far as the buffer goes. */
  async pause(): Promise<void> {
    await this.link.ask('pause', [this.number, true]);
  }

  async resume(): Promise<void> {
    await this.link.ask('pause', [this.number, false]);
  }

  /** Changes the style, blended over blend_ms (0..60000) of animation. style: of Talker.style(), blend_styles() or
   * enroll(). */
  async set_style(style: Float32Array | readonly number[], blend_ms = 300, {frame}: FromFrame = {}): Promise<void> {
    const values = vector('style', style, this.info_.d_identity);
    await this.link.ask('setStyle', [this.number, values, whole('blend_ms', blend_ms, 0, 60_000), frameOf(frame)]);
  }

  /** Changes the dials, blended over blend_ms (0..60000) of animation. */
  async set_dials(dials: Dials, blend_ms = 300, {frame}: FromFrame = {}): Promise<void> {
    const values = nativeDials(dials, this.info_, this.base);
    await this.link.ask('setDials', [this.number, values, whole('blend_ms', blend_ms, 0, 60_000), frameOf(frame)]);
  }

  /** Gives its memory back; later calls are errors. */
  async close(): Promise<void> {
    this.is_closed = true;
    this.forget();
    this.wake?.();
    await this.link.ask('closeStream', [this.number]);
  }

  // ---- Queries ----

  /** Number of the utterance that the next pushed sample belongs to: 1, and one more after every interrupt(), reset() and
   * seek(). */
  get utterance(): number {
    return this.current;
  }

  /** State, memory and latency of the native stream (dt_stream_info). */
  info(): Promise<Record<string, number>> {
    return this.link.ask('info', [this.number]);
  }

  /** Hops, frames and nanoseconds spent per phase since creation or reset. */
  stats(): Promise<Record<string, number>> {
    return this.link.ask('stats', [this.number]);
  }

  /** What the engine says. @internal */
  take(note: Extract<Note, {stream: number}>): void {
    if (note.note === 'fault') {
      this.fault = note.error as Error;
    } else {
      this.ahead.push(...note.blocks.flatMap((block) => this.framesOf(block)));
      this.is_over = note.is_over;
    }
    this.wake?.();
  }

  /** Frames of utterances before this one were overtaken on their way. */
  private begin(utterance: number): void {
    this.current = utterance;
    const kept = this.ahead.filter((f) => f.utterance >= utterance);
    this.ahead.splice(0, this.ahead.length, ...kept);
  }

  private framesOf({first, n, weights, head_pose, utterance}: Block): Frame[] {
    if (utterance < this.current) return [];
    const {n_channels, fps_num, fps_den, has_head_pose} = this.info_;
    return Array.from({length: n}, (_, i) => ({
      index: first + i,
      time_s: ((first + i) * fps_den) / fps_num,
      weights: weights.subarray(i * n_channels, (i + 1) * n_channels),
      head_pose: has_head_pose ? head_pose.subarray(i * 3, (i + 1) * 3) : null,
      utterance,
    }));
  }
}

function frameOf(frame: number | undefined): number | null {
  return frame === undefined ? null : whole('frame', frame, 0, 2 ** 53);
}
