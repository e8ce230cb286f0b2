// The page as a whole: its frame, its photographs, and the preview that follows every change.

import { h, icon, iconButton, say } from "./dom.js";
import { words } from "./words.js";
import * as api from "./api.js";
import { state, on, tell, photograph, restore, setCurrent, setMode, undo, redo, canUndo, canRedo, wish, commit } from "./state.js";
import { Viewer } from "./viewer.js";
import { editPanel } from "./edit.js";
import { swapPanel } from "./swap.js";
import { seePanel } from "./see.js";
import { batchPanel } from "./batch.js";
import { placing } from "./controls.js";
import { savePicture, showRecipe } from "./saving.js";

const viewer = new Viewer();
const notices = h("div", { class: "notices", role: "alert" });
const lost = h("div", { class: "lost", role: "alert", hidden: true }, words.lost);

function report(error) {
  if (error instanceof api.Lost) return; // said already
  if (!(error instanceof api.Refusal)) console.error(error);
  const text = error instanceof api.Refusal ? error.message : words.wrong;
  const notice = h("div", { class: "notice" }, h("p", {}, text), iconButton("close", words.dismiss, () => notice.remove()));
  notices.append(notice);
  while (notices.children.length > 4) notices.firstChild.remove();
  setTimeout(() => notice.remove(), 15000);
}

api.onConnection((now) => {
  lost.hidden = now;
  if (now) { say(words.found); redraw(); }
});

// --- Photographs -------------------------------------------------------------------------------------

const picker = h("input", { type: "file", accept: "image/*,.heic,.avif,.tif,.tiff", multiple: true, hidden: true, "aria-label": words.openHint, onchange: () => { openFiles([...picker.files]); picker.value = ""; } });
const strip = h("ul", { class: "strip" });
const waiting = new Map();

async function openFiles(files) {
  let first = null;
  for (const file of files) {
    const key = Symbol(file.name);
    waiting.set(key, file.name);
    drawStrip();
    try {
      const opened = await api.upload(file);
      const known = photograph(opened.id);
      if (known) known.hidden = false; else state.photographs.push(opened);
      first ??= opened.id;
    } catch (error) { report(error); }
    waiting.delete(key);
    if (first) { const shown = photograph(); if (!shown || !shown.faces.length || files.length === 1 && state.mode !== "swap") setCurrent(first); }
    tell("photographs");
  }
}

async function closePhotograph(id) {
  state.photographs = state.photographs.filter((one) => one.id !== id);
  if (state.current === id) setCurrent(state.photographs.find((one) => !one.hidden)?.id ?? null);
  tell("photographs");
  tell("redraw");
  try { await api.forget(id); } catch (error) { report(error); }
}

function drawStrip() {
  const shown = state.photographs.filter((one) => !one.hidden);
  strip.replaceChildren(
    ...shown.map((one) => h("li", {},
      h("button", { type: "button", class: "thumb", "aria-label": words.show(one.name), "aria-pressed": String(one.id === state.current), title: one.name, onclick: () => setCurrent(one.id) }, h("img", { alt: "", src: api.url.thumbnail(one.id), draggable: "false" })),
      iconButton("close", words.close(one.name), () => closePhotograph(one.id), { class: "icon-button tiny" }))),
    ...[...waiting.values()].map((name) => h("li", { class: "waiting" }, h("span", {}, words.reading(name)))),
    h("li", {}, iconButton("plus", words.openHint, () => picker.click(), { class: "icon-button more" })));
  strip.hidden = !shown.length && !waiting.size;
  welcome.hidden = shown.length > 0;
  viewer.element.hidden = !shown.length;
  saveButton.disabled = !state.current || state.mode === "see" || state.mode === "batch";
}

// --- Preview -----------------------------------------------------------------------------------------

let busy = false, again = false, shownWish = "";

