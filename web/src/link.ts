/** How the page asks an engine: in a Worker by messages, or directly. */
import {BackendError, receivedError, type SentError, sentError} from './errors.js';
import {Engine, type Note} from './engine.js';

/** Methods of the engine that can be asked, with promises for results. */
type Asked = {
  [K in keyof Engine]: Engine[K] extends (...args: infer A) => infer R ? (args: A) => Awaited<R> : never;
};

export interface Link {
  /** transfer: what moves to the engine instead of being copied. */
  ask<K extends keyof Asked>(
    name: K,
    args: Parameters<Asked[K]>[0],
    transfer?: Transferable[],
  ): Promise<ReturnType<Asked[K]>>;
  close(): void;
}

export interface Question {
  id: number;
  name: keyof Engine;
  args: unknown[];
}
export type Answer = {id: number; value: unknown} | {id: number; error: SentError} | {note: Note};

/** An engine on this thread: for Node, and for pages that are in a Worker already. */
export function localLink(tell: (note: Note) => void): Link {
  const engine = new Engine(tell);
  return {
    async ask(name, args) {
      try {
        return await (engine[name] as (...a: unknown[]) => never)(...(args as unknown[]));
      } catch (e) {
        throw receivedError(sentError(e));
      }
    },
    close: () => engine.close(),
  };
}

/** An engine in a Worker of its own, which runs worker.js. */
export function workerLink(make: () => Worker, tell: (note: Note) => void): Link {
  const worker = make();
  const waiting = new Map<number, {resolve: (value: never) => void; reject: (error: Error) => void}>();
  let next = 1,
    failure: Error | undefined;
  worker.onmessage = ({data}: MessageEvent<Answer>) => {
    if ('note' in data) return tell(data.note);
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if ('error' in data) asked?.reject(receivedError(data.error));
    else asked?.resolve(data.value as never);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    failure = new BackendError(
      `the Worker did not start (${event.message ?? 'no reason given'}): put worker.js beside the script, or set \`files\``,
    );
    for (const {reject} of waiting.values()) reject(failure);
    waiting.clear();
  };
  return {
    ask: (name, args, transfer = []) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        const question: Question = {id: next, name, args: args as unknown[]};
        waiting.set(next, {resolve, reject});
        next += 1;
        worker.postMessage(question, transfer);
      }),
    close() {
      worker.terminate();
      failure = new BackendError('the talker was closed: load it again');
      for (const {reject} of waiting.values()) reject(failure);
      waiting.clear();
    },
  };
}
