import {ArcRotateCamera} from "@babylonjs/core/Cameras/arcRotateCamera.js";
import {Engine} from "@babylonjs/core/Engines/engine.js";
import {HemisphericLight} from "@babylonjs/core/Lights/hemisphericLight.js";
import {LoadAssetContainerAsync} from "@babylonjs/core/Loading/sceneLoader.js";
import {Vector3} from "@babylonjs/core/Maths/math.vector.js";
import {Scene} from "@babylonjs/core/scene.js";
import "@babylonjs/loaders/glTF/2.0/index.js";
import {babylonFace} from "../dist/index.js";
import {talk} from "./talk.js";

const canvas = document.querySelector("canvas"), engine = new Engine(canvas, true, {preserveDrawingBuffer: true}), scene = new Scene(engine);
const camera = new ArcRotateCamera("camera", -Math.PI / 2, Math.PI / 2, 1, Vector3.Zero(), scene);
camera.fov = 0.35;
camera.minZ = 0.01;
camera.attachControl(canvas, true);
new HemisphericLight("light", new Vector3(0.3, 1, -0.6), scene);
engine.runRenderLoop(() => { engine.resize(); scene.render(); });
let shown = null;

talk(async address => {
  const container = await LoadAssetContainerAsync(address, scene, {pluginExtension: ".glb"});
  shown?.dispose();
  (shown = container).addAllToScene();
  for (const group of container.animationGroups) group.stop();
  const meshes = container.meshes.filter(mesh => mesh.morphTargetManager), box = meshes[0]?.getBoundingInfo().boundingBox;
  if (!box) throw new Error("The character has no targets: its face cannot move.");
  camera.setTarget(box.centerWorld);
  camera.radius = 5.2 * box.extendSizeWorld.y;
  return channels => babylonFace(meshes.map(mesh => mesh.morphTargetManager), channels);
});
