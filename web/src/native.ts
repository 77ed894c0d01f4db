/** Models and streams of the C ABI, one call each, at once. */
import type {ModelInfo, Profile, Sound} from './types.js';
import {Scratch, type Wasm} from './wasm.js';

/** One emotion of a mixture. */
export type Mood = readonly [name: string, weight: number];

/** Dials as the C ABI takes them: numbers by name, moods, and one value for each channel. */
export interface NativeDials {
  numbers: Readonly<Record<string, number>>;
  emotions?: readonly Mood[];
  channels: Readonly<Record<string, Float32Array>>;
}

/** Fields of dt_stream_options. */
export interface NativeOptions {
  identity?: string;
  emotion?: string;
  profile?: string;
  style?: Float32Array;
  dials?: NativeDials;
  numbers: Readonly<Record<string, number | bigint>>;
}

/** Frames as they come out of the library. */
export interface Block {
  first: number;
  n: number;
  weights: Float32Array;
  head_pose: Float32Array;
  utterance: number;
}

export class NativeModel {
  readonly info: ModelInfo;

  private constructor(
    readonly wasm: Wasm,
    readonly handle: number,
  ) {
    this.info = this.describe();
  }

  /** bytes: of a packed bundle. */
  static open(wasm: Wasm, bytes: Uint8Array): NativeModel {
    return wasm.with((scratch) => {
      const data = scratch.bytes(Math.max(bytes.length, 1));
      wasm.u8.set(bytes, data);
      const options = scratch.bytes(wasm.sizeOf('dt_model_options')),
        out = scratch.bytes(4);
      wasm.check('dt_model_options_init', options, wasm.sizeOf('dt_model_options'));
      wasm.write('dt_model_options', options, {backend: scratch.text('cpu'), n_threads: 1});
      wasm.check('dt_model_open_memory', data, bytes.length, options, out);
      return new NativeModel(wasm, wasm.view.getUint32(out, true));
    });
  }

  release(): void {
    this.wasm.call('dt_model_release', this.handle);
  }

  style(identity: string | undefined, emotion: string | undefined): Float32Array {
    return this.styleOf((scratch, style, n) =>
      this.wasm.check('dt_model_get_style', this.handle, scratch.text(identity), scratch.text(emotion), style, n),
    );
  }

  mixEmotions(identity: string | undefined, moods: readonly Mood[], strength: number): Float32Array {
    return this.styleOf((scratch, style, n) =>
      this.wasm.check(
        'dt_model_mix_emotions',
        this.handle,
        scratch.text(identity),
        moodParts(this.wasm, scratch, moods),
        moods.length,
        strength,
        style,
        n,
      ),
    );
  }

  blendStyles(styles: readonly Float32Array[], weights: readonly number[]): Float32Array {
    return this.styleOf((scratch, style, n) => {
      const parts = styles.map((s, i) => ({style: scratch.floats(s), weight: weights[i]!}));
      const at = partsOf(this.wasm, scratch, 'dt_style_part', parts);
      this.wasm.check('dt_model_blend_styles', this.handle, at, parts.length, style, n);
    });
  }

  enroll(sound: Sound, moods: readonly Mood[], strength: number): Float32Array {
    return this.styleOf((scratch, style, n) => {
      const samples = scratch.floats(sound.samples);
      this.wasm.check(
        'dt_model_enroll_emotions',
        this.handle,
        samples,
        sound.samples.length / sound.n_channels,
        sound.n_channels,
        sound.sample_rate,
        moodParts(this.wasm, scratch, moods),
        moods.length,
        strength,
        style,
        n,
      );
    });
  }

  private styleOf(work: (scratch: Scratch, style: number, capacity: number) => void): Float32Array {
    return this.wasm.with((scratch) => {
      const n = this.info.d_identity,
        style = scratch.bytes(n * 4);
      work(scratch, style, n);
      return this.wasm.f32.slice(style / 4, style / 4 + n);
    });
  }

