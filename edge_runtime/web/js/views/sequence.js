// The list that a photo was opened from, for "next" and "previous".

let ids = [];
let more = null;

/** Remember a list; `loadMore` brings the ids behind it, or is null. */
export function setSequence(photoIds, loadMore = null) {
  ids = photoIds;
  more = loadMore;
}

/** Return the photos before and behind one. */
export function neighbours(photoId) {
  const place = ids.indexOf(photoId);
  if (place < 0) return { previous: null, next: null };
  if (place >= ids.length - 5) more?.();
  return { previous: ids[place - 1] ?? null, next: ids[place + 1] ?? null };
}
