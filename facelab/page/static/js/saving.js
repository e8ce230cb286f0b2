// The dialogs that save: the picture with its record, and the recipe.

import { h } from "./dom.js";
import { words } from "./words.js";
import { state, wish } from "./state.js";
import * as api from "./api.js";

export function fetchFile(address, name) {
  h("a", { href: address, download: name }).click();
}

function fetchText(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/yaml" }));
  fetchFile(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

function dialog(title, ...inside) {
  const made = h("dialog", { "aria-label": title }, h("h2", {}, title), ...inside);
  made.addEventListener("close", () => made.remove());
  document.body.append(made);
  made.showModal();
  return made;
}

const labelled = (text, field) => h("label", { class: "field" }, h("span", {}, text), field);
const closer = () => h("button", { type: "button", class: "quiet", onclick: (event) => event.target.closest("dialog").close() }, words.done);

export const consentSelect = () => h("select", {}, state.catalogue.consent.map((one) => h("option", { value: one, selected: one === "unspecified" }, words.consent[one] ?? one)));

export function savePicture(reopen) {
  const said = words.saving, asked = wish();
  const format = h("select", {}, h("option", { value: "" }, said.same), state.catalogue.formats.map((one) => h("option", { value: one }, one.toUpperCase())));
  const quality = h("input", { type: "number", min: "1", max: "100", placeholder: said.qualityDefault });
  const consent = consentSelect();
  const told = h("div", { class: "told", role: "status" });
  const start = h("button", { type: "submit", class: "primary" }, said.start);
  const form = h("form", { onsubmit: async (event) => {
    event.preventDefault();
    start.disabled = true;
    told.replaceChildren(h("p", { class: "working" }, said.working));
    try {
      const saved = await api.save(asked, { consent: consent.value, suffix: format.value, quality: quality.value });
      told.replaceChildren(...ready(saved, reopen));
      for (const name of saved.files) fetchFile(api.url.result(saved.key, name), name);
    } catch (error) {
      told.replaceChildren(h("p", { class: "error" }, error.message));
    }
    start.disabled = false;
  } },
  labelled(said.consent, consent), h("p", { class: "about" }, said.consentNote),
  h("div", { class: "fields" }, labelled(said.format, format), labelled(said.quality, quality)),
  told, h("div", { class: "buttons" }, closer(), start));
  dialog(said.title, form);
}

function ready(saved, reopen) {
  const said = words.saving;
  const links = saved.files.map((name) => h("li", {}, h("a", { href: api.url.result(saved.key, name), download: name }, name)));
  const [picture] = saved.files;
  const use = h("button", { type: "button", class: "quiet small", onclick: async (event) => {
    const answer = await fetch(api.url.result(saved.key, picture));
    event.target.closest("dialog")?.close();
    reopen([new File([await answer.blob()], picture)]);
  } }, said.use);
  const notes = saved.notes.length ? [h("h3", {}, said.notes), h("ul", {}, saved.notes.map((note) => h("li", {}, note)))] : [];
  return [h("p", {}, said.ready), h("ul", { class: "files" }, links), use, ...notes];
}

export async function showRecipe() {
  const { recipes } = await api.text(wish());
  const parts = recipes.flatMap((text, index) => [
    h("pre", { class: "yaml", tabindex: "0" }, text),
    h("div", { class: "buttons" },
      h("button", { type: "button", class: "primary", onclick: () => fetchText(text, recipes.length > 1 ? `recipe-${index + 1}.yaml` : "recipe.yaml") }, words.recipeSave))]);
  dialog(words.recipeTitle, ...(parts.length ? parts : [h("p", { class: "hint" }, words.noSteps)]), h("div", { class: "buttons" }, closer()));
}

