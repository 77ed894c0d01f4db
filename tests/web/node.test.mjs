// node --test node.test.mjs: the package against the Python package, in Node, without a Worker.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {after, before, describe, test} from 'node:test';

import {BundleError, InputError, load, Player, StreamClosedError} from '../../web/dist/index.js';
import {difference, document, LIMIT, options, sound} from './support.mjs';

const talkers = {};
before(async () => {
  for (const model of ['base', 'base-2step']) talkers[model] = await load({model, worker: false});
});
after(() => Object.values(talkers).forEach((talker) => talker.close()));
const talker = () => talkers['base-2step'];

/** Frames of a stream as an animation's arrays. */
function joined(frames) {
  return [frames.flatMap((f) => [...f.weights]), frames.flatMap((f) => [...f.head_pose])].map((a) =>
    Float32Array.from(a),
  );
}

describe('frames are those of Python', () => {
  for (const case_ of document.cases) {
    test(`of a whole recording: ${case_.name}`, async () => {
      const {samples, rate} = sound(case_.sound);
      const animation = await talkers[case_.model].animate(samples, rate, options(case_));
      assert.equal(animation.n_frames, case_.n_frames);
      assert.equal(animation.channels.length, animation.n_channels);
      const off = difference(case_, animation.weights, animation.head_pose);
      console.log(`${case_.name}: ${off.toExponential(1)}`);
      assert.ok(off <= LIMIT, `${off}`);
    });
  }

  test('of a stream in odd chunks, which are those of the whole bit by bit', async () => {
    const case_ = document.cases.find((c) => c.name === 'live'),
      {samples, rate} = sound(case_.sound);
    const whole = await talker().animate(samples, rate, options(case_));
    const stream = await talker().stream(options(case_)),
      frames = [];
    for (let at = 0, n = 1; at < samples.length; at += n, n = (n * 7 + 13) % 4001) {
      assert.equal(await stream.push(samples.subarray(at, at + n), rate), true);
      frames.push(...(await stream.pull()));
    }
    await stream.flush();
    frames.push(...(await stream.pull()));
    const [weights, head_pose] = joined(frames);
    assert.deepEqual(weights, whole.weights);
    assert.deepEqual(head_pose, whole.head_pose);
    assert.deepEqual(
      frames.map((f) => f.index),
      Array.from({length: case_.n_frames}, (_, i) => i),
    );
    assert.ok(difference(case_, weights, head_pose) <= LIMIT);
    await stream.close();
  });

  test('of 16-bit samples, which are those of floats', async () => {
    const {samples, rate} = sound('speech');
    const ints = Int16Array.from(samples, (x) => Math.round(x * 32768)),
      part = [0, 20000];
    const a = await talker().animate(ints.slice(...part), rate, {profile: 'live', seed: 1});
    const b = await talker().animate(
      Float32Array.from(ints.slice(...part), (x) => x / 32768),
      rate,
      {profile: 'live', seed: 1},
    );
    assert.deepEqual(a.weights, b.weights);
  });
});

test('names and sizes are those of Python', () => {
  const {profiles, ...rest} = document.model;
  for (const [name, value] of Object.entries(rest)) assert.deepEqual(talker()[name], value, name);
  for (const [name, {stream_bytes, ...sizes}] of Object.entries(profiles)) {
    const {stream_bytes: here, ...found} = talker().profiles[name]; // pointers are shorter here
    assert.deepEqual(found, sizes, name);
    assert.ok(here > 0 && here <= stream_bytes);
  }
  assert.equal(talker().backend, 'cpu');
});

test('styles are those of Python', async () => {
  const {samples, rate} = sound('speech');
  const found = {
    mixed: await talker().style('gwen', {happy: 0.5, sad: 0.25}, {emotion_strength: 1.5}),
    blended: await talker().blend_styles({ada: 1, hugo: 3}),
    enrolled: await talker().enroll(samples, rate, {emotion: 'happy'}),
  };
  for (const [name, style] of Object.entries(found)) {
    const off = Math.max(...style.map((x, i) => Math.abs(x - document.styles[name][i])));
    assert.ok(off <= LIMIT, `${name}: ${off}`);
  }
});

