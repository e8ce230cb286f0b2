// The picture: before and after with a slider between them, moved and zoomed down to its pixels.

import { h, icon, iconButton } from "./dom.js";
import { words } from "./words.js";
import * as api from "./api.js";

const MOST = 16; // screen pixels for one of the photograph
const REST = 350; // ms without a movement, after which its very pixels are asked for
const blank = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

export class Viewer {
  photograph = null;
  scale = 1; // CSS pixels for a pixel of the photograph
  x = 0;
  y = 0;
  split = 0.5;
  comparing = false;
  holding = false;
  wish = null; // what is shown, as facelab was asked for it
  onface = null;
  onplace = null;

  constructor() {
    this.before = h("img", { class: "before", alt: "", draggable: "false", src: blank });
    this.after = h("img", { class: "after", alt: "", draggable: "false", src: blank });
    this.detail = h("img", { class: "detail", alt: "", draggable: "false", src: blank, hidden: true });
    this.world = h("div", { class: "world" }, this.before, this.after, this.detail);
    this.line = h("div", { class: "line", hidden: true, "aria-hidden": "true" }, h("span", {}, icon("compare")));
    this.boxes = h("div", { class: "boxes" });
    this.view = h("div", { class: "view", tabindex: "0", role: "application", "aria-label": words.view }, this.world, this.boxes, this.line);
    this.status = h("span", { class: "status" });
    this.slider = h("input", { type: "range", class: "split", min: "0", max: "100", value: "50", "aria-label": words.slider, oninput: () => this.setSplit(this.slider.value / 100) });
    this.sliderRow = h("div", { class: "split-row", hidden: true }, this.slider);
    this.compareButton = h("button", { type: "button", class: "quiet", "aria-pressed": "false", title: words.compareHint, onclick: () => this.setComparing(!this.comparing) }, icon("compare"), words.compare);
    this.beforeButton = h("button", { type: "button", class: "quiet", title: words.beforeHint, "aria-pressed": "false" }, icon("eye"), words.before);
    this.percent = h("output", { class: "percent", "aria-label": words.zoom.now });
    this.tools = h("div", { class: "tools", role: "toolbar", "aria-label": words.picture },
      this.compareButton, this.beforeButton, this.status, h("span", { class: "spread" }),
      iconButton("minus", words.zoom.out, () => this.zoom(1 / 1.4)), this.percent,
      iconButton("plus", words.zoom.in, () => this.zoom(1.4)),
      iconButton("fit", words.zoom.fit, () => this.fit()),
      h("button", { type: "button", class: "quiet", title: words.zoom.pixels, onclick: () => this.toPixels() }, "1:1"));
    this.element = h("div", { class: "stage" }, this.view, this.sliderRow, this.tools);
    this.listen();
  }

