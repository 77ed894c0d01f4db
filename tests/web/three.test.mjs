// node --test three.test.mjs: the mapping onto characters of three.js, without a picture.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {InputError} from '../../web/dist/index.js';
import {channelOf, MorphFace} from '../../web/dist/three.js';
import * as THREE from '../../web/node_modules/three/build/three.module.js';
import {document} from './support.mjs';

const {channels} = document.model;
const named = (name) => channels[channelOf(name, channels)];

/** A character of one mesh with targets, and a head bone below a turned spine. */
function character(names) {
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute('position', new THREE.Float32BufferAttribute([0, 0, 0], 3));
  geometry.morphAttributes.position = names.map(() => new THREE.Float32BufferAttribute([0, 0, 0], 3));
  const mesh = new THREE.Mesh(geometry);
  mesh.morphTargetDictionary = Object.fromEntries(names.map((name, i) => [name, i]));
  mesh.morphTargetInfluences = names.map(() => 0);
  const root = new THREE.Group(),
    spine = new THREE.Bone(),
    head = new THREE.Bone();
  spine.rotation.set(0.4, 1.1, -0.3);
  head.rotation.set(-0.2, 0.3, 0.5);
  head.name = 'mixamorigHead';
  root.rotation.y = 2; // the user's own
  root.add(mesh, spine);
  spine.add(head);
  return {root, mesh, head};
}

function frame(weights = {}, head_pose = null) {
  const all = Float32Array.from(channels, (name) => weights[name] ?? 0);
  return {index: 0, time_s: 0, weights: all, head_pose, utterance: 1};
}

test('names are found whichever way a program spells them', () => {
  for (const name of ['jawOpen', 'JawOpen', 'jaw_open', 'blendShape1.jawOpen', 'head_JAWOPEN'])
    assert.equal(named(name), 'jawOpen', name);
  for (const name of ['eyeBlinkLeft', 'eyeBlink_L', 'EyeBlinkL', 'eye_blink_left'])
    assert.equal(named(name), 'eyeBlinkLeft', name);
  assert.equal(named('browDown_R'), 'browDownRight');
  assert.equal(named('mouthLeft'), 'mouthLeft');
  assert.equal(named('mouthSmileLeft'), 'mouthSmileLeft');
  for (const name of ['viseme_aa', 'Basis', 'open', '']) assert.equal(named(name), undefined, name);
  for (const channel of channels) assert.equal(named(channel), channel);
});

test('weights reach their targets, and what is missing is told', () => {
  const {root, mesh} = character(['viseme_aa', 'Face.jawOpen', 'eyeBlink_L', 'jawOpen']);
  const face = new MorphFace(root, channels);
  assert.deepEqual([...face.found].sort(), ['eyeBlinkLeft', 'jawOpen']);
  assert.equal(face.missing.length, channels.length - 2);
  face.show(frame({jawOpen: 0.5, eyeBlinkLeft: 0.25, mouthFunnel: 1}));
  assert.deepEqual(mesh.morphTargetInfluences, [0, 0, 0.25, 0.5]);
  face.show(null);
  assert.deepEqual(mesh.morphTargetInfluences, [0, 0, 0.25, 0.5]);
});

test('the head turns about the axes of the character, whichever way its bones lie', () => {
  const {root, head} = character(['jawOpen']),
    face = new MorphFace(root, channels);
  const world = () => {
    root.updateMatrixWorld(true);
    return head.getWorldQuaternion(new THREE.Quaternion());
  };
  const rest = world(),
    pose = [0.3, -0.2, 0.1];
  face.show(frame({}, Float32Array.from(pose)));
  const [yaw, pitch, roll] = pose;
  const turn = new THREE.Quaternion().setFromEuler(new THREE.Euler(pitch, yaw, roll, 'YXZ'));
  const expected = root.quaternion.clone().multiply(turn).multiply(root.quaternion.clone().invert()).multiply(rest);
  assert.ok(world().angleTo(expected) < 1e-3);
  assert.ok(world().angleTo(rest) > 0.3);
  face.show(frame({}, new Float32Array(3)));
  assert.ok(world().angleTo(rest) < 1e-3);
});

test('a character that cannot speak gets one sentence', () => {
  assert.throws(
    () => new MorphFace(new THREE.Group(), channels),
    (e) => e instanceof InputError && e.message === 'the character has no morph targets: export it with its shape keys',
  );
  assert.throws(
    () => new MorphFace(character(['A', 'E', 'viseme_O']).root, channels),
    (e) =>
      e instanceof InputError &&
      /^no morph target has an ARKit name such as jawOpen: the character has A, E, viseme_O;/.test(e.message),
  );
  assert.throws(() => new MorphFace(character(['jawOpen']).root, channels, {head_bone: 'Kopf'}), /no node "Kopf"/);
});
