/** A face in the browser, driven by `diffusiontalker serve`. */

export type Weights = Float32Array;
export type ConnectionState = "closed" | "connecting" | "open" | "waiting";

/** Settings of a session, as docs/server-protocol.md has them. */
export interface Settings {
  identity?: string;
  emotion?: string | Record<string, number>;
  /** 0..2 */
  emotion_strength?: number;
  /** Of POST /enroll: base64. */
  style?: string | null;
  profile?: string;
  seed?: number;
  /** 0..2 */
  head_amount?: number;
  dials?: Record<string, unknown>;
  encoding?: string;
  /** Hz of the samples that are pushed. */
  sample_rate?: number;
  /** Frames a second, 1..240. */
  fps?: number;
  format?: "json" | "binary";
  layout?: "arkit" | "azure";
  pace?: "ready" | "due";
}

export interface Session extends Required<Omit<Settings, "style">> {
  id: string;
  style: string | null;
  channels: string[];
  identities: string[];
  emotions: string[];
  /** Name of a latency profile -> milliseconds. */
  profiles: Record<string, number>;
  latency_ms: number;
  max_buffered_ms: number;
  max_message_bytes: number;
}

/** What belongs to one stretch of sound, up to flush() or interrupt(). */
export interface FaceResponse {
  number: number;
  /** Seconds of sound that the client pushed before it. */
  startS: number;
  track: FaceTrack;
  isDone: boolean;
}

export class ServerError extends Error {
  constructor(code: string, message: string);
  code: string;
}

export interface ClientOptions {
  token?: string | null;
  settings?: Settings;
  /** Whether a lost connection is tried again, after 0.5 s and then ever more slowly, up to 8 s. */
  reconnects?: boolean;
  WebSocket?: typeof WebSocket;
}

export interface ClientEvents {
  session: CustomEvent<Session>;
  state: CustomEvent<ConnectionState>;
  frames: CustomEvent<{response: FaceResponse; first: number; n: number}>;
  done: CustomEvent<{response: FaceResponse; reason: "completed" | "interrupted"}>;
  error: CustomEvent<ServerError>;
}

export class FaceClient extends EventTarget {
  constructor(address: string, options?: ClientOptions);
  readonly state: ConnectionState;
  readonly session: Session | null;
  readonly pushedS: number;
  /** Rejects with ServerError when the first try fails. */
  open(): Promise<Session>;
  close(): void;
  /** Samples of one channel at settings.sample_rate. False while there is no session: they are dropped. */
  push(samples: Float32Array | Int16Array): boolean;
  flush(): void;
  interrupt(options?: {easeMs?: number; shownFrame?: number}): void;
  style(wanted: Pick<Settings, "identity" | "emotion" | "emotion_strength" | "style" | "dials">, blendMs?: number): void;
  update(settings: Settings): void;
  /** Sends a whole sound no faster than the server takes it; resolves when all its frames are there. */
  speak(samples: Float32Array | Int16Array, options?: {signal?: AbortSignal}): Promise<FaceResponse>;
  addEventListener<K extends keyof ClientEvents>(type: K, listener: (event: ClientEvents[K]) => void, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof ClientEvents>(type: K, listener: (event: ClientEvents[K]) => void): void;
}

export class FaceTrack {
  constructor(nValues: number, fps: number);
  readonly nValues: number;
  readonly fps: number;
  /** Frames. */
  readonly length: number;
  /** Seconds. */
  readonly duration: number;
  add(first: number, values: Float32Array): void;
  row(k: number): Float32Array;
  column(i: number): Float32Array;
  at(seconds: number, out?: Float32Array): Float32Array;
}

export function readFrames(message: ArrayBuffer): {response: number; first: number; timeS: number; nValues: number; values: Float32Array};

/** Seconds of sound that the listener has heard. */
export interface Clock {
  readonly time: number;
}

export class MediaClock implements Clock {
  constructor(element: HTMLMediaElement);
  readonly time: number;
}

export class ContextClock implements Clock {
  constructor(context: AudioContext, startedAt?: number);
  readonly time: number;
}

export class SoundQueue implements Clock {
  constructor(context: AudioContext);
  readonly time: number;
  readonly queuedS: number;
  add(samples: Float32Array, rate: number): void;
  stop(): number;
}

export class FacePlayer {
  constructor(track: FaceTrack | (() => FaceTrack | null | undefined), clock: Clock, show: (values: Weights, time: number) => void);
  start(): void;
  stop(): void;
  draw(): void;
}

/** target -> channel, or target -> {channel: share} */
export type Targets = Record<string, string | Record<string, number>>;
export type ShowFace = ((values: Weights) => void) & {n: number};

export class Mapping {
  constructor(channels: string[], targets: Targets);
  readonly targets: string[];
  weight(k: number, values: Weights): number;
}

export function namesOf(targets: string[], channels: string[]): Record<string, string>;
/** root: an Object3D or a mesh of three.js. */
export function morphFace(root: object, channels: string[], mapping?: Targets): ShowFace;
/** managers: MorphTargetManager of Babylon.js, or a list. */
export function babylonFace(managers: object | object[], channels: string[], mapping?: Targets): ShowFace;
/** expressions: vrm.expressionManager of @pixiv/three-vrm. */
export function vrmFace(expressions: object, channels: string[]): ShowFace;

export class Mixture {
  constructor(system: {names: string[]; gram: number[][]; products: number[][]});
  static ofPoses(channels: string[], poses: Record<string, Record<string, number>>): Mixture;
  readonly names: string[];
  of(values: Weights): Float64Array;
}
export const VRM_POSES: Record<string, Record<string, number>>;
