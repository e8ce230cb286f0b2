// What the page asks of facelab. Addresses are relative, so that the token stays in front of them.

import { words } from "./words.js";

const TAB = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
let turn = 0;

export class Refusal extends Error {}
export class Lost extends Error {}

const watchers = [];
export const onConnection = (watcher) => watchers.push(watcher);
let answering = true;

function connection(now) {
  if (now === answering) return;
  answering = now;
  for (const watcher of watchers) watcher(now);
  if (!now) retry();
}

async function retry() {
  while (!answering) {
    await new Promise((done) => setTimeout(done, 1500));
    try {
      await fetch("photographs");
      connection(true);
    } catch { /* not yet */ }
  }
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { "X-Tab": TAB, "X-Turn": String(++turn), ...options.headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    connection(false);
    throw new Lost(words.lost);
  }
  connection(true);
  if (answer.ok) return answer;
  let told = `${answer.status} ${answer.statusText}`;
  try {
    told = (await answer.json()).error ?? told;
  } catch { /* no JSON: what the status says */ }
  throw new Refusal(told);
}

const json = (body) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => (value ?? "") !== "")).toString();

export const catalogue = async () => (await ask("catalogue")).json();
export const photographs = async () => (await ask("photographs")).json();
export const forget = (id) => ask(`photographs/${id}`, { method: "DELETE" });
export const upload = async (file) =>
  (await ask(`photographs?${query({ name: file.name })}`, { method: "PUT", body: file })).json();
export const presetPicture = async (preset, key) => (await ask(`presets/${preset}/${key}`, { method: "PUT" })).json();

// A picture, or null where a newer one was asked for meanwhile.
const picture = async (path, wish) => {
  const answer = await ask(path, json(wish));
  return answer.status === 204 ? null : answer.blob();
};
export const preview = (wish) => picture("preview", wish);
export const part = (wish, box) => picture(`part?${query(box)}`, wish);
export const text = async (wish, consent) => (await ask(`words?${query({ consent })}`, json(wish))).json();
export const save = async (wish, settings) => (await ask(`save?${query(settings)}`, json(wish))).json();
export const place = async (id, face, x, y) => (await ask(`photographs/${id}/faces/${face}/place?${query({ x, y })}`)).json();
export const numbers = async (id, face) => (await ask(`photographs/${id}/faces/${face}/numbers`)).json();
export const mesh = async (id, face) => (await ask(`photographs/${id}/faces/${face}/mesh`)).arrayBuffer();
export const exported = async (id, face, names) =>
  (await ask(`photographs/${id}/faces/${face}/export?${query({ write: names.join(",") })}`, { method: "POST" })).json();

export const url = {
  preview: (id) => `photographs/${id}/preview.jpg`,
  thumbnail: (id) => `photographs/${id}/thumbnail.jpg`,
  face: (id, face) => `photographs/${id}/faces/${face}/face.jpg`,
  example: (id, step) => `photographs/${id}/example/${step}.jpg`,
  view: (id, face, name) => `photographs/${id}/faces/${face}/view/${name}.png`,
  result: (key, name) => `results/${key}/${encodeURIComponent(name)}`,
};
