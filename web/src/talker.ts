/** Opening a model. */
import {Animation} from './animation.js';
import {checkNames, chosen, decimal, seedOf, shown, vector} from './checks.js';
import type {Note} from './engine.js';
import {BackendError, InputError} from './errors.js';
import type {ModelSource} from './fetch.js';
import {type Link, localLink, workerLink} from './link.js';
import {animateOptions, moodsOf, streamOptions} from './options.js';
import {soundOf} from './sound.js';
import {Stream} from './stream.js';
import type {AnimateOptions, Emotion, ModelInfo, Profile, Samples, StreamOptions} from './types.js';
import {compiled, type Log} from './wasm.js';

export interface LoadOptions {
  /** "base-2step" (default) or "base", which come with the package; the address of a packed bundle (`diffusiontalker
   * pack`), or its bytes. */
  model?: string | URL | ArrayBuffer | Uint8Array;
  /** What streams and animations have that name no profile, "live" for example; it is prepared while loading. The
   * bundle's default otherwise. */
  profile?: string;
  /** Called while the model is fetched: bytes that are here, and bytes in all, null where the server does not say. */
  progress?: (done: number, total: number | null) => void;
  /** Name of the Cache Storage that keeps the model, default "diffusiontalker"; false keeps nothing. Give a model that
   * changed a new address: the kept one is never asked for again. */
  cache?: string | false;
  /** Address of the folder with worker.js, diffusiontalker.wasm and microphone-worklet.js, where a bundler has parted them
   * from the script. */
  files?: string | URL;
  /** false computes on the thread of the caller, for Node and for programs that are in a Worker already. True by default
   * where there are Workers. */
  worker?: boolean;
  /** Receives notices; level 1 is information, 2 a warning. */
  log?: Log;
}

const BUNDLED = ['base', 'base-2step'];
const NAMES = ['model', 'profile', 'progress', 'cache', 'files', 'worker', 'log'];

/** Fetches and opens a model.
 * Raises BundleError (missing, damaged, newer), BackendError (a browser that is too old, files that are not there),
 * InputError (a bad option).
 */
export async function load(options: LoadOptions = {}): Promise<Talker> {
  checkNames('option', options, NAMES);
  const talkers: Talker[] = [];
  const tell = (note: Note) => {
    if (note.note === 'log') options.log?.(note.level, note.line);
    else if (note.note === 'progress') options.progress?.(note.done, note.total);
    else talkers[0]?.take(note);
  };
  const files = options.files === undefined ? undefined : new URL('.', addressed(`${options.files}/`));
  const wasm = files ? new URL('diffusiontalker.wasm', files) : new URL('./diffusiontalker.wasm', import.meta.url);
  const model = sourceOf(options.model ?? 'base-2step', options.cache ?? 'diffusiontalker');
  const link =
    (options.worker ?? typeof Worker !== 'undefined') ? workerLink(() => makeWorker(files), tell) : localLink(tell);
  try {
    const source = isFile(wasm) ? await compiled(readFile(wasm), wasm.pathname) : wasm.href;
    const info = await link.ask('open', [
      {wasm: source, model, ...(options.profile === undefined ? {} : {profile: options.profile})},
    ]);
    const talker = new Talker(
      link,
      info,
      chosen('profile', options.profile, Object.keys(info.profiles)) ?? info.default_profile,
    );
    talkers.push(talker);
    return talker;
  } catch (e) {
    link.close();
    throw e;
  }
}

/** An opened model. Made by load(). */
export class Talker {
  readonly channels: readonly string[];
  readonly n_channels: number;
  readonly identities: readonly string[];
  readonly emotions: readonly string[];
  readonly default_emotion: string | null;
  readonly profiles: Readonly<Record<string, Profile>>;
  /** That streams and animations have which name none. */
  readonly profile: string;
  readonly fps_num: number;
  readonly fps_den: number;
  readonly sample_rate_hz: number;
  /** Length of a style. */
  readonly d_identity: number;
  readonly has_head_pose: boolean;
  /** How long the speech for enroll() may be; null: the model cannot enroll. */
  readonly enroll_range_ms: readonly [number, number] | null;
  readonly backend: string;
  readonly precision: string;
  /** Of the library. */
  readonly version: string;
  private readonly streams = new Map<number, Stream>();
  private readonly jobs = new Map<number, (seconds: number) => void>();
  private nextJob = 1;

