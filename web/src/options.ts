/** Options of streams and animations as the library takes them. */
import {checkNames, chosen, decimal, seedOf, shown, vector, whole} from './checks.js';
import {InputError} from './errors.js';
import type {Mood, NativeDials, NativeOptions} from './native.js';
import type {Dials, Emotion, ModelInfo, StreamOptions, StyleOptions} from './types.js';

/** Lowest and highest of each dial that is a number, as in python/diffusiontalker/api/dials.py. */
export const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  strength: [0, 2],
  upper_strength: [0, 2],
  lower_strength: [0, 2],
  jaw_sharpness: [0, 1],
  lip_sharpness: [0, 1],
  smoothing_ms: [0, 1000],
  blink_rate: [0, 4],
  gaze_side_deg: [-35, 35],
  gaze_up_deg: [-25, 25],
  gaze_hold: [0, 1],
  head_amount: [0, 2],
  emotion_strength: [0, 2],
  offset_ms: [-500, 500],
};
/** The same of dials that hold a value for each channel, and the default. */
export const CHANNEL_RANGES: Readonly<Record<string, readonly [number, number, number]>> = {
  channel_gain: [0, 4, 1],
  channel_offset: [-1, 1, 0],
  channel_min: [-4, 4, -4],
  channel_max: [-4, 4, 4],
};
const WHOLE_DIALS = ['smoothing_ms', 'offset_ms'];
const STYLE_NAMES = ['identity', 'emotion', 'emotion_strength', 'style', 'profile', 'head_amount', 'dials', 'seed'];
const DECIMAL_OPTIONS = ['gate_open_dbfs', 'gate_close_dbfs'];
const WHOLE_OPTIONS = [
  'history_ms',
  'ease_out_frames',
  'offset_ms',
  'smoothing_ms',
  'lip_seal',
  'silence_gate',
  'gate_hold_ms',
  'gate_ease_ms',
];
const RESERVED_MS = 1000; // of audio that a stream has room for from the start; beyond it the buffer grows
const MOST_BUFFERED_MS = 600_000,
  HISTORY_MS = 10_000;

/** Name and weight of each emotion; [] for none. */
export function moodsOf(emotion: Emotion | undefined, known: readonly string[]): Mood[] {
  if (emotion === undefined || emotion === null) return [];
  if (typeof emotion === 'string') return [[chosen('emotion', emotion, known)!, 1]];
  if (typeof emotion !== 'object')
    throw new InputError(`emotion is ${shown(emotion)}, expected a name, or weights such as {happy: 0.5}`);
  const moods = Object.entries(emotion);
  if (moods.length === 0) throw new InputError('the mixture of emotions is empty: name at least one, or leave it away');
  return moods.map(([name, weight]) => [
    chosen('emotion', name, known)!,
    decimal(`the weight of ${name}`, weight, 0, 2),
  ]);
}

/** base: the mixture of emotions that holds where the dials name none. */
export function nativeDials(dials: Dials, info: ModelInfo, base: readonly Mood[] = []): NativeDials {
  if (typeof dials !== 'object' || dials === null)
    throw new InputError(`dials is ${shown(dials)}, expected an object such as {strength: 1.2}`);
  checkNames('dial', dials, [...Object.keys(RANGES), 'emotion', ...Object.keys(CHANNEL_RANGES)]);
  const numbers: Record<string, number> = {},
    channels: Record<string, Float32Array> = {};
  for (const [name, [low, high]] of Object.entries(RANGES)) {
    const value = dials[name as keyof Dials];
    if (value === undefined) continue;
    numbers[name] = WHOLE_DIALS.includes(name) ? whole(name, value, low, high) : decimal(name, value, low, high);
  }
  for (const [name, [low, high, standard]] of Object.entries(CHANNEL_RANGES)) {
    const values = dials[name as keyof Dials];
    if (values === undefined) continue;
    if (typeof values !== 'object')
      throw new InputError(`${name} is ${shown(values)}, expected channels with values such as {jawOpen: 1.2}`);
    const row = new Float32Array(info.n_channels).fill(standard);
    for (const [channel, value] of Object.entries(values)) {
      row[info.channels.indexOf(chosen('channel', channel, info.channels, 'the model')!)] = decimal(
        `${name} of ${channel}`,
        value,
        low,
        high,
      );
    }
    channels[name] = row;
  }
  const moods = dials.emotion === undefined ? base : moodsOf(dials.emotion, info.emotions);
  return {numbers, channels, ...(moods.length > 0 ? {emotions: moods} : {})};
}

/** What streams and animations have in common. profile: of load(). */
function styleOptions(options: StyleOptions, info: ModelInfo, profile: string, seed: bigint): NativeOptions {
  const moods = moodsOf(options.emotion, info.emotions);
  const is_mixture = typeof options.emotion === 'object' && options.emotion !== null;
  if (options.style !== undefined && options.emotion !== undefined) {
    throw new InputError('style and emotion are both given: a style holds the emotion, leave one away');
  }
  const identity = chosen('identity', options.identity, info.identities);
  const emotion = is_mixture ? undefined : moods[0]?.[0];
  return {
    profile: chosen('profile', options.profile ?? profile, Object.keys(info.profiles))!,
    dials: nativeDials(options.dials ?? {}, info, is_mixture ? moods : []),
    ...(identity === undefined ? {} : {identity}),
    ...(emotion === undefined ? {} : {emotion}),
    ...(options.style === undefined ? {} : {style: vector('style', options.style, info.d_identity)}),
    numbers: {
      seed,
      emotion_strength: decimal('emotion_strength', options.emotion_strength ?? 1, 0, 2),
      head_amount: decimal('head_amount', options.head_amount ?? 1, 0, 2),
    },
  };
}

/** Of Talker.animate(). seed: of the options, or of the sound. */
export function animateOptions(options: StyleOptions, info: ModelInfo, profile: string, seed: bigint): NativeOptions {
  checkNames('option', options, [...STYLE_NAMES, 'progress', 'signal']);
  return withBuffer(styleOptions(options, info, profile, seed), MOST_BUFFERED_MS, {});
}

/** Of Talker.stream(). */
export function streamOptions(options: StreamOptions, info: ModelInfo, profile: string): NativeOptions {
  checkNames('option', options, [...STYLE_NAMES, 'max_buffered_ms', ...WHOLE_OPTIONS, ...DECIMAL_OPTIONS]);
  const given = options as Readonly<Record<string, unknown>>,
    numbers: Record<string, number> = {history_ms: HISTORY_MS};
  for (const name of WHOLE_OPTIONS) if (given[name] !== undefined) numbers[name] = whole(name, given[name]);
  for (const name of DECIMAL_OPTIONS) if (given[name] !== undefined) numbers[name] = decimal(name, given[name]);
  const most = whole('max_buffered_ms', options.max_buffered_ms ?? MOST_BUFFERED_MS, 100, 3_600_000);
  return withBuffer(styleOptions(options, info, profile, seedOf(options.seed ?? 0)), most, numbers);
}

function withBuffer(options: NativeOptions, most_ms: number, numbers: Record<string, number>): NativeOptions {
  const buffer = {max_buffered_ms: Math.min(RESERVED_MS, most_ms), grow_to_ms: most_ms};
  return {...options, numbers: {...options.numbers, ...buffer, ...numbers}};
}
