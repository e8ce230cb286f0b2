// The panel of what a face is in three dimensions: pictures, a mesh to turn, numbers, files.

import { h } from "./dom.js";
import { words } from "./words.js";
import { state, photograph, on } from "./state.js";
import { meshCanvas } from "./mesh.js";
import { fetchFile } from "./saving.js";
import * as api from "./api.js";

const CHOSEN = ["glb", "landmarks"]; // of the downloads, at first

export function seePanel(viewer, report) {
  let face = 0, name = "overlay", asked = 0;
  let over = null; // what lies over the picture: the texture or the mesh
  const radios = Object.entries(words.see.views).map(([view, label]) =>
    h("label", {}, h("input", { type: "radio", name: "view", value: view, checked: view === name, onchange: () => { name = view; show(); } }), label));
  const table = h("table", { class: "numbers" });
  const boxes = state.catalogue.exports.map((one) => h("label", { class: "chip" }, h("input", { type: "checkbox", value: one, checked: CHOSEN.includes(one) }), one));
  const told = h("p", { class: "hint", role: "status" });
  const download = h("button", { type: "button", class: "quiet", onclick: () => fetchAll().catch(report) }, words.see.download);
  const nothing = h("p", { class: "hint" }, words.noFace);
  const parts = h("div", { class: "see-parts" },
    h("section", {}, h("h2", {}, words.see.what), h("div", { class: "views", role: "radiogroup", "aria-label": words.see.what }, radios)),
    h("section", {}, h("h2", {}, words.see.numbers), table),
    h("section", {}, h("h2", {}, words.see.downloads), h("div", { class: "chips" }, boxes), told, download));
  const element = h("div", { class: "panel-inside" }, nothing, parts);

  async function fetchAll() {
    const names = boxes.map((box) => box.firstChild).filter((box) => box.checked).map((box) => box.value);
    if (!names.length) return;
    download.disabled = true;
    told.textContent = words.see.preparing;
    try {
      const { key, files } = await api.exported(state.current, face, names);
      fetchFile(api.url.result(key, files[0]), files[0]);
    } finally {
      download.disabled = false;
      told.textContent = "";
    }
  }

  function clear() {
    over?.remove();
    over = null;
  }

  function show() {
    const shown = photograph();
    nothing.hidden = Boolean(shown?.faces.length);
    parts.hidden = !nothing.hidden;
    clear();
    if (parts.hidden) return viewer.result(null);
    face = Math.min(face, shown.faces.length - 1);
    viewer.status.textContent = "";
    viewer.onface = (index) => { face = index; show(); };
    viewer.faces(shown.faces.length > 1 ? shown.faces : [], words.face, (index) => index === face);
    drawNumbers().catch(report);
    if (name === "mesh") drawMesh().catch(report);
    else if (name === "texture") lay(h("img", { class: "other", alt: words.see.views.texture, src: api.url.view(shown.id, face, "texture") }));
    else viewer.overlay(api.url.view(shown.id, face, name));
  }

  function lay(element) {
    clear();
    over = element;
    viewer.view.append(element);
  }

  async function drawMesh() {
    const turn = ++asked, id = state.current;
    const image = h("img", { src: api.url.view(id, face, "texture") });
    const [data] = await Promise.all([api.mesh(id, face), image.decode()]);
    if (turn !== asked || name !== "mesh" || state.mode !== "see") return;
    const canvas = meshCanvas(data, image);
    if (canvas) lay(canvas); else viewer.status.textContent = words.see.noWebgl;
  }

  async function drawNumbers() {
    const said = words.see, id = state.current;
    const { pose, openness } = await api.numbers(id, face);
    if (id !== state.current) return;
    const degrees = (value) => `${value.toFixed(1)}°`;
    const share = (value) => (value === null ? said.hidden : `${Math.round(value * 100)} %`);
    const rows = [[said.yaw, degrees(pose.yaw)], [said.pitch, degrees(pose.pitch)], [said.roll, degrees(pose.roll)],
      [said.right, share(openness[0])], [said.left, share(openness[1])]];
    table.replaceChildren(h("tbody", {}, rows.map(([what, value]) => h("tr", {}, h("th", { scope: "row" }, what), h("td", {}, value)))));
  }

  on("current", () => { face = 0; });
  return { element, shown: show, hidden: clear };
}
