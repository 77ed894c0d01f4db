/** The model's bytes: fetched once, and kept in the browser's Cache Storage. */
import {BundleError} from './errors.js';

/** Where a model comes from. cache: the name of the Cache Storage that keeps it; null: none. */
export type ModelSource = {bytes: Uint8Array} | {url: string; cache: string | null};

export interface ModelBytes {
  data: Uint8Array;
  /** Drops what was kept. */
  forget: () => Promise<unknown>;
}

type Progress = (done: number, total: number | null) => void;

/** Raises BundleError when the address cannot be fetched, and nothing is kept of it. */
export async function modelBytes(source: ModelSource, progress: Progress): Promise<ModelBytes> {
  if ('bytes' in source) return {data: source.bytes, forget: async () => undefined};
  const {url} = source,
    cache = await openCache(source.cache);
  const kept = await cache?.match(url);
  if (kept) {
    const data = new Uint8Array(await kept.arrayBuffer());
    progress(data.length, data.length);
    return {data, forget: async () => cache?.delete(url)};
  }
  const data = await download(url, progress);
  // Where it cannot be kept (no room, a private window), the next visit fetches it again.
  await cache?.put(url, new Response(data)).catch(() => undefined);
  return {data, forget: async () => cache?.delete(url)};
}

async function openCache(name: string | null): Promise<Cache | undefined> {
  if (name === null || typeof caches === 'undefined') return undefined; // pages without https have none
  return caches.open(name).catch(() => undefined);
}

async function download(url: string, progress: Progress): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (e) {
    throw new BundleError(
      `the model cannot be fetched from ${url} (${(e as Error).message}): check address and network`,
    );
  }
  if (!response.ok)
    throw new BundleError(`the model cannot be fetched from ${url} (status ${response.status}): check the address`);
  const stated = Number(response.headers.get('content-length'));
  const is_packed = response.headers.has('content-encoding'); // then the length is that of the packed bytes
  const total = stated > 0 && !is_packed ? stated : null;
  const parts: Uint8Array[] = [];
  let done = 0;
  progress(0, total);
  try {
    for (const reader = response.body!.getReader(); ;) {
      const {value, done: is_last} = await reader.read();
      if (is_last) break;
      parts.push(value);
      done += value.length;
      progress(done, total);
    }
  } catch (e) {
    throw new BundleError(`the model from ${url} broke off after ${done} bytes (${(e as Error).message}): try again`);
  }
  const data = new Uint8Array(done);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}