  listen() {
    const { view } = this;
    new ResizeObserver(() => (this.fitted ? this.fit() : this.place())).observe(view);
    view.addEventListener("wheel", (event) => {
      if (!this.photograph) return;
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)), ...this.at(event));
    }, { passive: false });
    view.addEventListener("pointerdown", (event) => this.grab(event));
    view.addEventListener("dblclick", (event) => (this.scale < 1 / devicePixelRatio ? this.toPixels(...this.at(event)) : this.fit()));
    view.addEventListener("keydown", (event) => this.key(event));
    const hold = (now) => () => { this.holding = now; this.beforeButton.setAttribute("aria-pressed", String(now)); this.place(); };
    for (const name of ["pointerdown"]) this.beforeButton.addEventListener(name, hold(true));
    for (const name of ["pointerup", "pointerleave", "blur", "keyup"]) this.beforeButton.addEventListener(name, hold(false));
    this.beforeButton.addEventListener("keydown", (event) => { if (event.key === " " || event.key === "Enter") hold(true)(); });
  }

  at(event) {
    const box = this.view.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  grab(event) {
    if (!this.photograph || event.button !== 0 || event.target.closest("button")) return;
    const [x, y] = this.at(event);
    const dragged = this.comparing && Math.abs(x - this.split * this.view.clientWidth) < 18;
    const from = [this.x - x, this.y - y];
    let far = false;
    this.view.setPointerCapture(event.pointerId);
    const move = (now) => {
      const [nx, ny] = this.at(now);
      far ||= Math.hypot(nx - x, ny - y) > 4;
      if (dragged) this.setSplit(nx / this.view.clientWidth);
      else { this.x = from[0] + nx; this.y = from[1] + ny; this.fitted = false; this.place(); }
    };
    const end = () => {
      this.view.removeEventListener("pointermove", move);
      if (!far && !dragged && this.onplace) this.onplace((x - this.x) / this.scale, (y - this.y) / this.scale);
    };
    this.view.addEventListener("pointermove", move);
    this.view.addEventListener("pointerup", end, { once: true });
    this.view.addEventListener("pointercancel", end, { once: true });
  }

  key(event) {
    if (event.target !== this.view || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = 60;
    const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (event.key in moves) { this.x += moves[event.key][0]; this.y += moves[event.key][1]; this.fitted = false; this.place(); }
    else if (event.key === "+" || event.key === "=") this.zoom(1.25);
    else if (event.key === "-") this.zoom(1 / 1.25);
    else if (event.key === "0") this.fit();
    else if (event.key === "1") this.toPixels();
    else return;
    event.preventDefault();
  }

  // Show another photograph, or none.
  show(photograph) {
    this.photograph = photograph;
    this.wish = null;
    this.after.src = this.before.src = photograph ? api.url.preview(photograph.id) : blank;
    this.forgetDetail();
    if (photograph) {
      this.world.style.width = `${photograph.width}px`;
      this.world.style.height = `${photograph.height}px`;
      this.before.alt = photograph.name;
      this.fit();
    }
  }

  // Show the photograph as it is after what was asked for; null shows it as it was.
  result(blob, wish) {
    const old = this.after.src;
    this.wish = blob ? wish : null;
    this.after.src = blob ? URL.createObjectURL(blob) : this.before.src;
    if (old.startsWith("blob:")) this.after.addEventListener("load", () => URL.revokeObjectURL(old), { once: true });
    this.forgetDetail();
    this.later();
  }

  overlay(address) {
    this.wish = null;
    this.after.src = address;
    this.forgetDetail();
  }

  setComparing(now) {
    this.comparing = now;
    this.compareButton.setAttribute("aria-pressed", String(now));
    this.sliderRow.hidden = !now;
    this.place();
  }

  setSplit(split) {
    this.split = Math.min(1, Math.max(0, split));
    this.slider.value = this.split * 100;
    this.place();
  }

  fit() {
    if (!this.photograph) return;
    const { clientWidth: width, clientHeight: height } = this.view, room = 20;
    this.scale = Math.min((width - room) / this.photograph.width, (height - room) / this.photograph.height, 4);
    this.scale = Math.max(this.scale, 0.005);
    this.x = (width - this.photograph.width * this.scale) / 2;
    this.y = (height - this.photograph.height * this.scale) / 2;
    this.fitted = true;
    this.place();
  }

  toPixels(x, y) { this.zoom(1 / devicePixelRatio / this.scale, x, y); }

  zoom(factor, x = this.view.clientWidth / 2, y = this.view.clientHeight / 2) {
    if (!this.photograph) return;
    const scale = Math.min(MOST, Math.max(0.01, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.place();
  }

  place() {
    const { view, world, photograph } = this;
    if (!photograph) { this.line.hidden = true; return; }
    const width = photograph.width * this.scale, height = photograph.height * this.scale, edge = 60;
    this.x = Math.min(view.clientWidth - edge, Math.max(edge - width, this.x));
    this.y = Math.min(view.clientHeight - edge, Math.max(edge - height, this.y));
    world.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    world.classList.toggle("pixels", this.scale * devicePixelRatio >= 2);
    const cut = this.holding ? photograph.width : this.comparing ? (this.split * view.clientWidth - this.x) / this.scale : 0;
    this.after.style.clipPath = `inset(0 0 0 ${Math.max(0, cut)}px)`;
    this.clipDetail(cut);
    this.line.hidden = !this.comparing;
    this.line.style.left = `${this.split * 100}%`;
    this.percent.value = `${Math.round(this.scale * devicePixelRatio * 100)} %`;
    for (const button of this.boxes.children) this.placeBox(button);
    this.later();
  }

  clipDetail(cut) {
    const left = Number.parseFloat(this.detail.style.left) || 0;
    this.detail.style.clipPath = `inset(0 0 0 ${Math.max(0, cut - left)}px)`;
  }

  // Faces as buttons over the picture.
  faces(faces, label, state) {
    this.boxes.replaceChildren(...faces.map((face, index) => {
      const button = h("button", { type: "button", class: "face-box", "aria-label": label(index), onclick: () => this.onface?.(index) }, h("span", {}, String(index + 1)));
      button.box = face;
      button.dataset.face = index;
      const told = state(index);
      button.setAttribute("aria-pressed", String(told));
      this.placeBox(button);
      return button;
    }));
  }

  placeBox(button) {
    const { left, top, right, bottom } = button.box, { width, height } = this.photograph;
    button.style.left = `${this.x + left * width * this.scale}px`;
    button.style.top = `${this.y + top * height * this.scale}px`;
    button.style.width = `${(right - left) * width * this.scale}px`;
    button.style.height = `${(bottom - top) * height * this.scale}px`;
  }

  // --- The very pixels, where the reduced photograph has too few ------------------------------------

  forgetDetail() {
    clearTimeout(this.timer);
    this.detail.hidden = true;
    this.asked = null;
  }

  later() {
    clearTimeout(this.timer);
    if (this.photograph) this.timer = setTimeout(() => this.look(), REST);
  }

  get visiblePart() {
    const { width, height } = this.photograph, { clientWidth, clientHeight } = this.view;
    return {
      left: Math.max(0, Math.floor(-this.x / this.scale)), top: Math.max(0, Math.floor(-this.y / this.scale)),
      right: Math.min(width, Math.ceil((clientWidth - this.x) / this.scale)), bottom: Math.min(height, Math.ceil((clientHeight - this.y) / this.scale)),
    };
  }

  async look() {
    const { photograph, before } = this, reduced = before.naturalWidth;
    const needed = photograph && photograph.width > reduced && this.scale * devicePixelRatio > (1.2 * reduced) / photograph.width;
    if (!needed || !this.wish) return this.forgetDetail();
    const box = this.visiblePart, told = JSON.stringify([this.wish, box]);
    if (told === this.asked || box.right <= box.left || box.bottom <= box.top) return;
    this.asked = told;
    let blob;
    try {
      blob = await api.part(this.wish, box);
    } catch { return; } // the reduced picture stays, and what is wrong with it has been said
    if (!blob || told !== this.asked) return;
    const old = this.detail.src;
    this.detail.src = URL.createObjectURL(blob);
    if (old.startsWith("blob:")) URL.revokeObjectURL(old);
    Object.assign(this.detail.style, { left: `${box.left}px`, top: `${box.top}px`, width: `${box.right - box.left}px`, height: `${box.bottom - box.top}px` });
    this.detail.hidden = false;
    this.status.textContent = words.fullSize;
    this.place();
  }
}
