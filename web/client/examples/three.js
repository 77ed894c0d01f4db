import {GLTFLoader} from "three/addons/loaders/GLTFLoader.js";
import {morphFace} from "../dist/index.js";
import {scene} from "./scene.js";
import {talk} from "./talk.js";

const {scene: place, lookAt} = scene(document.querySelector("canvas"));
let shown = null;

talk(async address => {
  const {scene: root} = await new GLTFLoader().loadAsync(address);
  if (shown) place.remove(shown);
  place.add(shown = root);
  lookAt(root);
  return channels => morphFace(root, channels);
});
