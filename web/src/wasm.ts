/** The WebAssembly module: its imports, its memory, and the structs of the C ABI in it. */
import {BackendError, errorOfStatus, InternalError} from './errors.js';

/** Receives a line of the library: level 1 is information, 2 a warning. */
export type Log = (level: number, line: string) => void;

type Kind = 'pointer' | 'i32' | 'i64' | 'u64' | 'f32' | 'f64';
interface Struct {
  size: number;
  fields: Map<string, {kind: Kind; offset: number}>;
}
/** A call of the C ABI: pointers and 32-bit integers are numbers, 64-bit integers bigints. */
type Call = (...args: (number | bigint)[]) => number;

const ENOSYS = 52; // of WASI: a system call that is not there

/** Memory of one call; free() gives it back. */
export class Scratch {
  private readonly blocks: number[] = [];

  constructor(private readonly wasm: Wasm) {}

  bytes(n: number): number {
    const at = this.wasm.allocate(n);
    this.blocks.push(at);
    return at;
  }

  text(text: string | undefined): number {
    if (text === undefined) return 0;
    const encoded = new TextEncoder().encode(`${text}\0`);
    const at = this.bytes(encoded.length);
    this.wasm.u8.set(encoded, at);
    return at;
  }

  floats(values: ArrayLike<number>): number {
    const at = this.bytes(Math.max(values.length, 1) * 4);
    this.wasm.f32.set(values, at / 4);
    return at;
  }

  free(): void {
    for (const at of this.blocks.reverse()) this.wasm.release(at);
  }
}

export class Wasm {
  private readonly calls: Record<string, Call>;
  private readonly memory: WebAssembly.Memory;
  private readonly structs = new Map<string, Struct>();

  private constructor(instance: WebAssembly.Instance) {
    this.calls = instance.exports as unknown as Record<string, Call>;
    this.memory = instance.exports['memory'] as WebAssembly.Memory;
    this.calls['_initialize']?.();
    this.readLayout(this.text(this.call('dt_web_layout')));
  }

  /** Raises BackendError where the browser is too old for it. */
  static async make(module: WebAssembly.Module, log?: Log): Promise<Wasm> {
    const made: {wasm?: Wasm} = {};
    const instance = await WebAssembly.instantiate(module, importsOf(module, made, log));
    const wasm = new Wasm(instance);
    made.wasm = wasm;
    if (log) wasm.call('dt_web_log_on');
    return wasm;
  }

  get u8(): Uint8Array {
    return new Uint8Array(this.memory.buffer);
  }
  get f32(): Float32Array {
    return new Float32Array(this.memory.buffer);
  }
  get view(): DataView {
    return new DataView(this.memory.buffer);
  }
  /** Bytes that the module holds; it never gives memory back. */
  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** A function of the module. A trap leaves it unusable. */
  call(name: string, ...args: (number | bigint)[]): number {
    const found = this.calls[name];
    if (!found)
      throw new InternalError(`the WebAssembly file has no ${name}: it is of another version than the script`);
    return found(...args);
  }

  /** A function that returns a dt_status. */
  check(name: string, ...args: (number | bigint)[]): void {
    const status = this.call(name, ...args);
    if (status < 0) throw errorOfStatus(status, this.text(this.call('dt_last_error')));
  }

  allocate(n: number): number {
    const at = this.call('malloc', n) >>> 0;
    if (at === 0) throw new InternalError('there is not enough memory for this: close what else is open');
    return at;
  }

  release(at: number): void {
    this.call('free', at);
  }

  /** work() with memory that is given back after it. */
  with<T>(work: (scratch: Scratch) => T): T {
    const scratch = new Scratch(this);
    try {
      return work(scratch);
    } finally {
      scratch.free();
    }
  }

  text(at: number): string {
    if (at === 0) return '';
    const bytes = this.u8;
    return new TextDecoder().decode(bytes.slice(at >>> 0, bytes.indexOf(0, at >>> 0)));
  }

  sizeOf(struct: string): number {
    return this.layout(struct).size;
  }

  /** A struct with its size set and zeros behind it. */
  blank(struct: string, scratch: Scratch, n = 1): number {
    const at = scratch.bytes(this.sizeOf(struct) * n);
    this.u8.fill(0, at, at + this.sizeOf(struct) * n);
    this.view.setUint32(at, this.sizeOf(struct), true);
    return at;
  }

