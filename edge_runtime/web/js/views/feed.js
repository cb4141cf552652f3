// The photos of a list, page by page, as lean records.

import { get } from "../core/api.js";

const PAGE = 200;

/** Photos that a filter lets through, the newest first. */
export class Feed {
  photos = [];
  isWhole = false;
  #query;
  #cursor = null;
  #loading = null;
  #isOld = false;

  /** query: q, has_caption, pending, verdict, tag, place, person, year, month. */
  constructor(query) {
    this.#query = query;
  }

  /** Put the next page behind the others; two calls at once are one. Returns whether any came. */
  loadMore() {
    if (this.isWhole) return Promise.resolve(false);
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  /** Return the photos that came to the beginning since, or null where that can't be told. */
  async newer() {
    const page = await get("photos", { ...this.#query, limit: 50 });
    const known = new Set(this.photos.slice(0, 200).map((photo) => photo.id));
    const fresh = page.items.map(lean).filter((photo) => !known.has(photo.id));
    return fresh;
  }

  /** What is still on its way belongs to a list that nobody looks at any more. */
  end() {
    this.#isOld = true;
  }

  async #load() {
    const page = await get("photos", { ...this.#query, limit: PAGE, cursor: this.#cursor });
    if (this.#isOld) return false;
    this.#cursor = page.next_cursor;
    this.isWhole = page.next_cursor === null;
    for (const photo of page.items) this.photos.push(lean(photo));
    return true;
  }
}

function lean(photo) {
  const at = new Date(photo.taken_at ?? photo.added_at);
  return {
    id: photo.id,
    width: photo.width,
    height: photo.height,
    taken_at: photo.taken_at,
    group: `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}`,
    caption: photo.words,
    has_caption: photo.has_caption,
    pending: photo.pending,
    verdict: photo.verdict,
    match: photo.match,
  };
}
