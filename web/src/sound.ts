/** Samples of any common form as the interleaved float32 that the library takes. */
import {shown, whole} from './checks.js';
import {InputError} from './errors.js';
import type {Samples, Sound} from './types.js';

const MIN_RATE_HZ = 1000,
  MAX_RATE_HZ = 768_000,
  MAX_CHANNELS = 64;

/** A copy that may be handed over. Raises InputError for what is no sound. */
export function soundOf(samples: Samples, sample_rate: number | undefined): Sound {
  if (isAudioBuffer(samples)) {
    const channels = Array.from({length: samples.numberOfChannels}, (_, c) => samples.getChannelData(c));
    return {...interleaved(channels), sample_rate: checkedRate(samples.sampleRate)};
  }
  if (samples instanceof Float32Array) {
    return {samples: samples.slice(), n_channels: 1, sample_rate: checkedRate(sample_rate)};
  }
  if (samples instanceof Int16Array) {
    return {
      samples: Float32Array.from(samples, (x) => x / 32768),
      n_channels: 1,
      sample_rate: checkedRate(sample_rate),
    };
  }
  if (!Array.isArray(samples)) {
    throw new InputError(
      `samples is ${shown(samples)}, expected a Float32Array or Int16Array, an array of channels, or an AudioBuffer`,
    );
  }
  if (samples.length > 0 && samples.every((channel) => channel instanceof Float32Array)) {
    return {...interleaved(samples as Float32Array[]), sample_rate: checkedRate(sample_rate)};
  }
  const wrong = samples.findIndex((x) => typeof x !== 'number');
  if (wrong >= 0) throw new InputError(`sample ${wrong} is ${shown(samples[wrong])}, expected a number`);
  return {samples: Float32Array.from(samples as number[]), n_channels: 1, sample_rate: checkedRate(sample_rate)};
}

function isAudioBuffer(samples: unknown): samples is AudioBuffer {
  return typeof AudioBuffer !== 'undefined' && samples instanceof AudioBuffer;
}

function checkedRate(sample_rate: unknown): number {
  return whole('sample_rate', sample_rate, MIN_RATE_HZ, MAX_RATE_HZ);
}

function interleaved(channels: readonly Float32Array[]): {samples: Float32Array; n_channels: number} {
  const n_channels = channels.length,
    n = channels[0]!.length;
  if (n_channels > MAX_CHANNELS)
    throw new InputError(`samples has ${n_channels} channels, expected 1..${MAX_CHANNELS}`);
  if (channels.some((channel) => channel.length !== n)) {
    throw new InputError(
      `the channels have ${channels.map((c) => c.length).join(', ')} samples, expected the same of each`,
    );
  }
  const samples = new Float32Array(n * n_channels);
  channels.forEach((channel, c) => {
    for (let i = 0; i < n; i += 1) samples[i * n_channels + c] = channel[i]!;
  });
  return {samples, n_channels};
}