test('a style in place of a name gives the same frames', async () => {
  const {samples, rate} = sound('speech'),
    part = samples.slice(0, 24000);
  const named = await talker().animate(part, rate, {identity: 'ada', emotion: 'happy', seed: 5, profile: 'live'});
  const styled = await talker().animate(part, rate, {
    style: await talker().style('ada', 'happy'),
    seed: 5,
    profile: 'live',
  });
  assert.deepEqual(named.weights, styled.weights);
});

test('an interrupt eases to rest, drops what waits and begins a new utterance', async () => {
  const {samples, rate} = sound('speech'),
    stream = await talker().stream({profile: 'live'});
  await stream.push(samples, rate);
  const frames = await stream.pull(),
    shown = frames[40];
  const next = await stream.interrupt(200, {shown_frame: shown.index});
  assert.equal(stream.utterance, 2);
  assert.equal(await stream.push(samples, rate, {utterance: 1}), false);
  const easing = await stream.pull();
  assert.deepEqual(
    easing.map((f) => f.index),
    Array.from({length: next - 41}, (_, i) => 41 + i),
  );
  assert.equal(easing.length, 6);
  assert.ok(easing.every((f) => f.utterance === 2));
  assert.ok(Math.max(...easing.at(-1).weights) < 0.2 + Math.max(...shown.weights) / 10);
  await stream.push(samples.slice(0, 16000), rate);
  await stream.flush();
  assert.equal((await stream.pull()).length, 30);
  await stream.close();
});

test('frames() gives every frame, and what an interrupt begins when it goes on', async () => {
  const {samples, rate} = sound('speech'),
    stream = await talker().stream({profile: 'live'}),
    seen = [];
  await stream.push(samples.slice(0, 32000), rate);
  await stream.flush();
  for await (const frame of stream.frames()) seen.push(frame.index);
  assert.deepEqual(
    seen,
    Array.from({length: 60}, (_, i) => i),
  );
  await stream.interrupt(0);
  const loop = (async () => {
    for await (const frame of stream.frames({go_on: true})) seen.push(frame.index);
  })();
  await stream.push(samples.slice(0, 16000), rate);
  await stream.flush();
  while (seen.length < 90) await new Promise((resolve) => setTimeout(resolve, 5));
  await stream.close();
  await loop;
  assert.deepEqual(
    seen,
    Array.from({length: 90}, (_, i) => i),
  );
});

test('a player gives the frame that is due, and holds the newest', async () => {
  const {samples, rate} = sound('speech'),
    stream = await talker().stream({profile: 'live'});
  let now = -1;
  const player = new Player(stream, {clock: () => now});
  const running = player.start();
  await stream.push(samples.slice(0, 32000), rate);
  await stream.flush();
  while (player.n_ahead < 59) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(player.frame(), null);
  now = 10 / 30;
  const ten = player.frame();
  assert.equal(player.shown_frame, 10);
  now = 10.5 / 30;
  const between = player.frame();
  now = 11 / 30;
  const eleven = player.frame();
  assert.equal(eleven.index, 11);
  between.weights.forEach((w, i) => assert.ok(Math.abs(w - (ten.weights[i] + eleven.weights[i]) / 2) < 1e-6));
  now = 100;
  assert.equal(player.frame().index, 59);
  await stream.close();
  await running;
});

test('an animation gives the pose of a moment', async () => {
  const {samples, rate} = sound('speech');
  const animation = await talker().animate(samples.slice(0, 16000), rate, {seed: 1, profile: 'live'});
  assert.equal(animation.n_frames, 30);
  assert.deepEqual(animation.frame_at(7 / 30).weights, animation.frame(7).weights);
  assert.deepEqual(animation.frame_at(-1).weights, animation.frame(0).weights);
  assert.deepEqual(animation.frame_at(99).weights, animation.frame(29).weights);
});

