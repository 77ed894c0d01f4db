// Faces in a browser: frames of `diffusiontalker serve` at the moment of their sound. docs/client.md explains it.

export {FaceClient, ServerError} from "./connection.js";
export {FaceTrack, readFrames} from "./track.js";
export {ContextClock, MediaClock, SoundQueue} from "./clocks.js";
export {FacePlayer} from "./player.js";
export {Mapping, babylonFace, morphFace, namesOf, vrmFace} from "./mapping.js";
export {Mixture, VRM_POSES} from "./mixture.js";
