/** DiffusionTalker in a browser: speech in, ARKit blendshapes out. docs/guides/browser.md shows how. */
export {Animation} from './animation.js';
export {capture, type Capture, type CaptureOptions} from './capture.js';
export * from './errors.js';
export {Player, type PlayerOptions} from './player.js';
export {Stream} from './stream.js';
export {load, type LoadOptions, Talker} from './talker.js';
export type {AnimateOptions, Dials, Emotion, Frame, Profile, Samples, StreamOptions, StyleOptions} from './types.js';