  private describe(): ModelInfo {
    const {wasm, handle} = this;
    return wasm.with((scratch) => {
      const at = wasm.blank('dt_model_info', scratch);
      wasm.check('dt_model_get_info', handle, at);
      const info = wasm.read('dt_model_info', at);
      const names = (what: string, n: number) =>
        Array.from({length: n}, (_, i) => wasm.text(wasm.call(`dt_model_${what}_name`, handle, i)));
      const text = (what: string) => wasm.text(wasm.call(what, handle));
      const profiles = names('profile', info['n_profiles']!);
      return {
        channels: names('channel', info['n_channel_names']!),
        n_channels: info['n_channels']!,
        identities: names('identity', info['n_identities']!),
        emotions: names('emotion', info['n_emotions']!),
        default_emotion: info['n_emotions']! > 0 ? text('dt_model_default_emotion') : null,
        profiles: Object.fromEntries(profiles.map((name) => [name, this.profile(name)])),
        default_profile: (JSON.parse(text('dt_model_metadata_json')) as {default_profile: string}).default_profile,
        fps_num: info['fps_num']!,
        fps_den: info['fps_den']!,
        sample_rate_hz: info['sample_rate_hz']!,
        d_identity: info['d_identity']!,
        has_head_pose: info['has_head_pose'] === 1,
        enroll_range_ms: info['has_enrollment'] === 1 ? [info['enroll_min_ms']!, info['enroll_max_ms']!] : null,
        space: text('dt_model_motion_space'),
        backend: text('dt_model_backend_name'),
        precision: text('dt_model_precision'),
        version: wasm.text(wasm.call('dt_version')),
      };
    });
  }

  private profile(name: string): Profile {
    return this.wasm.with((scratch) => {
      const at = this.wasm.blank('dt_profile_info', scratch);
      this.wasm.check('dt_model_get_profile', this.handle, scratch.text(name), at);
      return this.wasm.read('dt_profile_info', at) as unknown as Profile;
    });
  }
}

export class NativeStream {
  readonly handle: number;
  private readonly wasm: Wasm;
  private readonly hop: number;
  private readonly out: Scratch; // of what pull() writes: weights, head pose, first frame, count, utterance
  private readonly at: {weights: number; pose: number; first: number; n: number; utterance: number};

  constructor(
    private readonly model: NativeModel,
    options: NativeOptions,
  ) {
    const {wasm, info} = model;
    this.wasm = wasm;
    this.handle = wasm.with((scratch) => {
      const at = scratch.bytes(wasm.sizeOf('dt_stream_options')),
        out = scratch.bytes(4);
      wasm.check('dt_stream_options_init', at, wasm.sizeOf('dt_stream_options'));
      wasm.write('dt_stream_options', at, {
        ...options.numbers,
        identity: scratch.text(options.identity),
        emotion: scratch.text(options.emotion),
        profile: scratch.text(options.profile),
        style: options.style ? scratch.floats(options.style) : 0,
        dials: options.dials ? dialsAt(wasm, scratch, options.dials) : 0,
      });
      wasm.check('dt_stream_create', model.handle, at, out);
      return wasm.view.getUint32(out, true);
    });
    this.hop = info.profiles[options.profile ?? info.default_profile]!.hop_frames;
    this.out = new Scratch(wasm);
    this.at = {
      weights: this.out.bytes(this.hop * info.n_channels * 4),
      pose: this.out.bytes(this.hop * 12),
      first: this.out.bytes(8),
      n: this.out.bytes(4),
      utterance: this.out.bytes(8),
    };
  }

  release(): void {
    this.wasm.call('dt_stream_release', this.handle);
    this.out.free();
  }

  push({samples, n_channels, sample_rate}: Sound, utterance: number): void {
    this.wasm.with((scratch) =>
      this.wasm.check(
        'dt_stream_push_utterance',
        this.handle,
        BigInt(utterance),
        scratch.floats(samples),
        samples.length / n_channels,
        n_channels,
        sample_rate,
      ),
    );
  }

  /** At most one hop: no more than one window is computed. */
  pull(): Block {
    const {
      wasm,
      at,
      model: {
        info: {n_channels},
      },
    } = this;
    wasm.check('dt_stream_pull_utterance', this.handle, at.weights, at.pose, this.hop, at.first, at.n, at.utterance);
    const view = wasm.view,
      n = view.getUint32(at.n, true),
      floats = wasm.f32;
    return {
      first: Number(view.getBigInt64(at.first, true)),
      n,
      weights: floats.slice(at.weights / 4, at.weights / 4 + n * n_channels),
      head_pose: floats.slice(at.pose / 4, at.pose / 4 + n * 3),
      utterance: Number(view.getBigInt64(at.utterance, true)),
    };
  }