  /** @internal */
  constructor(
    private readonly link: Link,
    private readonly info: ModelInfo,
    profile: string,
  ) {
    this.channels = info.channels;
    this.n_channels = info.n_channels;
    this.identities = info.identities;
    this.emotions = info.emotions;
    this.default_emotion = info.default_emotion;
    this.profiles = info.profiles;
    this.profile = profile;
    this.fps_num = info.fps_num;
    this.fps_den = info.fps_den;
    this.sample_rate_hz = info.sample_rate_hz;
    this.d_identity = info.d_identity;
    this.has_head_pose = info.has_head_pose;
    this.enroll_range_ms = info.enroll_range_ms;
    this.backend = info.backend;
    this.precision = info.precision;
    this.version = info.version;
  }

  get fps(): number {
    return this.fps_num / this.fps_den;
  }

  /** Animates a whole recording. samples, sample_rate: as for Stream.push().
   * Resolves to an Animation of ceil(duration * fps) frames. Raises InputError: no samples, NaN, a bad option. */
  async animate(samples: Samples, sample_rate?: number, options: AnimateOptions = {}): Promise<Animation> {
    const sound = soundOf(samples, sample_rate);
    if (sound.samples.length === 0) throw new InputError('the sound holds no samples: there is nothing to animate');
    options.signal?.throwIfAborted();
    const seed =
      options.seed === undefined ? BigInt(await this.link.ask('seedOfSound', [sound])) : seedOf(options.seed);
    const native = animateOptions(options, this.info, this.profile, seed);
    const job = this.nextJob;
    this.nextJob += 1;
    if (options.progress) this.jobs.set(job, options.progress);
    const cancel = () => void this.link.ask('cancel', [job]);
    options.signal?.addEventListener('abort', cancel);
    try {
      return new Animation(
        await this.link.ask('animate', [job, sound, native], [sound.samples.buffer as ArrayBuffer]),
        this.info,
      );
    } finally {
      this.jobs.delete(job);
      options.signal?.removeEventListener('abort', cancel);
    }
  }

  /** A new stream at frame 0. */
  async stream(options: StreamOptions = {}): Promise<Stream> {
    const native = streamOptions(options, this.info, this.profile);
    const number = await this.link.ask('openStream', [native]);
    const moods =
      native.dials?.emotions !== undefined && options.dials?.emotion === undefined ? native.dials.emotions : [];
    const stream = new Stream(this.link, number, this.info, native.profile!, moods, () => this.streams.delete(number));
    this.streams.set(number, stream);
    return stream;
  }

  /** The style of an identity with an emotion, float32 [d_identity]: for streams, set_style() and blend_styles(). */
  async style(
    identity?: string,
    emotion?: Emotion,
    {emotion_strength = 1}: {emotion_strength?: number} = {},
  ): Promise<Float32Array> {
    const strength = decimal('emotion_strength', emotion_strength, 0, 2),
      moods = moodsOf(emotion, this.emotions);
    return this.link.ask('style', [chosen('identity', identity, this.identities), moods, strength]);
  }

  /** Weighted mean of styles, float32 [d_identity]. styles: identity -> weight, or pairs of style and weight; only the
   * ratio of the weights counts. */
  async blend_styles(
    styles: Readonly<Record<string, number>> | readonly (readonly [Float32Array, number])[],
  ): Promise<Float32Array> {
    const pairs = Array.isArray(styles)
      ? (styles as readonly (readonly [Float32Array, number])[]).map(
          ([style, weight]) => [vector('style', style, this.d_identity), weight] as const,
        )
      : await Promise.all(
          Object.entries(styles).map(async ([name, weight]) => [await this.style(name), weight as number] as const),
        );
    if (pairs.length === 0) throw new InputError('there are no styles to blend');
    return this.link.ask('blendStyles', [pairs.map(([s]) => s), pairs.map(([, w]) => decimal('a weight', w, 0, 1e6))]);
  }

