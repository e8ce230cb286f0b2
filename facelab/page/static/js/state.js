// What was done in this tab: photographs, recipe, swaps; with undo, and kept over a reload.

const KEY = "facelab";
const MOST = 200;

export const state = {
  catalogue: null,
  steps: {}, // name to what the catalogue says of it
  photographs: [],
  current: null, // id
  mode: "edit",
  work: { steps: [], pairs: [], face: "all", seed: 0 },
};

let earlier = [], later = [], last = "";
const watchers = new Map();

export function on(event, watcher) {
  watchers.set(event, [...(watchers.get(event) ?? []), watcher]);
}

export function tell(event, detail) {
  for (const watcher of watchers.get(event) ?? []) watcher(detail);
}

export const photograph = (id = state.current) => state.photographs.find((one) => one.id === id);
export const stepId = () => Math.random().toString(36).slice(2, 10);

// The work has changed for good: it can be undone from here on.
export function commit() {
  const now = JSON.stringify(state.work);
  if (now !== last) {
    earlier.push(last);
    earlier = earlier.slice(-MOST);
    later = [];
    last = now;
  }
  keep();
  tell("history");
}

function keep() {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ work: state.work, current: state.current, mode: state.mode }));
  } catch { /* no storage: then a reload begins anew */ }
}

export const canUndo = () => earlier.length > 0;
export const canRedo = () => later.length > 0;
export const undo = () => step(earlier, later);
export const redo = () => step(later, earlier);

function step(from, to) {
  if (!from.length) return;
  to.push(last);
  last = from.pop();
  state.work = JSON.parse(last);
  keep();
  tell("history");
  tell("work");
}

export function restore() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    if (kept.work) state.work = { ...state.work, ...kept.work };
    state.current = kept.current ?? null;
    state.mode = ["swap", "see", "batch"].includes(kept.mode) ? kept.mode : "edit";
  } catch { /* kept by another version: begin anew */ }
  state.work.steps = state.work.steps.filter((one) => one.name in state.steps);
  last = JSON.stringify(state.work);
}

export function setCurrent(id) {
  if (state.current === id) return;
  state.current = id;
  const shown = photograph();
  if (shown && state.work.face !== "all" && state.work.face >= shown.faces.length) state.work.face = "all";
  keep();
  tell("current");
}

export function setMode(mode) {
  state.mode = mode;
  keep();
  tell("mode");
}

// --- What is asked of facelab for the work ---------------------------------------------------------

const REFERENCES = new Set(["reference", "references"]);
const named = (name) => name.replace(/\.[^.]*$/, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "") || "input";

class Inputs {
  byName = {};
  // The name of an input: a new one, or that of the same face or picture.
  of(given) {
    const body = given.picture ? { picture: given.picture } : { people: given.people ?? [given] };
    const told = JSON.stringify(body);
    for (const [name, known] of Object.entries(this.byName)) if (JSON.stringify(known) === told) return name;
    const file = photograph(body.picture ?? body.people[0].photograph)?.name ?? "input";
    let name = named(file);
    for (let count = 2; name in this.byName; count++) name = `${named(file)}-${count}`;
    this.byName[name] = body;
    return name;
  }
}

const isThere = (given) => given && (given.picture ? photograph(given.picture) : (given.people ?? [given]).every((one) => photograph(one.photograph)));

// Whether a step has all that it needs.
export function complete(step) {
  return state.steps[step.name].keys.every((key) => key.kind !== "reference" || isThere(step.values[key.name]));
}

function bodyOf(step, inputs) {
  const values = {};
  for (const key of state.steps[step.name].keys) {
    const value = step.values[key.name];
    if (value === undefined) continue;
    if (!REFERENCES.has(key.kind)) values[key.name] = value;
    else if (key.kind === "reference") values[key.name] = inputs.of(value);
    else values[key.name] = value.filter(isThere).map((one) => inputs.of(one));
  }
  return { name: step.name, values };
}

export function editWish(id = state.current, faces = state.work.face) {
  const inputs = new Inputs();
  const steps = state.work.steps.filter((step) => step.on && complete(step)).map((step) => bodyOf(step, inputs));
  return { photograph: id, passes: steps.length ? [{ faces, steps, seed: state.work.seed }] : [], inputs: inputs.byName };
}

export function swapWish() {
  const inputs = new Inputs();
  const passes = pairs().map((pair) => ({
    faces: pair.target,
    steps: [{ name: "swap", values: { ...pair.values, source: inputs.of({ people: pair.people }) } }],
  }));
  return { photograph: state.current, passes, inputs: inputs.byName };
}

export const pairs = () => state.work.pairs.filter((pair) => pair.photograph === state.current && isThere({ people: pair.people }));
export const wish = () => (state.mode === "swap" ? swapWish() : editWish());
