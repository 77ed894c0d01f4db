/** A model and its streams, asked by messages: in the Worker, or on the page's own thread where there is none.
 *
 * Networks run one hop at a time. Between two hops the engine lets other messages in, so that an interrupt waits for one
 * hop at most, and a long recording does not keep a live stream waiting.
 */
import {InternalError, StaleUtteranceError} from './errors.js';
import {modelBytes, type ModelSource} from './fetch.js';
import {type Block, type Mood, NativeModel, type NativeDials, type NativeOptions, NativeStream} from './native.js';
import type {ModelInfo, Sound} from './types.js';
import {compiled, Wasm} from './wasm.js';

/** What an engine says without being asked. stream: its number. */
export type Note =
  | {note: 'log'; level: number; line: string}
  | {note: 'progress'; done: number; total: number | null}
  | {note: 'seconds'; job: number; seconds: number}
  | {note: 'blocks'; stream: number; blocks: Block[]; is_over: boolean}
  | {note: 'fault'; stream: number; error: unknown};

/** Where the model and the WebAssembly file come from. */
export interface Opening {
  wasm: string | WebAssembly.Module;
  model: ModelSource;
  profile?: string;
}

export interface Animated {
  weights: Float32Array;
  head_pose: Float32Array;
  n_frames: number;
}

interface Job {
  stream: NativeStream;
  is_watched: boolean;
  is_computing: boolean;
  has_ended: boolean;
}

const CHUNK_S = 10; // of a recording, pushed at once

export class Engine {
  private wasm: Wasm | undefined;
  private model: NativeModel | undefined;
  private readonly streams = new Map<number, Job>();
  private readonly cancelled = new Set<number>();
  private nextStream = 1;

  constructor(private readonly tell: (note: Note) => void) {}

  /** Loads everything and prepares the profile. */
  async open({wasm, model, profile}: Opening): Promise<ModelInfo> {
    const source = typeof wasm === 'string' ? compiled(fetch(wasm), wasm) : wasm;
    const bytes = modelBytes(model, (done, total) => this.tell({note: 'progress', done, total}));
    bytes.catch(() => undefined); // it is awaited below, after what may fail first
    this.wasm = await Wasm.make(await source, (level, line) => this.tell({note: 'log', level, line}));
    const {data, forget} = await bytes;
    try {
      this.model = NativeModel.open(this.wasm, data);
    } catch (e) {
      await forget(); // what was kept may be damaged: the next try fetches it anew
      throw e;
    }
    this.warmUp(profile ?? this.model.info.default_profile);
    return this.model.info;
  }

  /** One window of silence, so that the first frame of a stream pays for no compiling. */
  private warmUp(profile: string): void {
    if (!(profile in this.native.info.profiles)) return; // told when it is chosen
    const stream = new NativeStream(this.native, {profile, numbers: {grow_to_ms: 60_000}});
    stream.idle(this.native.info.profiles[profile]!.hop_frames * 2);
    while (stream.pull().n > 0);
    stream.release();
  }

  close(): void {
    for (const {stream} of this.streams.values()) stream.release();
    this.streams.clear();
    this.model?.release();
    this.model = undefined;
  }

  /** Bytes of the module's memory. */
  memory(): number {
    return this.native.wasm.bytes;
  }

  style(identity: string | undefined, moods: readonly Mood[], strength: number): Float32Array {
    const [mood, ...more] = moods;
    if (strength === 1 && more.length === 0 && (mood === undefined || mood[1] === 1)) {
      return this.native.style(identity, mood?.[0]);
    }
    return this.native.mixEmotions(identity, moods, strength);
  }

  blendStyles(styles: readonly Float32Array[], weights: readonly number[]): Float32Array {
    return this.native.blendStyles(styles, weights);
  }

  enroll(sound: Sound, moods: readonly Mood[], strength: number): Float32Array {
    return this.native.enroll(sound, moods, strength);
  }

  seedOfSound({samples, n_channels, sample_rate}: Sound): number {
    const {wasm} = this.native,
      most = 62 * sample_rate * n_channels; // a minute of silence and a second of sound
    return wasm.with((scratch) => {
      const part = samples.length > most ? samples.subarray(0, most) : samples;
      return (
        wasm.call('dt_web_seed_of_sound', scratch.floats(part), part.length / n_channels, n_channels, sample_rate) >>> 0
      );
    });
  }

  /** A whole recording. job: a number for progress and cancel(). */
  async animate(job: number, sound: Sound, options: NativeOptions): Promise<Animated> {
    const stream = new NativeStream(this.native, options),
      blocks: Block[] = [];
    const step = CHUNK_S * sound.sample_rate * sound.n_channels;
    try {
      for (let at = 0; at < sound.samples.length; at += step) {
        stream.push({...sound, samples: sound.samples.subarray(at, at + step)}, 1);
        await this.drain(stream, blocks, job, () => {
          const frames = blocks.reduce((n, b) => n + b.n, 0);
          this.tell({note: 'seconds', job, seconds: (frames * this.native.info.fps_den) / this.native.info.fps_num});
        });
      }
      stream.flush(1);
      await this.drain(stream, blocks, job);
    } finally {
      stream.release();
      this.cancelled.delete(job);
    }
    return joined(blocks);
  }

  cancel(job: number): void {
    this.cancelled.add(job);
  }

  private async drain(stream: NativeStream, blocks: Block[], job: number, each?: () => void): Promise<void> {
    for (;;) {
      const block = stream.pull();
      if (block.n === 0) return;
      blocks.push(block);
      each?.();
      await turn();
      if (this.cancelled.has(job)) throw new DOMException('the animation was ended early', 'AbortError');
    }
  }

