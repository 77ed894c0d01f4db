// Draws one character with WebGL 2. Its targets and bones move the vertices here; the GPU draws them.

const VERTEX = `#version 300 es
in vec3 place, normal; in vec2 uv; in vec4 tint;
uniform mat4 view, projection;
out vec3 n, off_eye; out vec2 at; out vec4 paint;
void main() {
  n = mat3(view) * normal;
  at = uv;
  paint = tint;
  vec4 seen = view * vec4(place, 1.0);
  off_eye = seen.xyz;
  gl_Position = projection * seen;
}`;

// The light of the package's own pictures (csrc/raster/raster_shade.cpp): a key light that wraps around, redder than
// blue, a fill light, and light from above and below. Directions are in camera axes.
const FRAGMENT = `#version 300 es
precision highp float;
in vec3 n, off_eye; in vec2 at; in vec4 paint;
uniform vec4 color; uniform float gloss, cutoff; uniform sampler2D picture;
out vec4 pixel;
const vec3 KEY = normalize(vec3(-0.45, 0.62, 0.65)), FILL = normalize(vec3(0.75, 0.15, 0.60));
float wrap(float c, float w) { return max(0.0, (c + w) / (1.0 + w)); }
vec3 linear(vec3 c) { return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c)); }
vec3 shown(vec3 c) { return mix(c * 12.92, 1.055 * pow(max(c, 1e-9), vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c)); }
void main() {
  vec4 seen = texture(picture, at);
  vec4 base = vec4(linear(seen.rgb), seen.a) * color * paint;
  if (base.a < cutoff) discard;
  vec3 m = normalize(n);
  float wet = gloss, inside = 1.0;
  float away = dot(m, normalize(off_eye));
  if (!gl_FrontFacing && away > 0.05) {  // not on an outline, where both sides meet
    m = -m;
    wet = 0.0;
    inside = mix(1.0, 0.35, smoothstep(0.05, 0.4, away));
  }
  vec3 albedo = shown(clamp(base.rgb, 0.0, 1.0));
  albedo *= albedo;
  float k = dot(m, KEY), up = 0.5 + 0.5 * m.y;
  vec3 light = vec3(wrap(k, 0.42), wrap(k, 0.25), wrap(k, 0.20)) * vec3(1.0, 0.965, 0.91);
  light += vec3(0.86, 0.93, 1.0) * (0.35 * wrap(dot(m, FILL), 0.5));
  light += 0.3 * mix(vec3(0.62, 0.54, 0.50), vec3(0.95, 0.98, 1.0), up);
  float s = max(0.0, dot(m, normalize(KEY + vec3(0.0, 0.0, 1.0))));
  float spot = wet * ((1.0 - wet) * 0.35 * pow(s, 12.0) + wet * 1.5 * pow(s, 96.0));
  pixel = vec4(sqrt((light * albedo + spot) * inside), 1.0);
}`;

const ATTRIBUTES = ["place", "normal", "uv", "tint"];

class Viewer {
  // figure: of the document.   array: gives a typed array of it.   pictures: ImageBitmaps.
  constructor(canvas, figure, array, pictures) {
    this.canvas = canvas;
    this.figure = figure;
    const gl = canvas.getContext("webgl2", {antialias: true, preserveDrawingBuffer: true});
    if (!gl) throw new Error("this browser does not offer WebGL 2");
    this.gl = gl;
    this.program = this.compile();
    this.uniform = name => gl.getUniformLocation(this.program, name);
    this.blank = this.texture(new Uint8Array([255, 255, 255, 255]));
    this.pictures = pictures.map(p => this.texture(p));
    this.parts = figure.parts.map(part => this.part(part, array));
    this.reset();
    this.listen();
  }