async function redraw() {
  if (state.mode === "see") return;
  const shown = photograph();
  if (!shown) return drawCommand();
  const asked = wish(), told = JSON.stringify(asked);
  if (busy) { again = true; return; }
  if (told === shownWish) return;
  busy = true;
  again = false;
  const began = performance.now();
  try {
    if (!asked.passes.length || !shown.faces.length) {
      viewer.result(null);
      viewer.status.textContent = shown.faces.length ? "" : words.noFace;
      shownWish = told;
    } else {
      const timer = setTimeout(() => { viewer.status.textContent = words.drawing; }, 250);
      const blob = await api.preview(asked).finally(() => clearTimeout(timer));
      if (blob && state.current === asked.photograph) {
        viewer.result(blob, asked);
        shownWish = told;
        viewer.status.textContent = words.drawn(Math.round(performance.now() - began));
      }
    }
  } catch (error) {
    viewer.status.textContent = "";
    shownWish = told; // not the same refusal again
    report(error);
    if (error instanceof api.Lost) shownWish = "";
  }
  busy = false;
  if (again) redraw(); else drawCommand();
}

// --- The command -------------------------------------------------------------------------------------

const commandText = h("code", { tabindex: "0", "aria-label": words.command });
const copyButton = h("button", { type: "button", class: "quiet", onclick: async () => {
  await navigator.clipboard.writeText(commandText.textContent).catch(() => {
    getSelection().selectAllChildren(commandText);
    document.execCommand("copy");
  });
  copyButton.textContent = words.copied;
  say(words.copied);
  setTimeout(() => { copyButton.textContent = words.copy; }, 1500);
} }, words.copy);
const recipeButton = h("button", { type: "button", class: "quiet", onclick: () => showRecipe().catch(report) }, words.recipe);
const commandBar = h("div", { class: "command" }, h("span", { class: "prompt", "aria-hidden": "true" }, "$"), commandText, recipeButton, copyButton);

let commandTimer;
function drawCommand() {
  clearTimeout(commandTimer);
  commandTimer = setTimeout(async () => {
    const asked = wish();
    const any = asked.photograph && asked.passes.length;
    copyButton.disabled = recipeButton.disabled = !any;
    commandText.classList.toggle("none", !any);
    if (!any) { commandText.textContent = words.noCommand; return; }
    try {
      commandText.textContent = (await api.text(asked)).commands.join(" &&\n");
    } catch { /* the preview has said what is wrong */ }
  }, 120);
}

// --- The frame ---------------------------------------------------------------------------------------

const saveButton = h("button", { type: "button", class: "primary", title: words.saveHint, onclick: () => savePicture(openFiles) }, icon("save"), words.save);
const undoButton = iconButton("undo", words.undo, undo), redoButton = iconButton("redo", words.redo, redo);
const welcome = h("div", { class: "welcome" },
  h("div", { class: "welcome-card" }, icon("open"), h("p", { class: "big" }, words.welcome), h("p", {}, words.welcomeMore),
    h("button", { type: "button", class: "primary", onclick: () => picker.click() }, words.choose)));
const dropping = h("div", { class: "dropping", hidden: true, "aria-hidden": "true" }, words.dropping);

const THEMES = ["auto", "light", "dark"];
function theme(now) {
  document.documentElement.dataset.theme = now;
  const button = iconButton(now, words.theme[now], () => {
    const next = THEMES[(THEMES.indexOf(now) + 1) % 3];
    try { localStorage.setItem("facelab-theme", next); } catch { /* for this time only */ }
    theme(next);
    document.querySelector(".theme").focus();
  }, { class: "icon-button theme" });
  document.querySelector(".theme").replaceWith(button);
}

