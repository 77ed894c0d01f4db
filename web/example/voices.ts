// What speaks: a recording that is played, or a microphone. Each has a stream, and a player that knows what is due.
import {capture, Player, type Stream, type StreamOptions, type Talker} from 'diffusiontalker';

export interface Voice {
  readonly stream: Stream;
  readonly player: Player;
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<void>;
  /** Of a recording; a microphone goes on. Whether it is paused now. */
  toggle(): Promise<boolean>;
  stop(): Promise<void>;
}

/** Plays a recording with the best profile. Sound begins when the first frames are there: the rest is computed while it
 * plays. */
export async function recording(talker: Talker, bytes: ArrayBuffer, options: StreamOptions): Promise<Voice> {
  const context = new AudioContext();
  const sound = await context.decodeAudioData(bytes);
  const stream = await talker.stream({...options, profile: 'offline'});
  let begun = Infinity;
  const clock = () => context.currentTime - begun - (context.outputLatency || 0);
  const player = new Player(stream, {clock});
  void player.start();
  await stream.push(sound);
  await stream.flush();
  while (player.n_ahead < stream.profile.hop_frames - 1 && player.n_ahead < sound.duration * talker.fps - 1)
    await pause(10);
  const source = context.createBufferSource();
  source.buffer = sound;
  source.connect(context.destination);
  await context.resume();
  begun = context.currentTime + 0.05;
  source.start(begun);
  const ended = new Promise<void>((resolve) => (source.onended = () => resolve()));
  return {
    stream,
    player,
    ended,
    async toggle() {
      if (context.state === 'running') await context.suspend();
      else await context.resume();
      return context.state !== 'running';
    },
    async stop() {
      source.onended = null;
      await stream.close();
      await context.close();
    },
  };
}

/** Follows a microphone with the latency of the profile "live". */
export async function microphone(talker: Talker, options: StreamOptions): Promise<Voice> {
  const stream = await talker.stream({...options, profile: 'live'});
  const captured = await capture(stream);
  const player = new Player(stream, {clock: captured.clock});
  void player.start();
  return {
    stream,
    player,
    ended: new Promise(() => undefined),
    toggle: async () => false,
    async stop() {
      await captured.stop();
      await stream.close();
    },
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
