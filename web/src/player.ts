/** Frames at the time of a sound: the frame that is due, at any moment, for a page that draws when it likes. */
import {mixed} from './animation.js';
import type {Stream} from './stream.js';
import type {Frame} from './types.js';

export interface PlayerOptions {
  /** The seconds of the stream's audio that the listener has reached: the playback position of a voice, or the time of a
   * microphone less its delay (Capture.clock). */
  clock: () => number;
  /** What went wrong after start(); otherwise it is thrown by frame(). */
  fault?: (error: Error) => void;
}

/** Takes the frames of a stream as they are computed, and gives the one that is due. */
export class Player {
  private readonly frames: Frame[] = []; // in the order of their index
  private shown = -1;
  private failure: Error | undefined;
  private is_running = false;

  constructor(
    private readonly stream: Stream,
    private readonly options: PlayerOptions,
  ) {}

  /** Begins to take frames; resolves when the stream is closed. */
  async start(): Promise<void> {
    if (this.is_running) return;
    this.is_running = true;
    try {
      for await (const frame of this.stream.frames({go_on: true})) this.add(frame);
    } catch (e) {
      this.failure = e as Error;
      this.options.fault?.(this.failure);
    } finally {
      this.is_running = false;
    }
  }

  /** The pose of now, mixed linearly from the two frames around it. The newest frame is held when the next has not come;
   * null before the first. Call it once per picture. */
  frame(): Frame | null {
    if (this.failure && !this.options.fault) throw this.failure;
    const time_s = this.options.clock(),
      place = time_s * this.stream.fps;
    // Two frames stay in any case: the one that is shown, and what it is mixed with.
    while (this.frames.length > 1 && this.frames[1]!.index <= place) this.frames.shift();
    const [now, next] = this.frames;
    if (!now || now.index > place) return null;
    this.shown = now.index;
    if (!next || next.index !== now.index + 1) return now;
    return mixed(now, next, Math.min(place - now.index, 1), time_s);
  }

  /** Index of the frame that frame() gave last, for Stream.interrupt(); -1 before the first. */
  get shown_frame(): number {
    return this.shown;
  }

  /** Frames that wait for their time. */
  get n_ahead(): number {
    return Math.max(0, this.frames.length - 1);
  }

  /** Barge-in: eases to the rest pose from what is shown. Resolves to the index of the frame that the next pushed sample
   * belongs to. */
  interrupt(ease_ms = 200): Promise<number> {
    return this.stream.interrupt(ease_ms, {shown_frame: this.shown});
  }

  private add(frame: Frame): void {
    // After an interrupt the easing takes the place of frames that were never shown.
    while (this.frames.length > 0 && this.frames.at(-1)!.index >= frame.index) this.frames.pop();
    this.frames.push(frame);
  }
}
