// Which weight moves which target of a character.

import {Mixture, VRM_POSES} from "./mixture.js";

// A mapping: target -> channel, or target -> {channel: share}. Sums stay between 0 and 1.
export class Mapping {
  // channels: names of the values of a frame.   targets: such a mapping; names that no channel has are refused.
  constructor(channels, targets) {
    this.targets = Object.keys(targets);
    this.terms = this.targets.map(target => {
      const source = typeof targets[target] === "string" ? {[targets[target]]: 1} : targets[target];
      return Object.entries(source).map(([channel, share]) => {
        const at = channels.indexOf(channel);
        if (at < 0) throw new Error(`the target ${target} asks for the channel ${channel}, which the server does not send`);
        return [at, share];
      });
    });
  }

  // Weight of a target, by its place in `targets`.
  weight(k, values) {
    const terms = this.terms[k];
    if (terms.length === 1) return values[terms[0][0]] * terms[0][1];
    return Math.max(0, Math.min(1, terms.reduce((sum, [at, share]) => sum + values[at] * share, 0)));
  }
}

// The mapping of targets that have ARKit's names, in any spelling: jawOpen, JawOpen, jaw_open, Face.M_JawOpen,
// browDown_L, eyeBlink-left. Targets with other names are left out.
export function namesOf(targets, channels) {
  const known = new Map(channels.filter(c => !c.startsWith("head")).map(c => [plain(c), c])), found = {};
  for (const target of targets) {
    const name = plain(target), spellings = [name, name.replace(/l$/, "left"), name.replace(/r$/, "right")];
    const whole = spellings.find(s => known.has(s)), ends = [...known.keys()].filter(k => spellings.some(s => s.endsWith(k)));
    const best = whole || ends.sort((a, b) => b.length - a.length)[0];
    if (best) found[target] = known.get(best);
  }
  return found;
}

const plain = name => String(name).toLowerCase().replace(/[^a-z]/g, "");

// three.js: drives the targets of a mesh or of all meshes below an object.   mapping: as for Mapping; without one the names
// decide. Returns a function of a frame's values; `n` of it is the number of targets that move.
export function morphFace(root, channels, mapping) {
  const drives = [];
  const add = mesh => {
    const names = mesh.morphTargetDictionary;
    if (!names || !mesh.morphTargetInfluences) return;
    const found = mapping ? pick(mapping, Object.keys(names)) : namesOf(Object.keys(names), channels);
    const made = new Mapping(channels, found);
    made.targets.forEach((target, k) => drives.push(values => { mesh.morphTargetInfluences[names[target]] = made.weight(k, values); }));
  };
  if (root.traverse) root.traverse(add);
  else add(root);
  return together(drives);
}

// Babylon.js: the same for a MorphTargetManager, or a list of them.
export function babylonFace(managers, channels, mapping) {
  const drives = [];
  for (const manager of [managers].flat()) {
    const targets = Array.from({length: manager.numTargets}, (_, i) => manager.getTarget(i)), names = targets.map(t => t.name);
    const made = new Mapping(channels, mapping ? pick(mapping, names) : namesOf(names, channels));
    made.targets.forEach((name, k) => drives.push(values => { targets[names.indexOf(name)].influence = made.weight(k, values); }));
  }
  return together(drives);
}

// VRM: expressions with ARKit's names where the avatar has them (Perfect Sync), else its five vowels and blinks.
// expressions: `vrm.expressionManager` of @pixiv/three-vrm.
export function vrmFace(expressions, channels) {
  const names = Object.keys(expressions.expressionMap || {}), found = namesOf(names, channels);
  if (Object.keys(found).length > 20) {
    const made = new Mapping(channels, found);
    return together(made.targets.map((name, k) => values => expressions.setValue(name, made.weight(k, values))));
  }
  const vowels = Mixture.ofPoses(channels, VRM_POSES), left = channels.indexOf("eyeBlinkLeft"), right = channels.indexOf("eyeBlinkRight");
  const show = values => {
    vowels.of(values).forEach((share, k) => expressions.setValue(vowels.names[k], share));
    expressions.setValue("blinkLeft", values[left]);
    expressions.setValue("blinkRight", values[right]);
  };
  show.n = vowels.names.length + 2;
  return show;
}

const pick = (mapping, names) => Object.fromEntries(Object.entries(mapping).filter(([target]) => names.includes(target)));

function together(drives) {
  const show = values => { for (const drive of drives) drive(values); };
  show.n = drives.length;
  return show;
}
