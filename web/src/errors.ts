/** The errors of the package, by the names of the Python package. Each message is one sentence that says what is wrong
 * and what to do. */

/** Base of all errors raised on purpose. */
export class DiffusionTalkerError extends Error {
  override name = 'DiffusionTalkerError';
}
/** Audio or an argument that cannot be used: NaN samples, an unknown identity. */
export class InputError extends DiffusionTalkerError {
  override name = 'InputError';
}
/** A bundle that is missing, damaged or of a newer format. */
export class BundleError extends DiffusionTalkerError {
  override name = 'BundleError';
}
/** The browser lacks something that the library needs, or its files cannot be reached. */
export class BackendError extends DiffusionTalkerError {
  override name = 'BackendError';
}
/** Audio pushed into a stream after flush(). */
export class StreamClosedError extends DiffusionTalkerError {
  override name = 'StreamClosedError';
}
/** Audio pushed faster than frames are pulled. */
export class BufferFullError extends DiffusionTalkerError {
  override name = 'BufferFullError';
}
/** Audio of an utterance that is over; push() and flush() return false instead. */
export class StaleUtteranceError extends DiffusionTalkerError {
  override name = 'StaleUtteranceError';
}
/** Used in a way that something else excludes just now. */
export class BusyError extends DiffusionTalkerError {
  override name = 'BusyError';
}
/** This bundle cannot do it: enrolment without a style encoder. */
export class UnsupportedError extends DiffusionTalkerError {
  override name = 'UnsupportedError';
}
/** A fault of the library; worth a bug report. */
export class InternalError extends DiffusionTalkerError {
  override name = 'InternalError';
}

const CLASSES = {
  DiffusionTalkerError,
  InputError,
  BundleError,
  BackendError,
  StreamClosedError,
  BufferFullError,
  StaleUtteranceError,
  BusyError,
  UnsupportedError,
  InternalError,
};
type ErrorName = keyof typeof CLASSES;

// dt_status of csrc/include/dt/base.h.
const BY_STATUS: Record<number, ErrorName> = {
  [-1]: 'InputError',
  [-2]: 'InputError',
  [-3]: 'BundleError',
  [-4]: 'BackendError',
  [-5]: 'BufferFullError',
  [-6]: 'StreamClosedError',
  [-7]: 'InternalError',
  [-8]: 'InternalError',
  [-9]: 'BusyError',
  [-10]: 'UnsupportedError',
  [-11]: 'StaleUtteranceError',
};

/** The error of a negative status of the C ABI. */
export function errorOfStatus(status: number, message: string): DiffusionTalkerError {
  return new CLASSES[BY_STATUS[status] ?? 'InternalError'](message);
}

/** What of an error crosses from the Worker to the page. */
export interface SentError {
  name: string;
  message: string;
}

/** An error as it is sent; what nobody raised on purpose is a fault of ours. */
export function sentError(error: unknown): SentError {
  if (error instanceof DiffusionTalkerError) return {name: error.name, message: error.message};
  if (error instanceof Error && error.name === 'AbortError') return {name: error.name, message: error.message};
  const text = error instanceof Error ? error.message : String(error);
  return {name: 'InternalError', message: `the library stopped (${text}): load it again, and please report it`};
}

/** The error that was sent. */
export function receivedError({name, message}: SentError): Error {
  if (name === 'AbortError') return new DOMException(message, 'AbortError');
  return new CLASSES[name in CLASSES ? (name as ErrorName) : 'InternalError'](message);
}