test('an animation tells how far it is, and ends early', async () => {
  const {samples, rate} = sound('speech'),
    seconds = [],
    stop = new AbortController();
  await assert.rejects(
    talker().animate(samples, rate, {
      profile: 'live',
      signal: stop.signal,
      progress: (s) => seconds.push(s) > 3 && stop.abort(),
    }),
    {name: 'AbortError'},
  );
  assert.ok(seconds.length >= 4 && seconds.length < 20 && seconds[0] > 0);
});

describe('bad input gets one sentence', () => {
  const speech = new Float32Array(16000);
  const nan = Float32Array.of(0, 0, NaN);
  const asked = {
    'samples is "x", expected': () => talker().animate('x', 16000),
    'sample_rate is undefined': () => talker().animate(speech),
    'sample_rate is 44.1, expected a whole number 1000..768000': () => talker().animate(speech, 44.1),
    'nothing to animate': () => talker().animate(new Float32Array(0), 16000),
    'sample 1 is "b"': () => talker().animate([0, 'b'], 16000),
    'the channels have 3, 4 samples': () => talker().animate([new Float32Array(3), new Float32Array(4)], 16000),
    'NaN|not a number|finite': () => talker().animate(nan, 16000),
    'unknown identity "eve": the bundle has neutral, ada': () => talker().stream({identity: 'eve'}),
    'unknown emotion "glad"': () => talker().stream({emotion: 'glad'}),
    'the weight of sad is 3, expected a number from 0 to 2': () => talker().stream({emotion: {sad: 3}}),
    'mixture of emotions is empty': () => talker().stream({emotion: {}}),
    'unknown profile "fast": the bundle has live, low-latency, offline': () => talker().stream({profile: 'fast'}),
    'there is no option "mood"': () => talker().stream({mood: 'happy'}),
    'there is no dial "power"': () => talker().stream({dials: {power: 2}}),
    'strength is 3, expected a number from 0 to 2': () => talker().stream({dials: {strength: 3}}),
    'unknown channel "jaw": the model has': () => talker().stream({dials: {channel_gain: {jaw: 1}}}),
    'seed is -1': () => talker().stream({seed: -1}),
    'style has 3 numbers': () => talker().stream({style: [1, 2, 3]}),
    'style and emotion are both given': () =>
      talker().stream({style: new Float32Array(talker().d_identity), emotion: 'sad'}),
    'model is 5': () => load({model: 5, worker: false}),
    'there is no option "url"': () => load({url: 'x', worker: false}),
    'is no address': () => load({model: 'http://', worker: false}),
    'enroll|long': () => talker().enroll(new Float32Array(100), 16000),
  };
  for (const [words, call] of Object.entries(asked)) {
    test(words, async () => {
      await assert.rejects(call, (e) => {
        assert.ok(e instanceof InputError, `${e.name}: ${e.message}`);
        assert.match(e.message, new RegExp(words.includes('|') ? words : words.replace(/[.*+?()[\]]/g, '\\$&')));
        assert.ok(!e.message.includes('\n') && e.message.length < 1200);
        return true;
      });
    });
  }

  test('a damaged bundle', async () => {
    const bytes = new Uint8Array(readFileSync(new URL('../../web/models/base-2step.dtb', import.meta.url)));
    bytes[bytes.length >> 1] ^= 1;
    await assert.rejects(load({model: bytes, worker: false}), BundleError);
    await assert.rejects(load({model: bytes.slice(0, 1000), worker: false}), BundleError);
    await assert.rejects(load({model: new Uint8Array(0), worker: false}), BundleError);
  });

  test('audio after the end, and a stream that was closed', async () => {
    const stream = await talker().stream();
    await stream.flush();
    await assert.rejects(stream.push(new Float32Array(10), 16000), StreamClosedError);
    await stream.close();
    await assert.rejects(stream.pull(), /the stream was closed: open another one/);
  });
});
