// The panel of batches: many photographs through the recipe of Edit, one after the other.

import { h } from "./dom.js";
import { words } from "./words.js";
import { photograph, editWish, on } from "./state.js";
import { consentSelect, fetchFile } from "./saving.js";
import * as api from "./api.js";

export function batchPanel() {
  const said = words.batch;
  let waiting = [], count = 0, done = 0, running = false, stopped = false;
  const failed = [];
  const take = (picker) => { waiting.push(...[...picker.files].filter((file) => !file.name.startsWith("."))); count = waiting.length + done + failed.length; picker.value = ""; draw(); };
  const files = h("input", { type: "file", multiple: true, hidden: true, "aria-label": said.files, accept: "image/*,.heic,.avif,.tif,.tiff", onchange: () => take(files) });
  const folder = h("input", { type: "file", hidden: true, "aria-label": said.folder, webkitdirectory: true, onchange: () => take(folder) });
  const consent = consentSelect();
  const bar = h("progress", { class: "progress", "aria-label": said.bar });
  const told = h("p", { role: "status", class: "hint" });
  const start = h("button", { type: "button", class: "primary", onclick: run }, said.start);
  const stop = h("button", { type: "button", class: "quiet", onclick: () => { stopped = true; draw(); } }, said.stop);
  const empty = h("button", { type: "button", class: "quiet", onclick: () => { waiting = []; count = done = failed.length = 0; sheet.replaceChildren(); draw(); } }, said.again);
  const failures = h("ul", { class: "failures" });
  const sheet = h("div", { class: "sheet" });
  const failedPart = h("section", {}, h("h2", {}, said.failures), failures), sheetPart = h("section", {}, h("h2", {}, said.sheet), sheet);
  const element = h("div", { class: "panel-inside" },
    h("p", { class: "hint" }, said.how),
    h("section", {}, h("div", { class: "row" },
      h("button", { type: "button", class: "quiet", onclick: () => files.click() }, said.files),
      h("button", { type: "button", class: "quiet", onclick: () => folder.click() }, said.folder), files, folder),
    h("label", { class: "field" }, h("span", {}, words.saving.consent), consent)),
    h("section", {}, bar, told, h("div", { class: "row" }, start, stop, empty)), failedPart, sheetPart);

  const hasRecipe = () => editWish(null, "all").passes.length > 0;

  function draw() {
    bar.max = Math.max(1, count);
    bar.value = done + failed.length;
    told.textContent = !count ? said.empty : !hasRecipe() ? said.noRecipe : said.progress(done, count, failed.length);
    start.textContent = stopped && waiting.length ? said.goOn : said.start;
    start.disabled = running || !waiting.length || !hasRecipe();
    stop.disabled = !running || stopped;
    empty.disabled = running || !count;
    failures.replaceChildren(...failed.map((text) => h("li", {}, text)));
    failedPart.hidden = !failed.length;
    sheetPart.hidden = !sheet.children.length;
  }

  async function run() {
    running = true;
    stopped = false;
    draw();
    while (waiting.length && !stopped) {
      try {
        await one(waiting[0]);
        done++;
      } catch (error) {
        if (error instanceof api.Lost) { stopped = true; break; } // goes on from here
        failed.push(error.message.includes(waiting[0].name) ? error.message : `${waiting[0].name}: ${error.message}`);
      }
      waiting.shift();
      draw();
    }
    running = false;
    draw();
  }

  async function one(file) {
    const opened = await api.upload(file), wish = editWish(opened.id, "all");
    try {
      const saved = await api.save(wish, { consent: consent.value });
      for (const name of saved.files) fetchFile(api.url.result(saved.key, name), name);
      const small = await api.preview(wish);
      if (small) sheet.append(h("figure", {}, h("img", { alt: "", src: URL.createObjectURL(small) }), h("figcaption", { title: file.name }, file.name)));
    } finally {
      if (!photograph(opened.id)) await api.forget(opened.id);
    }
  }

  on("history", draw);
  draw();
  return { element, shown: draw };
}
