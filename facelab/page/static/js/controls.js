// A control for each kind of key, made from what the catalogue says of it.

import { h, iconButton, readable } from "./dom.js";
import { words } from "./words.js";
import { state, photograph } from "./state.js";
import * as api from "./api.js";

let count = 0;

// The control of a key. `changed(value, done)` hears of every movement, `done` once it has ended.
export function control(key, value, changed) {
  const id = `key-${++count}`;
  const make = { number, whole: number, choice, choices, colour, switch: toggle, places, reference, references }[key.kind];
  return make ? make(key, value ?? key.default, changed, id) : null;
}

const hint = (key) => [key.help, key.unit && `in ${key.unit}`].filter(Boolean).join(", ");

function row(key, id, ...inside) {
  return h("div", { class: `key ${key.kind}` }, h("label", { for: id, title: hint(key) }, readable(key.name)), ...inside, h("p", { class: "about", id: `${id}-about` }, hint(key)));
}

function number(key, value, changed, id) {
  const step = key.kind === "whole" ? 1 : nice((key.high - key.low) / 100);
  const range = h("input", { type: "range", id, min: String(key.low), max: String(key.high), step: String(step), value: String(value), "aria-describedby": `${id}-about` });
  const typed = h("input", { type: "number", class: "typed", min: String(key.low), max: String(key.high), step: "any", value: String(value), "aria-label": `${readable(key.name)}, ${key.allowed}` });
  const fill = () => range.style.setProperty("--part", `${((range.value - key.low) / (key.high - key.low)) * 100}%`);
  const set = (done) => () => { typed.value = String(Number(range.value)); fill(); changed(Number(range.value), done); };
  range.addEventListener("input", set(false));
  range.addEventListener("change", set(true));
  range.addEventListener("dblclick", () => { range.value = key.default; set(true)(); });
  typed.addEventListener("change", () => {
    const given = Number(typed.value);
    const fit = Math.min(key.high, Math.max(key.low, Number.isFinite(given) ? given : key.default));
    const exact = key.kind === "whole" ? Math.round(fit) : fit;
    range.value = exact;
    typed.value = String(exact);
    fill();
    changed(exact, true);
  });
  fill();
  return row(key, id, range, typed);
}

const nice = (step) => 10 ** Math.floor(Math.log10(step) + 0.30103);

function choice(key, value, changed, id) {
  const select = h("select", { id, "aria-describedby": `${id}-about`, onchange: () => changed(select.value, true) },
    key.options.map((one) => h("option", { value: one, selected: one === value }, readable(one))));
  return row(key, id, select);
}

function choices(key, value, changed, id) {
  const chosen = new Set(value);
  const boxes = key.options.map((one) => {
    const box = h("input", { type: "checkbox", checked: chosen.has(one), onchange: () => {
      if (box.checked) chosen.add(one); else chosen.delete(one);
      if (!chosen.size) { chosen.add(one); box.checked = true; }
      if (key.options.includes("none") && box.checked) {
        for (const other of one === "none" ? key.options.filter((name) => name !== "none") : ["none"]) chosen.delete(other);
        for (const other of boxes) other.firstChild.checked = chosen.has(other.dataset.name);
      }
      changed(key.options.filter((name) => chosen.has(name)), true);
    } });
    return h("label", { class: "chip", dataset: { name: one } }, box, readable(one));
  });
  return h("fieldset", { class: "key choices" }, h("legend", { title: hint(key) }, readable(key.name)), h("div", { class: "chips" }, boxes), h("p", { class: "about", id: `${id}-about` }, hint(key)));
}

function colour(key, value, changed, id) {
  const well = h("input", { type: "color", id, value, "aria-describedby": `${id}-about` });
  const typed = h("input", { type: "text", class: "typed", value, maxlength: "7", spellcheck: "false", "aria-label": `${readable(key.name)}, ${key.allowed}` });
  well.addEventListener("input", () => { typed.value = well.value; changed(well.value, false); });
  well.addEventListener("change", () => changed(well.value, true));
  typed.addEventListener("change", () => {
    if (/^#[0-9a-f]{6}$/i.test(typed.value)) { well.value = typed.value; changed(typed.value.toLowerCase(), true); }
    else typed.value = well.value;
  });
  return row(key, id, well, typed);
}

function toggle(key, value, changed, id) {
  const box = h("input", { type: "checkbox", class: "switch", role: "switch", id, checked: value, "aria-describedby": `${id}-about`, onchange: () => changed(box.checked, true) });
  return row(key, id, box);
}

export const placing = { ask: null };

function places(key, value, changed, id) {
  const given = [...(value ?? [])];
  const told = h("output", {}, words.places(given.length));
  const button = h("button", { type: "button", id, class: "quiet", "aria-pressed": "false", onclick: () => {
    const now = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(now));
    placing.ask?.(now ? (place) => { given.push(place); told.value = words.places(given.length); changed([...given], true); } : null);
  } }, words.place);
  const forget = iconButton("close", words.forget, () => { given.length = 0; told.value = words.places(0); changed([], true); });
  return row(key, id, h("span", { class: "inline" }, button, told, forget));
}

// --- Faces and pictures of other files --------------------------------------------------------------

export const peopleChoices = (except) => state.photographs.flatMap((one) =>
  one.id === except ? [] : one.faces.map((_, face) => ({ photograph: one.id, face, name: one.faces.length > 1 ? `${one.name}, ${words.face(face)}` : one.name })));

const token = (given) => (given ? (given.picture ? given.picture : `${given.photograph} ${given.face}`) : "");
const isPicture = (key) => key.picture;

function options(key) {
  if (isPicture(key)) return state.photographs.map((one) => [one.id, one.name, { picture: one.id }]);
  return peopleChoices(null).map(({ photograph: id, face, name }) => [`${id} ${face}`, name, { photograph: id, face }]);
}

function reference(key, value, changed, id) {
  const known = options(key);
  const select = h("select", { id, "aria-describedby": `${id}-about`, onchange: () => changed(known.find(([one]) => one === select.value)?.[2], true) },
    h("option", { value: "" }, isPicture(key) ? words.noPicture : words.nobody),
    known.map(([one, name]) => h("option", { value: one, selected: one === token(value) }, name)));
  const shown = value && !value.picture && photograph(value.photograph) ? h("img", { class: "face", alt: "", src: api.url.face(value.photograph, value.face) }) : null;
  return row(key, id, h("span", { class: "inline" }, shown, select));
}

function references(key, value, changed, id) {
  const chosen = new Set((value ?? []).map(token));
  const known = options(key);
  if (!known.length) return row(key, id, h("output", { id }, words.nobody));
  const boxes = known.map(([one, name]) => {
    const box = h("input", { type: "checkbox", checked: chosen.has(one), onchange: () => {
      if (box.checked) chosen.add(one); else chosen.delete(one);
      changed(known.filter(([other]) => chosen.has(other)).map(([, , given]) => given), true);
    } });
    return h("label", { class: "chip" }, box, name);
  });
  return h("fieldset", { class: "key choices" }, h("legend", {}, readable(key.name)), h("div", { class: "chips" }, boxes), h("p", { class: "about", id: `${id}-about` }, hint(key)));
}