  write(struct: string, at: number, values: Readonly<Record<string, number | bigint>>): void {
    const {fields} = this.layout(struct),
      view = this.view;
    for (const [name, value] of Object.entries(values)) {
      const field = fields.get(name);
      if (!field) throw new InternalError(`${struct} has no field ${name}`);
      const to = at + field.offset;
      if (field.kind === 'f32') view.setFloat32(to, Number(value), true);
      else if (field.kind === 'f64') view.setFloat64(to, Number(value), true);
      else if (field.kind === 'i64' || field.kind === 'u64')
        view.setBigUint64(to, BigInt.asUintN(64, BigInt(value)), true);
      else view.setInt32(to, Number(value) | 0, true);
    }
  }

  /** All fields; 64-bit integers as numbers, which are exact below 2^53. */
  read(struct: string, at: number): Record<string, number> {
    const out: Record<string, number> = {},
      view = this.view;
    for (const [name, {kind, offset}] of this.layout(struct).fields) {
      const from = at + offset;
      if (kind === 'f32') out[name] = view.getFloat32(from, true);
      else if (kind === 'f64') out[name] = view.getFloat64(from, true);
      else if (kind === 'i64' || kind === 'u64') out[name] = Number(view.getBigInt64(from, true));
      else out[name] = view.getInt32(from, true);
    }
    return out;
  }

  private layout(struct: string): Struct {
    const found = this.structs.get(struct);
    if (!found) throw new InternalError(`the WebAssembly file has no struct ${struct}`);
    return found;
  }

  private readLayout(text: string): void {
    let fields: Struct['fields'] = new Map();
    for (const line of text.split('\n').filter((l) => l !== '')) {
      const words = line.trim().split(' ');
      if (line.startsWith(' ')) {
        fields.set(words[0]!, {kind: words[1] as Kind, offset: Number(words[2])});
      } else {
        fields = new Map();
        this.structs.set(words[0]!, {size: Number(words[1]), fields});
      }
    }
  }
}

/** What the module asks of its surroundings: a clock and the log. Files, environment and programs are not there. */
function importsOf(module: WebAssembly.Module, made: {wasm?: Wasm}, log?: Log): WebAssembly.Imports {
  const known: Record<string, (...args: never[]) => unknown> = {
    dt_web_log: (level: number, text: number) => log?.(level, made.wasm?.text(text) ?? ''),
    clock_time_get: (_id: number, _precision: bigint, at: number) => {
      made.wasm?.view.setBigUint64(at, BigInt(Math.round(performance.now() * 1e6)), true);
      return 0;
    },
    environ_sizes_get: (count: number, size: number) => {
      made.wasm?.view.setUint32(count, 0, true);
      made.wasm?.view.setUint32(size, 0, true);
      return 0;
    },
    environ_get: () => 0,
    emscripten_notify_memory_growth: () => undefined,
    _dlopen_js: () => 0, // no library can be loaded
    _dlsym_js: () => 0,
    proc_exit: (code: number) => {
      throw new InternalError(`the library ended with code ${code}`);
    },
  };
  const imports: Record<string, Record<string, (...args: never[]) => unknown>> = {};
  for (const {module: from, name, kind} of WebAssembly.Module.imports(module)) {
    if (kind === 'function') (imports[from] ??= {})[name] = known[name] ?? (() => (from === 'env' ? -ENOSYS : ENOSYS));
  }
  return imports as WebAssembly.Imports;
}

/** The compiled module of a response or of bytes. Raises BackendError. */
export async function compiled(source: Promise<Response> | BufferSource, name: string): Promise<WebAssembly.Module> {
  if (typeof WebAssembly !== 'object') {
    throw new BackendError('this browser has no WebAssembly: use one of the last three years');
  }
  let bytes: BufferSource;
  if (source instanceof Promise) {
    const response = await source.catch((e: Error) => {
      throw new BackendError(`${name} cannot be loaded (${e.message}): put it beside the script, or set \`files\``);
    });
    if (!response.ok) {
      throw new BackendError(
        `${name} cannot be loaded (status ${response.status}): put it beside the script, or set \`files\``,
      );
    }
    bytes = await response.arrayBuffer();
  } else {
    bytes = source;
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (e) {
    throw new BackendError(
      `${name} cannot be compiled (${(e as Error).message}): the browser needs WebAssembly with SIMD and exceptions, ` +
        'as Chrome 95, Firefox 100 and Safari 16.4 have them',
    );
  }
}
