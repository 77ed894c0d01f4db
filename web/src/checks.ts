/** Arguments as the numbers and names that the library takes; anything else gets one sentence. */
import {InputError} from './errors.js';

/** A value as it stands in a message. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

/** A finite number low..high. */
export function decimal(name: string, value: unknown, low = -Infinity, high = Infinity): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < low || value > high) {
    const span = Number.isFinite(low) ? ` from ${low} to ${high}` : '';
    throw new InputError(`${name} is ${shown(value)}, expected a number${span}`);
  }
  return value;
}

/** A whole number low..high. */
export function whole(name: string, value: unknown, low = -(2 ** 31 - 1), high = 2 ** 31 - 1): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
    throw new InputError(`${name} is ${shown(value)}, expected a whole number ${low}..${high}`);
  }
  return value;
}

/** A seed 0 .. 2^64 - 1, as a number or a bigint. */
export function seedOf(value: unknown): bigint {
  const seed = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof seed !== 'bigint' || seed < 0n || seed >= 1n << 64n) {
    throw new InputError(`seed is ${shown(value)}, expected a whole number 0..2^64-1, above 2^53 as a bigint`);
  }
  return seed;
}

/** A name as it is spelled among `known`, in any case of letters; undefined stays. owner: what has the names. */
export function chosen(
  kind: string,
  name: unknown,
  known: readonly string[],
  owner = 'the bundle',
): string | undefined {
  if (name === undefined || name === null) return undefined;
  if (typeof name !== 'string') throw new InputError(`${kind} is ${shown(name)}, expected a name`);
  if (known.includes(name)) return name;
  const alike = known.filter((k) => k.toLowerCase() === name.toLowerCase());
  if (alike.length === 1) return alike[0];
  if (known.length === 0) throw new InputError(`${owner} has no ${kind}, so "${name}" cannot be chosen: leave it away`);
  throw new InputError(`unknown ${kind} "${name}": ${owner} has ${known.join(', ')}`);
}

/** float32 [length]. */
export function vector(name: string, value: unknown, length: number): Float32Array {
  if (!(value instanceof Float32Array || Array.isArray(value))) {
    throw new InputError(`${name} is ${shown(value)}, expected ${length} numbers`);
  }
  if (value.length !== length) throw new InputError(`${name} has ${value.length} numbers, expected ${length}`);
  return Float32Array.from(value);
}

/** Refuses names that no option has, which are typing errors. */
export function checkNames(what: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw new InputError(`there is no ${what} "${name}": there are ${known.join(', ')}`);
  }
}
