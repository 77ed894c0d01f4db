// What the tests of the npm package share: the references, and how frames are compared.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';

export const REFERENCE = process.env.DT_WEB_REFERENCE;
export const LIMIT = 1e-4; // between the instruction sets: other orders of sums

export const document = JSON.parse(readFileSync(join(REFERENCE, 'cases.json'), 'utf8'));

export function floats(file) {
  const bytes = readFileSync(join(REFERENCE, file));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** {samples, rate}; samples is mono, or an array of channels. */
export function sound(name) {
  const {file, n_channels, sample_rate} = document.sounds[name],
    all = floats(file);
  const channel = (c) => Float32Array.from({length: all.length / n_channels}, (_, i) => all[i * n_channels + c]);
  return {samples: n_channels === 1 ? all : Array.from({length: n_channels}, (_, c) => channel(c)), rate: sample_rate};
}

export function options(case_) {
  const {seed, ...rest} = case_.options;
  return seed === undefined ? rest : {...rest, seed: BigInt(seed)};
}

/** The largest difference between frames and a case's reference. NaN is one without end. */
export function difference(case_, weights, head_pose) {
  const expected = floats(case_.file),
    n = document.model.channels.length,
    row = n + 3;
  if (weights.length !== case_.n_frames * n) return Infinity;
  let most = 0;
  for (let k = 0; k < case_.n_frames; k += 1) {
    for (let c = 0; c < row; c += 1) {
      const value = c < n ? weights[k * n + c] : head_pose[k * 3 + c - n];
      const off = Math.abs(value - expected[k * row + c]);
      if (!(off <= most)) most = Number.isNaN(off) ? Infinity : off;
    }
  }
  return most;
}
