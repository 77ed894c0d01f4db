/** The Worker: an engine that is asked by messages. */
import {Engine, type Note} from './engine.js';
import {sentError} from './errors.js';
import type {Answer, Question} from './link.js';

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Question>) => void;
  postMessage(message: Answer, transfer?: Transferable[]): void;
};

const engine = new Engine((note) => scope.postMessage({note: sendable(note)}));

scope.onmessage = async ({data: {id, name, args}}) => {
  try {
    const value = await (engine[name] as (...a: unknown[]) => unknown).apply(engine, args);
    scope.postMessage({id, value});
  } catch (e) {
    scope.postMessage({id, error: sentError(e)});
  }
};

function sendable(note: Note): Note {
  return note.note === 'fault' ? {...note, error: sentError(note.error)} : note;
}
