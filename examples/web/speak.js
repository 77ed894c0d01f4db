// Shows a character that `diffusiontalker animate --head` made, in three.js.
import * as THREE from 'three';
import {DRACOLoader} from 'three/addons/loaders/DRACOLoader.js';
import {GLTFLoader} from 'three/addons/loaders/GLTFLoader.js';
import {KTX2Loader} from 'three/addons/loaders/KTX2Loader.js';
import {MeshoptDecoder} from 'three/addons/libs/meshopt_decoder.module.js';
import {VRMLoaderPlugin} from '@pixiv/three-vrm';

const LIBS = '/node_modules/three/examples/jsm/libs/';

// Loads a file (.glb, .vrm) for a renderer. Returns {gltf, clip, vrm, camera, at}; at(seconds) draws a moment of the last
// animation, which is the speech. back: the character looks along -z, as those of VRM 0 do.
export async function show(renderer, url, back = false) {
  const loader = new GLTFLoader().setMeshoptDecoder(MeshoptDecoder);
  loader.setKTX2Loader(new KTX2Loader().setTranscoderPath(`${LIBS}basis/`).detectSupport(renderer));
  loader.setDRACOLoader(new DRACOLoader().setDecoderPath(`${LIBS}draco/gltf/`));
  loader.register((parser) => new VRMLoaderPlugin(parser));
  const gltf = await loader.loadAsync(url);
  const vrm = gltf.userData.vrm;

  const scene = new THREE.Scene();
  scene.background = new THREE.Color(0x8899aa);
  const light = new THREE.DirectionalLight(0xffffff, 2);
  light.position.set(1, 2, back ? -3 : 3);
  scene.add(new THREE.HemisphereLight(0xffffff, 0x998877, 2), light, gltf.scene);

  const mixer = new THREE.AnimationMixer(gltf.scene);
  const clip = gltf.animations.at(-1);
  mixer.clipAction(clip).play();
  const camera = new THREE.PerspectiveCamera(20, 1, 0.01, 1000);
  let last = 0;

  const at = (seconds) => {
    mixer.setTime(seconds);
    // In the place of vrm.update(), which puts bones and expressions back.
    vrm?.nodeConstraintManager?.update();
    vrm?.springBoneManager?.update(Math.min(Math.max(seconds - last, 0), 0.1));
    last = seconds;
    scene.updateMatrixWorld(true);
    renderer.render(scene, camera);
  };
  at(0);
  lookAt(camera, faceBox(gltf.scene), back);
  return {gltf, clip, vrm, camera, at};
}

// What targets move; without targets, what is above the head bone and a little below.
function faceBox(root) {
  const box = new THREE.Box3(), v = new THREE.Vector3();
  const expand = (mesh, i) => box.expandByPoint(mesh.getVertexPosition(i, v).applyMatrix4(mesh.matrixWorld));
  root.traverse((mesh) => {
    for (const a of (mesh.isMesh && mesh.geometry.morphAttributes.position) || [])
      for (let i = 0; i < a.count; i += 1)
        if (Math.hypot(a.getX(i), a.getY(i), a.getZ(i)) > 1e-4) expand(mesh, i);
  });
  if (!box.isEmpty()) return box;
  let head = null;
  root.traverse((o) => { if (!head && o.isBone && /head$/i.test(o.name)) head = o; });
  if (!head) return box.setFromObject(root);
  const bottom = head.getWorldPosition(new THREE.Vector3()).y;
  root.traverse((mesh) => {
    for (let i = 0; mesh.isMesh && i < mesh.geometry.attributes.position.count; i += 1)
      if (mesh.getVertexPosition(i, v).applyMatrix4(mesh.matrixWorld).y > bottom) expand(mesh, i);
  });
  box.min.y -= 0.5 * (box.max.y - box.min.y); // a head bone may begin as high as the mouth
  return box;
}

function lookAt(camera, box, back) {
  const center = box.getCenter(new THREE.Vector3()), size = box.getSize(new THREE.Vector3());
  const height = Math.max(size.x, size.y) * 1.3;
  camera.near = height * 0.05;
  camera.far = height * 100;
  camera.position.copy(center).add(new THREE.Vector3(0, 0, ((back ? -1 : 1) * height) / 2 / Math.tan(Math.PI / 18)));
  camera.lookAt(center);
  camera.updateProjectionMatrix();
}