  compile() {
    const gl = this.gl, program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
      gl.attachShader(program, shader);
    }
    ATTRIBUTES.forEach((name, i) => gl.bindAttribLocation(program, i, name));
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
    return program;
  }

  texture(image) {
    const gl = this.gl, made = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, made);
    if (image instanceof Uint8Array) gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, image);
    else gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    return made;
  }

  part(part, array) {
    const gl = this.gl, rest = array(part.positions), n = rest.length / 3;
    const made = {
      ...part, rest, places: rest.slice(), normals: new Float32Array(rest.length), faces: array(part.triangles),
      group: array(part.group), moved: array(part.moved), deltas: array(part.deltas), carried: array(part.carried),
      mover: array(part.mover), share: array(part.share), vertices: gl.createVertexArray(),
      buffers: {}, still: null,
    };
    gl.bindVertexArray(made.vertices);
    const fill = (name, data, size) => {
      const i = ATTRIBUTES.indexOf(name);
      made.buffers[name] = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, made.buffers[name]);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
      gl.enableVertexAttribArray(i);
      gl.vertexAttribPointer(i, size, gl.FLOAT, false, 0, 0);
    };
    fill("place", made.places, 3);
    fill("normal", made.normals, 3);
    fill("uv", part.uv ? array(part.uv) : new Float32Array(2 * n), 2);
    fill("tint", part.tint ? array(part.tint) : new Float32Array(4 * n).fill(1), 4);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, made.faces, gl.STATIC_DRAW);
    gl.bindVertexArray(null);
    return made;
  }

  // weights: node -> weights of its targets.   moves: 3 x 4 numbers of each bone.
  pose(weights, moves) {
    const gl = this.gl;
    for (const part of this.parts) {
      const now = weights[part.node] || this.figure.rest[part.node] || [];
      const key = (part.ends.length ? Array.from(now).join() : "") + (part.carried.length ? `|${Array.from(moves).join()}` : "");
      if (key === part.still) continue;
      part.still = key;
      part.places.set(part.rest);
      this.mix(part, now);
      this.carry(part, moves);
      this.shade(part);
      for (const [name, data] of [["place", part.places], ["normal", part.normals]]) {
        gl.bindBuffer(gl.ARRAY_BUFFER, part.buffers[name]);
        gl.bufferSubData(gl.ARRAY_BUFFER, 0, data);
      }
    }
    this.draw();
  }

  // Adds the targets.
  mix(part, now) {
    for (let t = 0, begin = 0; t < part.ends.length; begin = part.ends[t++]) {
      const w = now[t] || 0;
      if (!w) continue;
      for (let k = begin; k < part.ends[t]; k++) {
        const at = 3 * part.moved[k];
        for (let c = 0; c < 3; c++) part.places[at + c] += w * part.deltas[3 * k + c];
      }
    }
  }

  // Moves what bones take along. A vertex comes once for each of its bones, one behind the other.
  carry(part, moves) {
    const p = part.places;
    for (let i = 0; i < part.carried.length;) {
      const at = 3 * part.carried[i], x = p[at], y = p[at + 1], z = p[at + 2], old = [x, y, z];
      for (; i < part.carried.length && 3 * part.carried[i] === at; i++) {
        const m = 12 * part.mover[i], w = part.share[i];
        for (let c = 0; c < 3; c++) {
          const k = m + 4 * c;
          p[at + c] += w * (moves[k] * x + moves[k + 1] * y + moves[k + 2] * z + moves[k + 3] - old[c]);
        }
      }
    }
  }

  // Normals: of the triangles around each place, weighted by their size.
  shade(part) {
    const {places: p, normals: n, faces, group} = part;
    n.fill(0);
    for (let i = 0; i < faces.length; i += 3) {
      const a = 3 * faces[i], b = 3 * faces[i + 1], c = 3 * faces[i + 2];
      const ux = p[b] - p[a], uy = p[b + 1] - p[a + 1], uz = p[b + 2] - p[a + 2];
      const vx = p[c] - p[a], vy = p[c + 1] - p[a + 1], vz = p[c + 2] - p[a + 2];
      const x = uy * vz - uz * vy, y = uz * vx - ux * vz, z = ux * vy - uy * vx;
      for (let k = 0; k < 3; k++) {
        const g = 3 * group[faces[i + k]];
        n[g] += x; n[g + 1] += y; n[g + 2] += z;
      }
    }
    for (let i = 0; i < group.length; i++) {
      const g = 3 * group[i], long = Math.hypot(n[g], n[g + 1], n[g + 2]) || 1;
      if (g === 3 * i) for (let c = 0; c < 3; c++) n[g + c] /= long;
    }
    for (let i = 0; i < group.length; i++) for (let c = 0; c < 3; c++) n[3 * i + c] = n[3 * group[i] + c];
  }

  reset() {
    this.yaw = 0; this.lift = 0; this.zoom = 1;
  }

  // The camera goes around the middle of the picture.
  camera() {
    const f = this.figure, sub = (a, b) => a.map((v, i) => v - b[i]), dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    const unit = a => a.map(v => v / Math.hypot(...a));
    const off = sub(f.eye, f.target), up = f.up, right = unit(cross(up, off)), ahead = cross(right, up);
    const far = Math.hypot(...off) / this.zoom, lift = Math.asin(dot(unit(off), up)) + this.lift;
    const cl = Math.cos(Math.max(-1.5, Math.min(1.5, lift))), sl = Math.sin(Math.max(-1.5, Math.min(1.5, lift)));
    const z = [0, 1, 2].map(i => cl * (Math.sin(this.yaw) * right[i] + Math.cos(this.yaw) * ahead[i]) + sl * up[i]);
    const x = unit(cross(up, z)), y = cross(z, x), eye = f.target.map((v, i) => v + far * z[i]);
    const view = [x[0], y[0], z[0], 0, x[1], y[1], z[1], 0, x[2], y[2], z[2], 0, -dot(x, eye), -dot(y, eye), -dot(z, eye), 1];
    const near = far * 0.05, end = far * 40, s = 1 / Math.tan(f.fov_y_deg * Math.PI / 360);
    const wide = this.canvas.width / this.canvas.height, t = Math.min(s, s * wide);  // a narrow picture keeps the face in
    const projection = [t / wide, 0, 0, 0, 0, t, 0, 0, 0, 0, (end + near) / (near - end), -1, 0, 0, 2 * end * near / (near - end), 0];
    return [view, projection];
  }

  draw() {
    const gl = this.gl, dots = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.max(1, Math.round(this.canvas.clientWidth * dots)), height = Math.max(1, Math.round(this.canvas.clientHeight * dots));
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, {width, height});
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.useProgram(this.program);
    const [view, projection] = this.camera();
    gl.uniformMatrix4fv(this.uniform("view"), false, view);
    gl.uniformMatrix4fv(this.uniform("projection"), false, projection);
    for (const part of this.parts) {
      gl.bindTexture(gl.TEXTURE_2D, part.picture === null ? this.blank : this.pictures[part.picture]);
      gl.uniform4fv(this.uniform("color"), part.color);
      gl.uniform1f(this.uniform("gloss"), part.gloss);
      gl.uniform1f(this.uniform("cutoff"), part.cutoff);
      gl.bindVertexArray(part.vertices);
      gl.drawElements(gl.TRIANGLES, part.faces.length, gl.UNSIGNED_INT, 0);
    }
    gl.bindVertexArray(null);
  }

  listen() {
    const down = new Map(), canvas = this.canvas;
    let apart = 0;
    canvas.addEventListener("pointerdown", e => { canvas.setPointerCapture(e.pointerId); down.set(e.pointerId, e); apart = 0; });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, e => down.delete(e.pointerId));
    canvas.addEventListener("pointermove", e => {
      const before = down.get(e.pointerId);
      if (!before) return;
      down.set(e.pointerId, e);
      if (down.size === 1) {
        this.yaw -= (e.clientX - before.clientX) * 0.008;
        this.lift += (e.clientY - before.clientY) * 0.006;
      } else {
        const [a, b] = [...down.values()], now = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
        if (apart) this.nearer(now / apart);
        apart = now;
      }
      this.draw();
    });
    canvas.addEventListener("wheel", e => { e.preventDefault(); this.nearer(Math.exp(-e.deltaY * 0.001)); this.draw(); }, {passive: false});
    canvas.addEventListener("dblclick", () => { this.reset(); this.draw(); });
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  nearer(factor) {
    this.zoom = Math.max(0.2, Math.min(12, this.zoom * factor));
  }
}