  // ---- Streams ----

  openStream(options: NativeOptions): number {
    const number = this.nextStream;
    const stream = new NativeStream(this.native, options);
    this.nextStream += 1;
    this.streams.set(number, {stream, is_watched: false, is_computing: false, has_ended: false});
    return number;
  }

  closeStream(number: number): void {
    this.streams.get(number)?.stream.release();
    this.streams.delete(number);
  }

  /** Returns false when the utterance is over. utterance: null for the one at hand. */
  push(number: number, sound: Sound, utterance: number | null): boolean {
    return this.whileOpen(number, utterance, (stream, u) => stream.push(sound, u));
  }

  flush(number: number, utterance: number | null): boolean {
    return this.whileOpen(number, utterance, (stream, u) => stream.flush(u));
  }

  private whileOpen(number: number, utterance: number | null, work: (s: NativeStream, u: number) => void): boolean {
    const job = this.job(number);
    try {
      work(job.stream, utterance ?? job.stream.info()['utterance']!);
    } catch (e) {
      if (e instanceof StaleUtteranceError) return false;
      throw e;
    }
    this.compute(number);
    return true;
  }

  /** Audio of the AudioWorklet comes by this port: Float32Array, mono. */
  attach(number: number, port: MessagePort, sample_rate: number): void {
    port.onmessage = ({data}: MessageEvent<Float32Array>) => {
      if (!this.streams.has(number)) return port.close();
      try {
        this.push(number, {samples: data, n_channels: 1, sample_rate}, null);
      } catch (error) {
        port.close();
        this.tell({note: 'fault', stream: number, error});
      }
    };
  }

  idle(number: number, n_frames: number): number {
    const {stream} = this.job(number);
    stream.idle(n_frames);
    this.compute(number);
    return stream.info()['next_audio_frame']!;
  }

  /** All frames that are ready, of one utterance. */
  async pull(number: number): Promise<Block[]> {
    const {stream} = this.job(number),
      blocks: Block[] = [];
    for (;;) {
      const block = stream.pull();
      if (block.n === 0) return blocks;
      blocks.push(block);
      await turn();
      const is_over = !this.streams.has(number) || stream.info()['utterance'] !== block.utterance;
      if (is_over) return blocks;
    }
  }

  /** From now on frames are computed as audio comes, and told as notes. */
  watch(number: number, is_watched: boolean): void {
    const job = this.job(number);
    job.is_watched = is_watched;
    job.has_ended = false;
    this.compute(number);
  }

  private compute(number: number): void {
    const job = this.job(number);
    if (!job.is_watched || job.is_computing) return;
    job.is_computing = true;
    this.computeAll(number, job).catch((error: unknown) => this.tell({note: 'fault', stream: number, error}));
  }

  private async computeAll(number: number, job: Job): Promise<void> {
    try {
      while (this.streams.has(number) && job.is_watched) {
        const block = job.stream.pull(),
          info = job.stream.info();
        const is_over = info['is_flushed'] === 1 && info['buffered_frames'] === 0;
        if (block.n > 0 || (is_over && !job.has_ended)) {
          this.tell({note: 'blocks', stream: number, blocks: block.n > 0 ? [block] : [], is_over});
        }
        job.has_ended = is_over;
        if (block.n === 0) return;
        await turn();
      }
    } finally {
      job.is_computing = false;
    }
  }

  interrupt(number: number, ease_ms: number, shown_frame: number | null): {next: number; utterance: number} {
    const {stream} = this.job(number),
      next = stream.interrupt(ease_ms, shown_frame);
    this.compute(number);
    return {next, utterance: stream.info()['utterance']!};
  }

  reset(number: number): number {
    this.job(number).stream.reset();
    return this.job(number).stream.info()['utterance']!;
  }

  seek(number: number, frame: number): number {
    this.job(number).stream.seek(frame);
    return this.job(number).stream.info()['utterance']!;
  }

  pause(number: number, is_paused: boolean): void {
    this.job(number).stream.pause(is_paused);
    this.compute(number);
  }

  setStyle(number: number, style: Float32Array, blend_ms: number, frame: number | null): void {
    this.job(number).stream.setStyle(style, blend_ms, frame);
  }

  setDials(number: number, dials: NativeDials, blend_ms: number, frame: number | null): void {
    this.job(number).stream.setDials(dials, blend_ms, frame);
  }

  info(number: number): Record<string, number> {
    return this.job(number).stream.info();
  }

  stats(number: number): Record<string, number> {
    return this.job(number).stream.stats();
  }

  private get native(): NativeModel {
    if (!this.model) throw new InternalError('the talker was closed: load it again');
    return this.model;
  }

  private job(number: number): Job {
    const job = this.streams.get(number);
    if (!job) throw new InternalError('the stream was closed: open another one');
    return job;
  }
}

/** Lets what waits in the queue of messages run first. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

function joined(blocks: readonly Block[]): Animated {
  const all = (arrays: readonly Float32Array[]) => {
    const out = new Float32Array(arrays.reduce((n, a) => n + a.length, 0));
    let at = 0;
    for (const array of arrays) {
      out.set(array, at);
      at += array.length;
    }
    return out;
  };
  return {
    weights: all(blocks.map((b) => b.weights)),
    head_pose: all(blocks.map((b) => b.head_pose)),
    n_frames: blocks.reduce((n, b) => n + b.n, 0),
  };
}