  /** The style of the speaker of some speech, enroll_range_ms long, float32 [d_identity]. emotion: the mood of the speech
   * otherwise. */
  async enroll(
    samples: Samples,
    sample_rate?: number,
    {emotion, emotion_strength = 1}: {emotion?: Emotion; emotion_strength?: number} = {},
  ): Promise<Float32Array> {
    const strength = decimal('emotion_strength', emotion_strength, 0, 2),
      moods = moodsOf(emotion, this.emotions);
    return this.link.ask('enroll', [soundOf(samples, sample_rate), moods, strength]);
  }

  /** Bytes that the model and its streams hold, in a memory of their own that only grows. */
  memory_bytes(): Promise<number> {
    return this.link.ask('memory', []);
  }

  /** Ends the Worker and gives all memory back; streams end with it. */
  close(): void {
    this.streams.clear();
    this.link.close();
  }

  /** What the engine says. @internal */
  take(note: Note): void {
    if (note.note === 'seconds') this.jobs.get(note.job)?.(note.seconds);
    else if (note.note === 'blocks' || note.note === 'fault') this.streams.get(note.stream)?.take(note);
  }
}

function sourceOf(model: unknown, cache: unknown): ModelSource {
  if (cache !== false && typeof cache !== 'string')
    throw new InputError(`cache is ${shown(cache)}, expected a name or false`);
  if (model instanceof ArrayBuffer) return {bytes: new Uint8Array(model)};
  if (model instanceof Uint8Array) return {bytes: model};
  if (typeof model !== 'string' && !(model instanceof URL)) {
    throw new InputError(`model is ${shown(model)}, expected a name, an address or the bytes of a packed bundle`);
  }
  const url = bundled(model) ?? addressed(model);
  if (isFile(url)) return {bytes: readFile(url)};
  return {url: url.href, cache: cache === false ? null : cache};
}

/** Written out, so that bundlers find the files. */
function bundled(model: string | URL): URL | undefined {
  if (model === 'base') return new URL('../models/base.dtb', import.meta.url);
  if (model === 'base-2step') return new URL('../models/base-2step.dtb', import.meta.url);
  return undefined;
}

function addressed(text: string | URL): URL {
  try {
    return new URL(text, typeof document === 'undefined' ? import.meta.url : document.baseURI);
  } catch {
    throw new InputError(`${shown(String(text))} is no address: the models of the package are ${BUNDLED.join(', ')}`);
  }
}

/** A Worker may not come from another site, but a small one of this site may import it. */
function makeWorker(files: URL | undefined): Worker {
  const url = files ? new URL('worker.js', files) : new URL('./worker.js', import.meta.url);
  if (typeof location !== 'undefined' && url.origin !== location.origin && url.protocol !== 'blob:') {
    const line = new Blob([`import ${JSON.stringify(url.href)};`], {type: 'text/javascript'});
    return new Worker(URL.createObjectURL(line), {type: 'module'});
  }
  if (files) return new Worker(url, {type: 'module'});
  return new Worker(new URL('./worker.js', import.meta.url), {type: 'module'});
}

/** In Node, whose fetch() knows no files. */
function isFile(url: URL): boolean {
  return url.protocol === 'file:' && typeof process !== 'undefined';
}

function readFile(url: URL): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(process.getBuiltinModule('node:fs').readFileSync(url));
  } catch (e) {
    throw new BackendError(
      `${url.pathname} cannot be read (${(e as Error).message}): build the package, or give another address`,
    );
  }
}

declare const process: {getBuiltinModule(name: 'node:fs'): {readFileSync(url: URL): Uint8Array<ArrayBuffer>}};
