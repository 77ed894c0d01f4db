// The faces that are shown: one for each take, side by side. `Viewer` is that of the pages (assets/page/viewer.js).

import {Rig} from "./rig.js";

const MOST = 4;  // faces at the same time: each needs the graphics card

/* global Viewer */

export class Stage {
  constructor(place) {
    this.place = place;
    this.head = null;
    this.wanted = [null];
    this.views = [];  // {take, figure, viewer, rig, values, label}
  }

  // head: of readHead(). All views are made again.
  setHead(head) {
    this.clear();
    this.head = head;
    this.show(this.wanted);
  }

  clear() {
    this.views.forEach(view => this.away(view));
    this.views = [];
  }

  away({viewer, figure}) {
    viewer.gl.getExtension("WEBGL_lose_context")?.loseContext();  // browsers keep few of them
    figure.remove();
  }

  // takes: that are shown, or [null] for a face at rest.
  show(takes) {
    const wanted = this.wanted = takes.slice(0, MOST);
    if (!this.head) return;
    while (this.views.length > wanted.length) this.away(this.views.pop());
    while (this.views.length < wanted.length) this.views.push(this.made());
    this.views.forEach((view, i) => {
      const take = wanted[i];
      view.take = take;
      view.rig = new Rig(this.head.rig, take ? take.channels : []);
      view.values = new Float32Array(take ? take.channels.length : 0);
      view.label.textContent = wanted.length > 1 && take ? `${take.name} (${take.summary()})` : "";
      view.label.hidden = !view.label.textContent;
    });
  }

  made() {
    const figure = document.createElement("figure"), canvas = document.createElement("canvas"), label = document.createElement("figcaption");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "The face");
    figure.append(canvas, label);
    this.place.append(figure);
    return {figure, label, viewer: new Viewer(canvas, this.head.figure, this.head.array, this.head.pictures)};
  }

  // Draws the moment. pose: take -> Float32Array of its values, filled in `out`.
  draw(pose) {
    for (const view of this.views) {
      const {weights, moves} = view.rig.pose(view.take ? pose(view.take, view.values) : view.values);
      view.viewer.pose(weights, moves);
    }
  }

  reset() {
    for (const {viewer} of this.views) { viewer.reset(); viewer.draw(); }
  }
}
