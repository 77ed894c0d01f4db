import {GLTFLoader} from "three/addons/loaders/GLTFLoader.js";
import {VRMLoaderPlugin, VRMUtils} from "@pixiv/three-vrm";
import {vrmFace} from "../dist/index.js";
import {scene} from "./scene.js";
import {talk} from "./talk.js";

const {scene: place, lookAt} = scene(document.querySelector("canvas"));
let shown = null;

talk(async address => {
  const loader = new GLTFLoader();
  loader.register(parser => new VRMLoaderPlugin(parser));
  const {userData: {vrm}} = await loader.loadAsync(address);
  if (!vrm) throw new Error("The file is no VRM: three.html shows a plain .glb.");
  VRMUtils.rotateVRM0(vrm);
  if (shown) place.remove(shown);
  place.add(shown = vrm.scene);
  lookAt(vrm.scene);
  return channels => {
    const face = vrmFace(vrm.expressionManager, channels);
    return Object.assign(values => { face(values); vrm.expressionManager.update(); }, {n: face.n});
  };
});
