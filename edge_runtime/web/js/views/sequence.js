// The list that a photo was opened from, for "next" and "previous".

import { Emitter } from "../core/emitter.js";

/** Emits "change" when the list did. */
export const sequence = Object.assign(new Emitter(), { set, neighbours });

let ids = [];
let more = null;

/** Remember a list; `loadMore` brings the ids behind it, or is null. */
function set(photoIds, loadMore = null) {
  ids = photoIds;
  more = loadMore;
  sequence.emit("change");
}

/** Return the photos before and behind one. */
function neighbours(photoId) {
  const place = ids.indexOf(photoId);
  if (place < 0) return { previous: null, next: null };
  if (place >= ids.length - 5) more?.();
  return { previous: ids[place - 1] ?? null, next: ids[place + 1] ?? null };
}
