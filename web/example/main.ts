// The page: buttons, menus, dropped files, and one picture per frame of the screen.
import {DiffusionTalkerError, InputError, load, type StreamOptions, type Talker} from 'diffusiontalker';
import {Picture} from './scene.js';
import {microphone, recording, type Voice} from './voices.js';

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const status = element('status'),
  progress = element<HTMLProgressElement>('progress');
const buttons = {
  microphone: element<HTMLButtonElement>('microphone'),
  example: element<HTMLButtonElement>('example'),
  pause: element<HTMLButtonElement>('pause'),
};
const menus = {identity: element<HTMLSelectElement>('identity'), emotion: element<HTMLSelectElement>('emotion')};
const strength = element<HTMLInputElement>('strength');

let talker: Talker, picture: Picture;
let voice: Voice | undefined;

function say(text: string, is_wrong = false): void {
  status.textContent = text;
  status.classList.toggle('wrong', is_wrong);
}

function sayError(error: unknown): void {
  const is_ours = error instanceof DiffusionTalkerError;
  say(is_ours ? error.message : `This did not work (${(error as Error).message ?? error}): try again`, true);
}

/** One thing at a time: what a press began ends before the next begins. */
let queue = Promise.resolve();
function after(work: () => Promise<void>): void {
  queue = queue.then(work).catch(sayError);
}

function look(): StreamOptions {
  return {
    identity: menus.identity.value,
    emotion: menus.emotion.value,
    dials: {strength: Number(strength.value)},
    seed: crypto.getRandomValues(new Uint32Array(1))[0]!,
  };
}

async function stop(): Promise<void> {
  const old = voice;
  voice = undefined;
  await old?.stop();
  buttons.microphone.setAttribute('aria-pressed', 'false');
  buttons.pause.disabled = true;
  buttons.pause.textContent = 'Pause';
}

async function play(bytes: ArrayBuffer, name: string): Promise<void> {
  await stop();
  say(`Reading ${name}`);
  const playing = await recording(talker, bytes, look()).catch((e: unknown) => {
    if (!(e instanceof DOMException)) throw e;
    throw new InputError(`${name} is no sound that this browser reads: save it as WAV, MP3 or M4A`);
  });
  voice = playing;
  buttons.pause.disabled = false;
  say(`Playing ${name}`);
  void playing.ended.then(
    () =>
      voice === playing &&
      after(async () => {
        await stop();
        say('Done. Try the microphone, or drop a file.');
      }),
  );
}

async function speak(): Promise<void> {
  const was_on = buttons.microphone.getAttribute('aria-pressed') === 'true';
  await stop();
  if (was_on) return say('The microphone is off.');
  voice = await microphone(talker, look());
  buttons.microphone.setAttribute('aria-pressed', 'true');
  say(
    `Speak. The face follows ${Math.round(voice.stream.profile.latency_ms)} ms later, and a little more for computing.`,
  );
}

async function open(file: File): Promise<void> {
  if (!/\.(glb|vrm)$/i.test(file.name)) return play(await file.arrayBuffer(), file.name);
  const missing = await picture.show(await file.arrayBuffer());
  say(
    missing.length === 0
      ? `${file.name} has every channel.`
      : `${file.name} lacks ${missing.length} of ${talker.n_channels} channels.`,
  );
}

async function pause(): Promise<void> {
  if (!voice || buttons.pause.disabled) return;
  buttons.pause.textContent = (await voice.toggle()) ? 'Go on' : 'Pause';
}

async function restyle(): Promise<void> {
  if (!voice) return;
  const {identity, emotion, dials} = look();
  await voice.stream.set_style(await talker.style(identity, emotion));
  await voice.stream.set_dials(dials!);
}

function connect(): void {
  buttons.microphone.onclick = () => after(speak);
  buttons.example.onclick = () =>
    after(async () => play(await (await fetch('speech.wav')).arrayBuffer(), 'the example'));
  buttons.pause.onclick = () => after(pause);
  for (const id of ['sound', 'character']) {
    const input = element<HTMLInputElement>(id);
    input.onchange = () => {
      const file = input.files?.[0];
      if (file) after(() => open(file));
      input.value = '';
    };
  }
  for (const control of [menus.identity, menus.emotion, strength]) control.onchange = () => after(restyle);
  document.addEventListener('keydown', (event) => {
    if (event.key !== ' ' || !(event.target === document.body || event.target === document.documentElement)) return;
    event.preventDefault();
    after(pause);
  });
  const drop = element('drop');
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.hidden = false;
  });
  document.addEventListener('dragleave', (event) => (drop.hidden = event.relatedTarget === null));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.hidden = true;
    const file = event.dataTransfer?.files[0];
    if (file) after(() => open(file));
  });
  for (const control of document.querySelectorAll<HTMLInputElement>('#controls [disabled]:not(#pause)'))
    control.disabled = false;
}

function fill(menu: HTMLSelectElement, names: readonly string[], standard: string | null): void {
  menu.replaceChildren(...names.map((name) => new Option(name, name, false, name === standard)));
}

async function begin(): Promise<void> {
  const head = fetch('head.glb').then((r) => r.arrayBuffer());
  talker = await load({
    profile: 'live',
    progress: (done, total) => {
      progress.value = done / (total ?? 17.1e6);
      say(`Loading the model: ${(done / 1e6).toFixed(1)} MB`);
    },
  });
  picture = new Picture(document.querySelector('canvas')!, talker.channels);
  await picture.show(await head);
  fill(menus.identity, talker.identities, talker.identities[0]!);
  fill(menus.emotion, talker.emotions, talker.default_emotion);
  connect();
  progress.hidden = true;
  say('Ready. Press Microphone and speak, or press Example.');
  Object.assign(globalThis, {example: {talker, frame: () => voice?.player.frame() ?? null}}); // for the console
  const draw = () => {
    try {
      picture.draw(voice?.player.frame() ?? null);
    } catch (e) {
      after(stop);
      sayError(e);
    }
    requestAnimationFrame(draw);
  };
  draw();
}

if ('serviceWorker' in navigator) navigator.serviceWorker.register('offline.js').catch(() => undefined);
begin().catch(sayError);