  readyFrames(): number {
    return this.wasm.with((scratch) => {
      const at = scratch.bytes(8);
      this.wasm.check('dt_stream_ready_frames', this.handle, at);
      return Number(this.wasm.view.getBigInt64(at, true));
    });
  }

  idle(n_frames: number): void {
    this.wasm.check('dt_stream_idle', this.handle, BigInt(n_frames));
  }

  flush(utterance: number): void {
    this.wasm.check('dt_stream_flush_utterance', this.handle, BigInt(utterance));
  }

  reset(): void {
    this.wasm.check('dt_stream_reset', this.handle);
  }

  seek(frame: number): void {
    this.wasm.check('dt_stream_seek', this.handle, BigInt(frame));
  }

  pause(paused: boolean): void {
    this.wasm.check('dt_stream_pause', this.handle, paused ? 1 : 0);
  }

  /** The frame that the next pushed sample belongs to. shown_frame: null for the frame pulled last. */
  interrupt(ease_ms: number, shown_frame: number | null): number {
    return this.wasm.with((scratch) => {
      const next = scratch.bytes(8);
      if (shown_frame === null) this.wasm.check('dt_stream_interrupt', this.handle, ease_ms, next);
      else this.wasm.check('dt_stream_interrupt_at', this.handle, BigInt(shown_frame), ease_ms, next, scratch.bytes(8));
      return Number(this.wasm.view.getBigInt64(next, true));
    });
  }

  /** frame: null for the first window that is not begun. */
  setStyle(style: Float32Array, blend_ms: number, frame: number | null): void {
    this.wasm.with((scratch) => {
      const at = scratch.floats(style);
      if (frame === null) this.wasm.check('dt_stream_set_style', this.handle, at, blend_ms);
      else this.wasm.check('dt_stream_set_style_at', this.handle, at, BigInt(frame), blend_ms);
    });
  }

  setDials(dials: NativeDials, blend_ms: number, frame: number | null): void {
    this.wasm.with((scratch) =>
      this.wasm.check(
        'dt_stream_set_dials',
        this.handle,
        dialsAt(this.wasm, scratch, dials),
        BigInt(frame ?? -1),
        blend_ms,
      ),
    );
  }

  info(): Record<string, number> {
    return this.struct('info', 'dt_stream_info');
  }

  stats(): Record<string, number> {
    return this.struct('stats', 'dt_stream_stats');
  }

  private struct(what: string, struct: string): Record<string, number> {
    return this.wasm.with((scratch) => {
      const at = this.wasm.blank(struct, scratch);
      this.wasm.check(`dt_stream_get_${what}`, this.handle, at);
      return this.wasm.read(struct, at);
    });
  }
}

/** A C array of structs without struct_size. */
function partsOf(wasm: Wasm, scratch: Scratch, struct: string, parts: readonly Record<string, number>[]): number {
  const size = wasm.sizeOf(struct),
    at = scratch.bytes(Math.max(parts.length, 1) * size);
  parts.forEach((part, i) => wasm.write(struct, at + i * size, part));
  return at;
}

function moodParts(wasm: Wasm, scratch: Scratch, moods: readonly Mood[]): number {
  return partsOf(
    wasm,
    scratch,
    'dt_emotion_part',
    moods.map(([name, weight]) => ({emotion: scratch.text(name), weight})),
  );
}

function dialsAt(wasm: Wasm, scratch: Scratch, dials: NativeDials): number {
  const at = scratch.bytes(wasm.sizeOf('dt_dials'));
  wasm.check('dt_dials_init', at, wasm.sizeOf('dt_dials'));
  const emotions = dials.emotions ?? [];
  wasm.write('dt_dials', at, {
    ...dials.numbers,
    ...Object.fromEntries(Object.entries(dials.channels).map(([name, row]) => [name, scratch.floats(row)])),
    n_emotions: emotions.length,
    emotions: emotions.length > 0 ? moodParts(wasm, scratch, emotions) : 0,
  });
  return at;
}
