// A scene of three.js with a light and a camera that looks at a face.
import * as THREE from "three";

export function scene(canvas) {
  const renderer = new THREE.WebGLRenderer({canvas, antialias: true, preserveDrawingBuffer: true}), made = new THREE.Scene();
  const camera = new THREE.PerspectiveCamera(20, 1, 0.01, 100), light = new THREE.DirectionalLight(0xffffff, 2);
  light.position.set(1, 2, 3);
  made.add(new THREE.HemisphereLight(0xffffff, 0x998877, 2), light);
  renderer.setAnimationLoop(() => {
    const {clientWidth: w, clientHeight: h} = canvas;
    if (canvas.width !== w || canvas.height !== h) { renderer.setSize(w, h, false); camera.aspect = w / h; camera.updateProjectionMatrix(); }
    renderer.render(made, camera);
  });
  // Looks at what the targets of an object move.
  const lookAt = root => {
    const box = new THREE.Box3(), v = new THREE.Vector3();
    root.updateMatrixWorld(true);
    root.traverse(mesh => {
      for (const target of mesh.geometry?.morphAttributes.position || []) {
        for (let i = 0; i < target.count; i += 7) if (Math.hypot(target.getX(i), target.getY(i), target.getZ(i)) > 1e-4) box.expandByPoint(mesh.getVertexPosition(i, v).applyMatrix4(mesh.matrixWorld));
      }
    });
    if (box.isEmpty()) box.setFromObject(root);
    const middle = box.getCenter(new THREE.Vector3()), size = box.getSize(new THREE.Vector3());
    camera.position.copy(middle).add(new THREE.Vector3(0, 0, 1.6 * Math.max(size.x, size.y) / 2 / Math.tan(Math.PI / 18)));
    camera.lookAt(middle);
  };
  return {scene: made, lookAt};
}
