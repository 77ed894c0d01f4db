// The picture: a head or character in three.js, framed on its face.
import * as THREE from 'three';
import {GLTFLoader} from 'three/addons/loaders/GLTFLoader.js';
import {type Frame, InputError} from 'diffusiontalker';
import {MorphFace} from 'diffusiontalker/three';

export class Picture {
  private readonly renderer: THREE.WebGLRenderer;
  private readonly scene = new THREE.Scene();
  private readonly camera = new THREE.PerspectiveCamera(20, 1, 0.01, 1000);
  private character: THREE.Object3D | undefined;
  private face: MorphFace | undefined;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly channels: readonly string[],
  ) {
    this.renderer = new THREE.WebGLRenderer({canvas, antialias: true, alpha: true});
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    const light = new THREE.DirectionalLight(0xffffff, 2.2);
    light.position.set(1, 2, 3);
    this.scene.add(new THREE.HemisphereLight(0xffffff, 0x8a8078, 1.8), light);
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
  }

  /** Shows a character in place of the one before. Resolves to the channels that it has no target for.
   * Raises InputError for a file that is no character. */
  async show(glb: ArrayBuffer): Promise<readonly string[]> {
    let root: THREE.Object3D;
    try {
      root = (await new GLTFLoader().parseAsync(glb, '')).scene;
    } catch (e) {
      throw new InputError(`this file is no character that can be read (${(e as Error).message}): export it as .glb`);
    }
    const face = new MorphFace(root, this.channels);
    root.traverse((o) => (o.frustumCulled = false)); // boxes of the rest pose do not hold what moves
    if (this.character) this.scene.remove(this.character);
    this.scene.add(root);
    this.character = root;
    this.face = face;
    this.look(root);
    return face.missing;
  }

  /** Draws; null leaves the face as it is. */
  draw(frame: Frame | null): void {
    this.face?.show(frame);
    this.renderer.render(this.scene, this.camera);
  }

  /** Looks at what the targets move, which is the face. */
  private look(root: THREE.Object3D): void {
    root.updateMatrixWorld(true);
    const box = new THREE.Box3(),
      v = new THREE.Vector3();
    root.traverse((object) => {
      const mesh = object as THREE.Mesh;
      for (const target of mesh.geometry?.morphAttributes['position'] ?? []) {
        for (let i = 0; i < target.count; i += 1) {
          const moved = Math.hypot(target.getX(i), target.getY(i), target.getZ(i)) > 1e-4;
          if (moved) box.expandByPoint(mesh.getVertexPosition(i, v).applyMatrix4(mesh.matrixWorld));
        }
      }
    });
    if (box.isEmpty()) box.setFromObject(root);
    const center = box.getCenter(new THREE.Vector3()),
      size = box.getSize(new THREE.Vector3());
    const height = Math.max(size.x, size.y) * 1.5;
    this.camera.near = height * 0.05;
    this.camera.far = height * 100;
    this.camera.position.copy(center).add(new THREE.Vector3(0, 0, height / 2 / Math.tan(Math.PI / 18)));
    this.camera.lookAt(center);
    this.camera.updateProjectionMatrix();
  }

  private resize(): void {
    const {clientWidth: width, clientHeight: height} = this.canvas;
    if (width === 0 || height === 0) return;
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
  }
}
