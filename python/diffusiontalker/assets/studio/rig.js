// What weights of channels make of a head: weights of its targets, and moves of its bones (diffusiontalker.studio.head).

import {Mixture} from "./client/index.js";

const DEGREE = Math.PI / 180;

// Of the answer of api/head: {figure, array, pictures (ImageBitmaps), rig, report}.
export async function readHead(buffer) {
  const size = new DataView(buffer).getUint32(0, true), begin = 4 + size;
  const document_ = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const kinds = {f4: Float32Array, u4: Uint32Array};
  const array = ([kind, at, n]) => new kinds[kind](buffer, begin + at, n);
  const picture = ({kind, begin: at, size: n}) =>
    createImageBitmap(new Blob([new Uint8Array(buffer, begin + at, n)], {type: kind}), {premultiplyAlpha: "none", colorSpaceConversion: "none"});
  return {...document_, array, pictures: await Promise.all(document_.pictures.map(picture))};
}

export class Rig {
  // channels: names of the values of a frame, the head's angles as headYaw, headPitch, headRoll.
  constructor(rig, channels) {
    this.at = Object.fromEntries(channels.map((name, i) => [name, i]));
    this.arkit = rig.arkit.map(name => this.at[name]);
    this.mixtures = rig.visemes.map(system => new Mixture(system));
    this.nodes = Object.entries(rig.nodes).map(([node, entry]) => ({
      node, rest: entry.rest, weights: Float32Array.from(entry.rest), visemes: entry.visemes,
      targets: entry.targets.map(([target, bounded, terms]) => [target, bounded, terms.map(([source, share]) => this.source(source, share, rig, entry))]),
    }));
    this.axes = rig.axes;
    this.movers = rig.movers;
    this.faces = new Float32Array(rig.arkit.length);
  }

  // [kind, index, share]: 0 a channel, 1 a viseme, 2 nothing that is sent.
  source(name, share, rig, entry) {
    const viseme = entry.visemes < 0 ? -1 : rig.visemes[entry.visemes].names.indexOf(name);
    if (viseme >= 0) return [1, viseme, share];
    return name in this.at ? [0, this.at[name], share] : [2, 0, 0];
  }

  // {weights: node -> weights of its targets, moves: 3 x 4 numbers of each bone} for Viewer.pose().
  pose(values) {
    this.arkit.forEach((at, i) => { this.faces[i] = at === undefined ? 0 : values[at]; });
    const shares = this.mixtures.map(mixture => mixture.of(this.faces));
    const weights = {};
    for (const {node, weights: out, targets, visemes} of this.nodes) {
      for (const [target, bounded, terms] of targets) {
        let sum = 0;
        for (const [kind, at, share] of terms) sum += share * (kind === 0 ? values[at] : kind === 1 ? shares[visemes][at] : 0);
        out[target] = bounded ? Math.max(0, Math.min(1, sum)) : sum;
      }
      weights[node] = out;
    }
    return {weights, moves: this.moves(values)};
  }

  moves(values) {
    const made = [];
    for (const mover of this.movers) {
      const own = about(mover.pivot, inScene(this.axes, this.turn(mover, values)));
      made.push(mover.above < 0 ? own : times(made[mover.above], own));
    }
    return Float32Array.from(made.flatMap(m => m.slice(0, 12)));
  }

  // A rotation about the face's axes, 3 x 3.
  turn(mover, values) {
    const raw = name => this.at[name] === undefined ? 0 : values[this.at[name]], w = name => Math.max(0, Math.min(1, raw(name)));
    if (mover.part === "head") return turned(raw("headYaw"), raw("headPitch"), raw("headRoll"));
    if (mover.part === "jaw") {
      const [opening, aside] = mover.angles, open = w("jawOpen") - (mover.closes ? w("mouthClose") : 0);
      return turned(DEGREE * aside * (w("jawLeft") - w("jawRight")), DEGREE * opening * Math.max(0, open), 0);
    }
    const [inwards, outwards, up, down] = mover.angles, left = mover.part === "leftEye", side = left ? "Left" : "Right";
    const yaw = (left ? 1 : -1) * (outwards * w(`eyeLookOut${side}`) - inwards * w(`eyeLookIn${side}`));
    return turned(DEGREE * yaw, DEGREE * (down * w(`eyeLookDown${side}`) - up * w(`eyeLookUp${side}`)), 0);
  }
}

// R_y(yaw) R_x(pitch) R_z(roll), by rows.
function turned(yaw, pitch, roll) {
  const [cy, sy, cx, sx, cz, sz] = [yaw, pitch, roll].flatMap(a => [Math.cos(a), Math.sin(a)]);
  return [
    [cy * cz + sy * sx * sz, -cy * sz + sy * sx * cz, sy * cx],
    [cx * sz, cx * cz, -sx],
    [-sy * cz + cy * sx * sz, sy * sz + cy * sx * cz, cy * cx],
  ];
}

// axes turn axes^T.
function inScene(axes, turn) {
  const product = (a, b) => a.map(row => [0, 1, 2].map(c => row[0] * b[0][c] + row[1] * b[1][c] + row[2] * b[2][c]));
  const flipped = [0, 1, 2].map(r => [0, 1, 2].map(c => axes[c][r]));
  return product(product(axes, turn), flipped);
}

// 4 x 4 by rows: a turn about a place.
function about(pivot, turn) {
  const off = turn.map((row, i) => pivot[i] - (row[0] * pivot[0] + row[1] * pivot[1] + row[2] * pivot[2]));
  return [...turn.flatMap((row, i) => [...row, off[i]]), 0, 0, 0, 1];
}

function times(a, b) {
  return Array.from({length: 16}, (_, k) => {
    const r = k >> 2, c = k & 3;
    return a[4 * r] * b[c] + a[4 * r + 1] * b[4 + c] + a[4 * r + 2] * b[8 + c] + a[4 * r + 3] * b[12 + c];
  });
}
