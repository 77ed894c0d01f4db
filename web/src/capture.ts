/** A microphone, or the sound of a call, into a stream: by an AudioWorklet, past the page's own thread. */
import {InputError} from './errors.js';
import type {Stream} from './stream.js';

export interface CaptureOptions {
  /** Sound that is there already: of a call, of another microphone. The microphone is asked for otherwise. */
  media?: MediaStream;
  /** An AudioContext of the page; a new one otherwise. */
  context?: AudioContext;
  /** Number of a microphone (MediaDeviceInfo.deviceId). */
  device_id?: string;
  /** Address of microphone-worklet.js, where a bundler has parted it from the script. */
  worklet?: string | URL;
}

export interface Capture {
  readonly context: AudioContext;
  readonly sample_rate: number;
  /** Seconds of sound that were taken so far. */
  captured_s(): number;
  /** For a Player: the moment that can be shown now, which is behind the sound by the profile's latency and a hop for
   * computing. */
  clock(): number;
  stop(): Promise<void>;
}

/** Begins to push sound into a stream. Call it in answer to a press of the user: browsers ask for that.
 * Raises InputError: no microphone, or the user said no. */
export async function capture(stream: Stream, options: CaptureOptions = {}): Promise<Capture> {
  const media = options.media ?? (await openMicrophone(options.device_id));
  const context = options.context ?? new AudioContext({latencyHint: 'interactive'});
  const worklet = options.worklet ?? new URL('./microphone-worklet.js', import.meta.url);
  try {
    await context.audioWorklet.addModule(worklet);
  } catch (e) {
    throw new InputError(
      `the AudioWorklet ${worklet} cannot be loaded (${(e as Error).message}): serve it beside the script`,
    );
  }
  const source = context.createMediaStreamSource(media);
  const node = new AudioWorkletNode(context, 'diffusiontalker-microphone', {numberOfOutputs: 0});
  const {port1, port2} = new MessageChannel();
  await stream.attach(port2, context.sampleRate);
  node.port.postMessage(port1, [port1]);
  source.connect(node);
  await context.resume();
  const begun = context.currentTime,
    first = (await stream.info())['next_audio_frame']! / stream.fps;
  const delay_s =
    (stream.profile.latency_ms + (2 * 1000) / stream.fps) / 1000 + (HEADROOM * stream.profile.hop_frames) / stream.fps;
  const captured_s = () => first + context.currentTime - begun;
  return {
    context,
    sample_rate: context.sampleRate,
    captured_s,
    clock: () => captured_s() - delay_s,
    async stop() {
      source.disconnect();
      node.port.postMessage('stop');
      if (!options.media) for (const track of media.getTracks()) track.stop();
      if (!options.context) await context.close();
    },
  };
}

const HEADROOM = 0.5; // of a hop, for computing it

async function openMicrophone(device_id: string | undefined): Promise<MediaStream> {
  if (!navigator.mediaDevices) {
    throw new InputError('the browser gives no microphone to this page: serve it by https or from localhost');
  }
  const wanted = {echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1};
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: device_id === undefined ? wanted : {...wanted, deviceId: {exact: device_id}},
    });
  } catch (e) {
    const {name, message} = e as DOMException;
    if (name === 'NotAllowedError')
      throw new InputError('the microphone was refused: allow it for this page in the browser');
    if (name === 'NotFoundError' || name === 'OverconstrainedError')
      throw new InputError('there is no such microphone: connect one, or choose another');
    throw new InputError(`the microphone cannot be opened (${message}): close other programs that use it`);
  }
}
