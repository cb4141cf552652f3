// What happens in the service, as it happens (server-sent events).

import { address, apiEvents, get } from "./api.js";
import { connection } from "./connection.js";
import { Emitter } from "./emitter.js";

const STORED = [
  "job.queued", "job.started", "job.done", "job.failed", "job.cancelled", "job.parked", "job.removed",
  "caption.ready", "caption.enriched", "caption.changed",
  "photo.added", "photo.changed", "photo.forgotten",
  "suggestion.added", "suggestion.changed", "tag.changed",
  "model.installed", "model.removed", "selection.changed",
  "source.added", "source.changed", "source.removed", "source.online", "source.offline", "metadata.written", "metadata.failed",
  "share.created", "share.changed", "share.revoked", "pairing.opened", "pairing.closed", "study.changed", "settings.changed",
];
const PASSING = ["job.progress", "model.state", "study.rated"];
const AGAIN_MS = 3000;

/** Emits each event's type with its data, `*` with {type, data}, and `reset` when some were missed. */
export const live = Object.assign(new Emitter(), { start, stop });

let source = null;
let lastId = null;
let timer = null;
let isWanted = false;

function start() {
  isWanted = true;
  open();
}

function stop() {
  isWanted = false;
  close();
}

function open() {
  close();
  // a hidden tab gives its connection back; what it missed comes when it is looked at
  if (!isWanted || document.hidden) return;
  source = new EventSource(address("events", { last_event_id: lastId }));
  source.addEventListener("ready", remember);
  source.addEventListener("reset", (event) => {
    remember(event);
    live.emit("reset");
  });
  for (const type of [...STORED, ...PASSING]) source.addEventListener(type, (event) => hand(type, event));
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again itself
    close();
    timer = setTimeout(again, AGAIN_MS);
  });
}

/** The service closed the door: perhaps this browser's token has ended. */
async function again() {
  const info = await get("info").catch(() => null);
  if (info?.authorized === false) apiEvents.emit("unauthorized");
  else if (info) open(); // without an answer, `restored` opens it
}

function close() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

function hand(type, event) {
  remember(event);
  let data;
  try {
    data = JSON.parse(event.data);
  } catch {
    return; // half an event, as the connection broke
  }
  live.emit(type, data);
  live.emit("*", { type, data });
}

function remember(event) {
  if (event.lastEventId) lastId = event.lastEventId;
}

document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
connection.on("restored", open);
