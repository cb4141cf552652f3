// How many photos wait for a person, for everybody who shows it.

import { get } from "./api.js";
import { Emitter } from "./emitter.js";
import { live } from "./live.js";

const AFTER_MS = 400;
const CHANGES = ["suggestion.added", "suggestion.changed", "photo.forgotten", "reset"];

/** Emits "change"; `count` is null until it is known. */
export const waiting = Object.assign(new Emitter(), { count: null, refresh });

let timer = null;

async function refresh() {
  try {
    waiting.count = (await get("stats")).stored.photos_pending;
    waiting.emit("change");
  } catch {
    // the banner tells; it is asked for again when the service is back
  }
}

for (const type of CHANGES) {
  live.on(type, () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, AFTER_MS);
  });
}
