// Single keys for what is done often. They can be switched off, and rest while typing.

import { isTyping } from "./dom.js";
import { keep, recall } from "./storage.js";

const layers = [];

/** Return whether single keys do something. */
export const areKeysOn = () => recall("keys", true);

export const switchKeys = (on) => keep("keys", on);

/**
 * Let keys do something until the returned function is called; the last layer goes first.
 * bindings: [{keys: ["a"], words: "key.accept", run}]
 */
export function bind(bindings) {
  layers.push(bindings);
  return () => {
    const place = layers.indexOf(bindings);
    if (place >= 0) layers.splice(place, 1);
  };
}

/** Return what the keys do now, the nearest first, each key once. */
export function bindingsNow() {
  const seen = new Set();
  return layers.toReversed().flat().filter((binding) => {
    const isNew = !seen.has(binding.keys[0]);
    for (const key of binding.keys) seen.add(key);
    return isNew && binding.words;
  });
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (isTyping(event.target) && event.key !== "Escape") return;
  if (event.target instanceof HTMLInputElement && event.target.type === "radio" && event.key.startsWith("Arrow")) return;
  const isSingle = event.key.length === 1;
  if (isSingle && !areKeysOn()) return;
  const key = isSingle ? event.key.toLowerCase() : event.key;
  for (const binding of layers.toReversed().flat()) {
    if (!binding.keys.includes(key)) continue;
    if (event.repeat && !binding.repeats) return;
    event.preventDefault();
    binding.run(event);
    return;
  }
});
