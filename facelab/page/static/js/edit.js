// The panel of edits: the recipe's steps, looks, and all edits to add.

import { h, icon, iconButton, readable, say } from "./dom.js";
import { words } from "./words.js";
import { state, photograph, commit, complete, stepId, tell, on } from "./state.js";
import { control } from "./controls.js";
import * as api from "./api.js";

const MIME = "application/x-facelab-step";
const open = new Set(); // ids of steps whose settings are shown

export function editPanel(report) {
  const faces = h("div", { class: "segments", role: "group", "aria-label": words.faces });
  const list = h("ol", { class: "steps" });
  const empty = h("p", { class: "hint" }, words.noSteps);
  const clear = h("button", { type: "button", class: "quiet", onclick: () => { state.work.steps = []; changed(); } }, words.clear);
  const looks = h("div", { class: "chips" }, state.catalogue.presets.map((preset) =>
    h("button", { type: "button", class: "chip-button", title: preset.about, onclick: () => takeLook(preset).catch(report) }, preset.name.charAt(0).toUpperCase() + preset.name.slice(1))));
  const find = h("input", { type: "search", placeholder: words.find, "aria-label": words.find, oninput: () => filter(find.value) });
  const nothing = h("p", { class: "hint", hidden: true }, words.nothingFound);
  const groups = state.catalogue.groups.map(groupOf);
  const panel = h("div", { class: "panel-inside" },
    h("section", { class: "faces-row" }, faces),
    h("section", {}, h("div", { class: "heading" }, h("h2", {}, words.steps), clear), empty, list),
    h("section", {}, h("h2", {}, words.looks), looks),
    h("section", {}, h("div", { class: "heading" }, h("h2", {}, words.add), find), nothing, ...groups.map((group) => group.element)));

  function changed() {
    commit();
    draw();
    tell("redraw");
  }

  function groupOf(group) {
    const cards = group.steps.map((step) => {
      const image = h("img", { alt: "", loading: "lazy", draggable: "false" });
      const button = h("button", { type: "button", class: "card", title: step.about, onclick: () => add(step.name) }, image, h("span", {}, readable(step.name)));
      return { button, image, step, text: `${step.name} ${step.about} ${step.keys.map((key) => key.name).join(" ")}`.toLowerCase() };
    });
    return { element: h("div", { class: "group" }, h("h3", {}, group.name), h("div", { class: "cards" }, cards.map((card) => card.button))), cards };
  }

  function filter(text) {
    let any = false;
    for (const group of groups) {
      for (const card of group.cards) card.button.hidden = !card.text.includes(text.trim().toLowerCase());
      group.element.hidden = group.cards.every((card) => card.button.hidden);
      any ||= !group.element.hidden;
    }
    nothing.hidden = any;
  }

  function add(name) {
    const step = { id: stepId(), name, values: {}, on: true };
    state.work.steps.push(step);
    open.clear();
    open.add(step.id);
    changed();
    const made = list.querySelector(`[data-id="${step.id}"]`);
    made?.scrollIntoView({ block: "nearest" });
    made?.querySelector(".name")?.focus({ preventScroll: true });
  }

  async function takeLook(preset) {
    const pictures = {};
    for (const key of Object.keys(preset.pictures)) {
      const opened = await api.presetPicture(preset.file, key);
      if (!photograph(opened.id)) { opened.hidden = true; state.photographs.push(opened); }
      pictures[key] = { picture: opened.id };
    }
    state.work.seed = preset.seed;
    state.work.steps = preset.steps.map((body) => {
      const [[name, given]] = Object.entries(body);
      const values = {};
      for (const key of state.steps[name].keys) {
        const value = given[key.name];
        const same = JSON.stringify(value) === JSON.stringify(key.default);
        if (key.kind === "reference") values[key.name] = pictures[value];
        else if (!same) values[key.name] = value;
      }
      return { id: stepId(), name, values, on: true };
    });
    open.clear();
    changed();
  }

  // --- Steps -----------------------------------------------------------------------------------------

  function draw() {
    const { steps } = state.work;
    empty.hidden = steps.length > 0;
    clear.hidden = steps.length === 0;
    list.replaceChildren(...steps.map(stepItem));
    drawFaces();
  }

  function drawFaces() {
    const shown = photograph();
    faces.parentElement.hidden = !shown || shown.faces.length < 2;
    if (!shown) return;
    const choice = (value, label) => h("button", { type: "button", "aria-pressed": String(state.work.face === value), onclick: () => { state.work.face = value; changed(); } }, label);
    faces.replaceChildren(choice("all", words.allFaces), ...shown.faces.map((_, index) => choice(index, words.face(index))));
  }

  function stepItem(step, index) {
    const about = state.steps[step.name], name = readable(step.name), shown = open.has(step.id);
    const toggle = h("input", { type: "checkbox", class: "switch", role: "switch", checked: step.on, "aria-label": words.toggle(name), onchange: () => { step.on = toggle.checked; changed(); } });
    const keys = h("div", { class: "keys", id: `keys-${step.id}`, hidden: !shown });
    if (shown) fill(keys, step, about);
    const header = h("button", { type: "button", class: "name", "aria-expanded": String(shown), "aria-controls": keys.id, onclick: () => {
      if (open.has(step.id)) open.delete(step.id); else open.add(step.id);
      draw();
      list.querySelector(`[data-id="${step.id}"] .name`).focus();
    } }, h("span", {}, name), h("span", { class: "summary" }, complete(step) ? summary(step) : words.nobody), icon("down"));
    const grip = iconButton("grip", words.move(name), () => {}, { class: "icon-button grip", onkeydown: (event) => {
      const way = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (way) { event.preventDefault(); moveTo(step, index + way); list.querySelector(`[data-id="${step.id}"] .grip`).focus(); }
    } });
    const item = h("li", { class: `step${step.on ? "" : " off"}${complete(step) ? "" : " incomplete"}`, dataset: { id: step.id } },
      h("div", { class: "step-head" }, grip, header, toggle,
        iconButton("close", words.remove(name), () => { state.work.steps = state.work.steps.filter((one) => one !== step); changed(); })), keys);
    dragging(item, grip, step);
    return item;
  }

  function summary(step) {
    const colour = state.steps[step.name].keys.find((key) => key.kind === "colour");
    if (!colour) return "";
    const swatch = h("i", { class: "swatch" });
    swatch.style.background = step.values[colour.name] ?? colour.default;
    return swatch;
  }

  function fill(keys, step, about) {
    const made = about.keys.map((key) => control({ ...key, picture: about.picture }, step.values[key.name], (value, done) => {
      if (JSON.stringify(value) === JSON.stringify(key.default)) delete step.values[key.name]; else step.values[key.name] = value;
      if (done) commit();
      if (done && (key.kind === "reference" || key.kind === "colour")) drawKeepingFocus();
      tell("redraw");
    }));
    keys.replaceChildren(h("p", { class: "step-about" }, `${about.about}.`), ...made.filter(Boolean),
      h("button", { type: "button", class: "quiet small", onclick: () => {
        step.values = Object.fromEntries(Object.entries(step.values).filter(([name]) => about.keys.find((key) => key.name === name)?.kind === "reference"));
        changed();
      } }, words.reset));
  }

  // The same element again has the focus, and the panel stays where it is.
  function drawKeepingFocus() {
    const focused = document.activeElement, item = focused?.closest(".step");
    const places = item ? [...item.querySelectorAll("input, select, button")] : [];
    const at = places.indexOf(focused), id = item?.dataset.id;
    draw();
    if (at >= 0) list.querySelector(`[data-id="${id}"]`)?.querySelectorAll("input, select, button")[at]?.focus();
  }

  function moveTo(step, place) {
    const { steps } = state.work, from = steps.indexOf(step);
    if (place < 0 || place >= steps.length || place === from) return;
    steps.splice(place, 0, ...steps.splice(from, 1));
    changed();
    say(words.moved(readable(step.name), place + 1, steps.length));
  }

  function dragging(item, grip, step) {
    grip.addEventListener("pointerdown", () => { item.draggable = true; });
    item.addEventListener("dragstart", (event) => { event.dataTransfer.setData(MIME, step.id); event.dataTransfer.effectAllowed = "move"; item.classList.add("dragged"); });
    item.addEventListener("dragend", () => { item.draggable = false; item.classList.remove("dragged"); });
    const side = (event) => { const box = item.getBoundingClientRect(); return event.clientY > box.top + box.height / 2; };
    item.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes(MIME)) return;
      event.preventDefault();
      item.classList.toggle("drop-after", side(event));
      item.classList.toggle("drop-before", !side(event));
    });
    const leave = () => item.classList.remove("drop-after", "drop-before");
    item.addEventListener("dragleave", leave);
    item.addEventListener("drop", (event) => {
      const moved = state.work.steps.find((one) => one.id === event.dataTransfer.getData(MIME));
      leave();
      if (!moved || moved === step) return;
      event.preventDefault();
      const others = state.work.steps.filter((one) => one !== moved);
      others.splice(others.indexOf(step) + (side(event) ? 1 : 0), 0, moved);
      state.work.steps = others;
      changed();
    });
  }

  function examples() {
    const shown = photograph();
    for (const { image, step } of groups.flatMap((group) => group.cards)) {
      if (shown?.faces.length) image.src = api.url.example(shown.id, step.name);
      else image.removeAttribute("src");
    }
  }

  on("work", draw);
  on("photographs", draw);
  on("current", () => { draw(); examples(); });
  draw();
  examples();
  return { element: panel, shown: () => {} };
}
