// The panel of swaps: whose face goes onto which one in the picture.

import { h, icon, iconButton, say } from "./dom.js";
import { words } from "./words.js";
import { state, photograph, pairs, commit, tell, on } from "./state.js";
import { control, peopleChoices } from "./controls.js";
import * as api from "./api.js";

const MIME = "application/x-facelab-face";

export function swapPanel(viewer) {
  let target = 0;
  const people = h("div", { class: "people" });
  const nobody = h("p", { class: "hint" }, words.swap.noPeople);
  const list = h("div", { class: "pairs" });
  const none = h("p", { class: "hint" }, words.swap.none);
  const element = h("div", { class: "panel-inside" },
    h("p", { class: "hint" }, words.swap.how),
    h("section", {}, h("h2", {}, words.swap.people), nobody, people),
    h("section", {}, h("h2", {}, words.swap.pairs), none, list));

  const active = () => state.mode === "swap";
  const pairOf = (index) => pairs().find((pair) => pair.target === index);

  function changed() {
    commit();
    draw();
    tell("redraw");
  }

  function put(person, index) {
    const given = { photograph: person.photograph, face: person.face }, known = pairOf(index);
    if (known) known.people = [given];
    else state.work.pairs.push({ photograph: state.current, target: index, people: [given], values: {} });
    say(words.swap.onto(person.name, index));
    changed();
  }

  function drawFaces() {
    const shown = photograph();
    if (!active() || !shown) return;
    viewer.onface = (index) => { target = index; drawFaces(); };
    viewer.faces(shown.faces, (index) => words.swap.target(index), (index) => index === target);
    for (const box of viewer.boxes.children) takesDrops(box);
  }

  function takesDrops(box) {
    box.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes(MIME)) return;
      event.preventDefault();
      box.classList.add("target");
    });
    box.addEventListener("dragleave", () => box.classList.remove("target"));
    box.addEventListener("drop", (event) => {
      event.preventDefault();
      target = Number(box.dataset.face);
      put(JSON.parse(event.dataTransfer.getData(MIME)), target);
    });
  }

  function drawPeople() {
    const found = peopleChoices(state.current).filter((one) => !photograph(one.photograph).hidden);
    nobody.hidden = found.length > 0;
    people.replaceChildren(...found.map((person) => h("button", {
      type: "button", class: "person", draggable: true, "aria-label": words.swap.put(person.name), title: person.name,
      onclick: () => put(person, target),
      ondragstart: (event) => { event.dataTransfer.setData(MIME, JSON.stringify(person)); event.dataTransfer.effectAllowed = "copy"; },
    }, h("img", { alt: "", draggable: "false", src: api.url.face(person.photograph, person.face) }), h("span", {}, person.name))));
  }

  function pairItem(pair) {
    const { keys } = state.steps.swap;
    const more = peopleChoices(state.current).map((person) => {
      const chosen = pair.people.some((one) => one.photograph === person.photograph && one.face === person.face);
      const box = h("input", { type: "checkbox", checked: chosen, onchange: () => {
        const others = pair.people.filter((one) => one.photograph !== person.photograph || one.face !== person.face);
        pair.people = box.checked ? [...others, { photograph: person.photograph, face: person.face }] : others;
        if (!pair.people.length) state.work.pairs = state.work.pairs.filter((one) => one !== pair);
        changed();
      } });
      return h("label", { class: "chip" }, box, person.name);
    });
    const settings = keys.filter((key) => key.kind !== "reference").map((key) => control(key, pair.values[key.name], (value, done) => {
      if (JSON.stringify(value) === JSON.stringify(key.default)) delete pair.values[key.name]; else pair.values[key.name] = value;
      if (done) commit();
      tell("redraw");
    }));
    return h("div", { class: "pair" },
      h("div", { class: "pair-head" },
        pair.people.map((one) => h("img", { class: "face", alt: photograph(one.photograph).name, src: api.url.face(one.photograph, one.face) })),
        icon("arrow"),
        h("img", { class: "face", alt: words.face(pair.target), src: api.url.face(state.current, pair.target) }),
        h("span", { class: "spread" }, words.face(pair.target)),
        iconButton("close", words.swap.remove(pair.target), () => { state.work.pairs = state.work.pairs.filter((one) => one !== pair); changed(); })),
      more.length > 1 ? h("details", {}, h("summary", {}, words.swap.more), h("div", { class: "chips" }, more)) : null,
      h("details", { open: true }, h("summary", {}, words.swap.settings), settings));
  }

  function draw() {
    drawFaces();
    drawPeople();
    const known = pairs();
    none.hidden = known.length > 0;
    list.replaceChildren(...known.map(pairItem));
  }

  on("work", draw);
  on("photographs", draw);
  on("current", () => { target = 0; draw(); });
  draw();
  return { element, shown: draw };
}