function frame(panels) {
  const tabs = Object.entries(words.modes).map(([mode, name]) => h("button", { type: "button", role: "tab", id: `tab-${mode}`, "aria-controls": `panel-${mode}`, onclick: () => setMode(mode), onkeydown: (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way) return;
    const other = tabs[(tabs.indexOf(event.currentTarget) + way + tabs.length) % tabs.length];
    other.click();
    other.focus();
  } }, name));
  document.body.append(
    h("header", {}, h("h1", {}, h("img", { src: "icon.svg", alt: "", width: 22, height: 22 }), "facelab"),
      h("div", { class: "tabs", role: "tablist", "aria-label": "facelab" }, tabs), h("span", { class: "spread" }),
      undoButton, redoButton, h("span", { class: "theme" }),
      h("button", { type: "button", class: "quiet", onclick: () => picker.click() }, icon("open"), words.open), saveButton, picker),
    h("main", {},
      h("section", { class: "left", "aria-label": words.picture }, welcome, viewer.element, h("nav", { class: "strip-row", "aria-label": words.photographs }, strip)),
      h("section", { class: "panel" }, Object.entries(panels).map(([mode, panel]) => h("div", { role: "tabpanel", id: `panel-${mode}`, "aria-labelledby": `tab-${mode}`, tabindex: "-1" }, panel.element)))),
    h("footer", { "aria-label": words.command }, commandBar), lost, notices, dropping);
  const showMode = () => {
    for (const tab of tabs) {
      const now = tab.id === `tab-${state.mode}`;
      tab.setAttribute("aria-selected", String(now));
      tab.tabIndex = now ? 0 : -1;
      document.getElementById(`panel-${tab.id.slice(4)}`).hidden = !now;
    }
    document.body.dataset.mode = state.mode;
    shownWish = "";
    viewer.onplace = null;
    viewer.faces([], () => "", () => false);
    panels[state.mode].shown();
    for (const [mode, panel] of Object.entries(panels)) if (mode !== state.mode) panel.hidden?.();
    drawStrip();
    redraw();
    drawCommand();
  };
  on("mode", showMode);
  on("current", () => {
    viewer.show(photograph() ?? null);
    showMode();
  });
  on("photographs", () => { drawStrip(); redraw(); });
  on("redraw", redraw);
  on("work", redraw);
  on("history", () => { undoButton.disabled = !canUndo(); redoButton.disabled = !canRedo(); drawCommand(); });
  viewer.show(photograph() ?? null);
  showMode();
  tell("history");
}

function listen() {
  let depth = 0;
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => { if (holdsFiles(event)) { depth++; dropping.hidden = false; } });
  addEventListener("dragleave", (event) => { if (holdsFiles(event) && --depth <= 0) { depth = 0; dropping.hidden = true; } });
  addEventListener("dragover", (event) => { if (holdsFiles(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    dropping.hidden = true;
    openFiles([...event.dataTransfer.files]);
  });
  addEventListener("paste", (event) => { const files = [...(event.clipboardData?.files ?? [])]; if (files.length) openFiles(files); });
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || document.querySelector("dialog")) return;
    const typing = event.target.matches("input[type=text], input[type=search], input[type=number]");
    const key = event.key.toLowerCase();
    if (key === "z" && !typing) { event.preventDefault(); (event.shiftKey ? redo : undo)(); }
    else if (key === "y" && !typing) { event.preventDefault(); redo(); }
    else if (key === "o") { event.preventDefault(); picker.click(); }
    else if (key === "s") { event.preventDefault(); if (!saveButton.disabled) saveButton.click(); }
  });
  addEventListener("unhandledrejection", (event) => { event.preventDefault(); report(event.reason); });
}

placing.ask = (give) => {
  viewer.view.classList.toggle("placing", Boolean(give));
  viewer.onplace = give && (async (x, y) => {
    const shown = photograph();
    try { give((await api.place(shown.id, state.work.face === "all" ? 0 : state.work.face, x, y)).place); } catch (error) { report(error); }
  });
};

async function begin() {
  state.catalogue = await api.catalogue();
  for (const group of state.catalogue.groups) for (const step of group.steps) state.steps[step.name] = step;
  state.photographs = await api.photographs();
  restore();
  for (const one of state.photographs) one.hidden = !one.faces.length && one.id !== state.current;
  if (!photograph()) state.current = state.photographs.find((one) => !one.hidden)?.id ?? null;
  const panels = { edit: editPanel(report), swap: swapPanel(viewer), see: seePanel(viewer, report), batch: batchPanel() };
  frame(panels);
  let saved = "auto";
  try { saved = localStorage.getItem("facelab-theme") ?? "auto"; } catch { /* as the system */ }
  theme(THEMES.includes(saved) ? saved : "auto");
  listen();
  commit();
}

begin().catch((error) => {
  document.body.append(h("p", { class: "fatal", role: "alert" }, error.message));
});
