/** Moves the morph targets of a three.js character by ARKit's names, and its head. */
import type {Bone, Mesh, Object3D, Quaternion} from 'three';

import {InputError} from './errors.js';
import type {Frame} from './types.js';

export interface MorphFaceOptions {
  /** The bone that turns with the head pose: itself, its name, or null for none. The bone of the head or neck otherwise. */
  head_bone?: Bone | string | null;
}

/** The place of a weight: an index of a mesh's influences. */
interface Place {
  influences: number[];
  index: number;
}

/** A face of meshes with morph targets that have ARKit's names. */
export class MorphFace {
  /** Channels that move something. */
  readonly found: readonly string[];
  /** Channels that the character has no target for. */
  readonly missing: readonly string[];
  private readonly places: readonly (readonly [channel: number, place: Place])[];
  private readonly head: Head | null;

  /** root: the scene or object of a character, in its rest pose, looking along +z as glTF says.
   * channels: of the talker (Talker.channels).
   * Raises InputError when no target has a known name: lists those there are.
   */
  constructor(root: Object3D, channels: readonly string[], {head_bone}: MorphFaceOptions = {}) {
    const places: [number, Place][] = [],
      names = new Set<string>();
    root.traverse((object) => {
      const {morphTargetDictionary, morphTargetInfluences} = object as Mesh;
      if (!morphTargetDictionary || !morphTargetInfluences) return;
      for (const name of Object.keys(morphTargetDictionary)) names.add(name);
      for (const [channel, name] of bestNames(Object.keys(morphTargetDictionary), channels)) {
        places.push([channel, {influences: morphTargetInfluences, index: morphTargetDictionary[name]!}]);
      }
    });
    if (places.length === 0) throw new InputError(nothingFound([...names]));
    const moved = new Set(places.map(([channel]) => channel));
    this.places = places;
    this.found = channels.filter((_, i) => moved.has(i));
    this.missing = channels.filter((_, i) => !moved.has(i));
    const bone = head_bone === undefined || typeof head_bone === 'string' ? boneOf(root, head_bone) : head_bone;
    this.head = bone === null ? null : new Head(root, bone);
  }

  /** Shows a frame; null, and what a frame lacks, leave the face as it is. */
  show(frame: Frame | null): void {
    if (frame === null) return;
    for (const [channel, {influences, index}] of this.places) influences[index] = frame.weights[channel]!;
    if (frame.head_pose) this.head?.turn(frame.head_pose);
  }
}

/** The index of the channel that a target's name stands for; -1 for none. Prefixes of programs and meshes do not matter,
 * nor does the way the side is written: eyeBlinkLeft, EyeBlink_L, blendShape1.eye_blink_left. */
export function channelOf(name: string, channels: readonly string[]): number {
  const sided = name.replace(/[_.\- ]?(?:(L)|(R))$/, (_all, left) => (left ? 'Left' : 'Right'));
  let best = -1;
  for (const plain of [spelt(name), spelt(sided)]) {
    channels.forEach((channel, i) => {
      const longer = best < 0 || channel.length > channels[best]!.length;
      if (longer && plain.endsWith(channel.toLowerCase())) best = i;
    });
  }
  return best;
}

function spelt(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** One name for each channel of a mesh: the shortest. */
function bestNames(names: readonly string[], channels: readonly string[]): Map<number, string> {
  const best = new Map<number, string>();
  for (const name of names) {
    const channel = channelOf(name, channels),
      known = best.get(channel);
    if (channel >= 0 && (known === undefined || name.length < known.length)) best.set(channel, name);
  }
  return best;
}

function nothingFound(names: readonly string[]): string {
  if (names.length === 0) return 'the character has no morph targets: export it with its shape keys';
  const some = names.slice(0, 8).join(', ') + (names.length > 8 ? ', ...' : '');
  return `no morph target has an ARKit name such as jawOpen: the character has ${some}; \`diffusiontalker head inspect\` helps`;
}

function boneOf(root: Object3D, name: string | undefined): Object3D | null {
  const bones: Object3D[] = [];
  root.traverse((object) => {
    if (name === undefined ? (object as Bone).isBone : object.name === name) bones.push(object);
  });
  if (name === undefined) {
    return bones.find((b) => /head$/i.test(b.name)) ?? bones.find((b) => /neck$/i.test(b.name)) ?? null;
  }
  if (!bones[0])
    throw new InputError(`the character has no node "${name}": name its head bone, or leave head_bone away`);
  return bones[0];
}

/** A bone that turns about the axes of the whole character, whichever way its own lie. */
class Head {
  private readonly rest: Quaternion; // of the bone
  private readonly above: Quaternion; // of what it hangs on, within the character
  private readonly back: Quaternion;

  constructor(
    root: Object3D,
    private readonly bone: Object3D,
  ) {
    this.rest = bone.quaternion.clone();
    this.above = this.rest.clone().identity();
    for (let node = bone.parent; node && node !== root; node = node.parent) this.above.premultiply(node.quaternion);
    this.back = this.above.clone().invert();
  }

  /** R_y(yaw) R_x(pitch) R_z(roll). */
  turn(pose: Float32Array): void {
    const [y, x, z] = [pose[0]! / 2, pose[1]! / 2, pose[2]! / 2];
    const [cy, sy, cx, sx, cz, sz] = [Math.cos(y), Math.sin(y), Math.cos(x), Math.sin(x), Math.cos(z), Math.sin(z)];
    const {quaternion} = this.bone;
    quaternion.set(
      cy * sx * cz + sy * cx * sz,
      sy * cx * cz - cy * sx * sz,
      cy * cx * sz - sy * sx * cz,
      cy * cx * cz + sy * sx * sz,
    );
    quaternion.premultiply(this.back).multiply(this.above).multiply(this.rest);
  }
}
