// The mixture of mouth shapes that looks most like a face: least squares with shares that are not negative and add up to 1
// at most, by accelerated projected gradients (Beck and Teboulle 2009), as diffusiontalker.ownhead.least_squares has it.

const SWEEPS = 200, SMALLEST_CHANGE = 1e-4;

// The vowels of VRM in ARKit weights; a name without its side stands for both (assets/viseme_poses.json).
export const VRM_POSES = {
  aa: {jawOpen: 0.4},
  ih: {jawOpen: 0.17, mouthLowerDown: 0.2, mouthUpperUp: 0.12, mouthStretch: 0.2},
  ou: {jawOpen: 0.12, mouthFunnel: 0.1, mouthPucker: 0.6},
  ee: {jawOpen: 0.28, mouthLowerDown: 0.08, mouthStretch: 0.08},
  oh: {jawOpen: 0.24, mouthFunnel: 0.15, mouthPucker: 0.35},
};

export class Mixture {
  // names: of the K shapes.   gram: K rows of K.   products: a row of K for each channel of a face.
  constructor({names, gram, products}) {
    this.names = names;
    this.gram = gram;
    this.products = products;
    this.step = 1 / Math.max(1e-12, largestEigenvalue(gram));
    this.shares = new Float64Array(names.length);
  }

  // Of poses that share few channels: the channels of all poses are compared, the jaw by how far it parts the lips.
  static ofPoses(channels, poses) {
    const names = Object.keys(poses), used = [...new Set(names.flatMap(name => Object.keys(poses[name])))];
    const columns = used.map(name => channels.flatMap((c, i) => c === name || c === `${name}Left` || c === `${name}Right` ? [i] : []));
    const row = values => used.map((name, k) => columns[k].reduce((sum, i) => sum + values[i], 0) / Math.max(1, columns[k].length));
    const basis = names.map(name => used.map(channel => (channel === "jawOpen" ? 2 : 1) * (poses[name][channel] || 0)));
    const dot = (a, b) => a.reduce((sum, v, k) => sum + v * b[k], 0), jaw = used.indexOf("jawOpen"), close = channels.indexOf("mouthClose");
    const made = new Mixture({names, gram: basis.map((a, i) => basis.map((b, j) => dot(a, b) + (i === j ? 1e-3 : 0))), products: []});
    made.wanted = values => {
      const seen = row(values);
      if (jaw >= 0) seen[jaw] = 2 * Math.max(0, seen[jaw] - (close < 0 ? 0 : values[close]));
      return basis.map(b => dot(b, seen));
    };
    return made;
  }

  wanted(values) {
    const sums = new Float64Array(this.names.length);
    for (let i = 0; i < this.products.length; i++) if (values[i]) for (let k = 0; k < sums.length; k++) sums[k] += values[i] * this.products[i][k];
    return sums;
  }

  // Shares 0..1 of the shapes in a face, by their order.   values: weights of the channels.
  of(values) {
    const products = this.wanted(values), n = this.names.length;
    let weights = this.shares, ahead = weights, momentum = 1;  // the last face is near
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      const next = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        let slope = -products[i];
        for (let k = 0; k < n; k++) slope += this.gram[i][k] * ahead[k];
        next[i] = ahead[i] - this.step * slope;
      }
      bound(next);
      const grown = (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
      let change = 0;
      ahead = next.map((v, i) => { change = Math.max(change, Math.abs(v - weights[i])); return v + (momentum - 1) / grown * (v - weights[i]); });
      weights = next;
      momentum = grown;
      if (change < SMALLEST_CHANGE) break;
    }
    return this.shares = weights;
  }
}

// The nearest point that is not negative and adds up to 1 at most (Duchi et al. 2008), in place.
function bound(x) {
  const sum = x.reduce((total, v) => total + Math.max(0, v), 0);
  let excess = 0;
  if (sum > 1) {
    const falling = Array.from(x, v => Math.max(0, v)).sort((a, b) => b - a);
    let total = 0;
    for (let k = 0; k < falling.length; k++) {
      total += falling[k];
      if (falling[k] > (total - 1) / (k + 1)) excess = (total - 1) / (k + 1);
    }
  }
  for (let k = 0; k < x.length; k++) x[k] = Math.max(0, x[k] - excess);
}

function largestEigenvalue(gram) {
  let vector = gram.map(() => 1), size = 0;
  for (let round = 0; round < 50; round++) {
    const next = gram.map(row => row.reduce((sum, v, k) => sum + v * vector[k], 0));
    size = Math.hypot(...next);
    if (!size) return 0;
    vector = next.map(v => v / size);
  }
  return 1.01 * size;
}
