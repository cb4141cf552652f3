// Which suggestion comes next. Pages of the service's list, and what happened to them here.

import { get } from "../core/api.js";

const PAGE = 30;
const AHEAD = 5;

/** The suggestions that wait, and the place of the one before the person. */
export class ReviewQueue {
  verdict;
  #items = [];
  #cursor = null;
  #place = 0;
  #gone = new Set();
  #filling = null;

  constructor(verdict) {
    this.verdict = verdict;
  }

  get current() {
    return this.#items[this.#place] ?? null;
  }

  get next() {
    return this.#items[this.#place + 1] ?? null;
  }

  get place() {
    return this.#place;
  }

  get total() {
    return this.#items.length;
  }

  /** Whether `total` counts all that wait. */
  get isWhole() {
    return this.#cursor === null;
  }

  /** How many were passed over and still wait. */
  get skipped() {
    return this.#items.length;
  }

  /** Begin with the newest that waits. */
  async load() {
    const page = await this.#page(null);
    this.#gone.clear();
    this.#items = page.items;
    this.#cursor = page.next_cursor;
    this.#place = 0;
  }

  /** Fetch the next page before the person gets there; two calls are one. */
  fillUp() {
    if (this.#cursor === null || this.#place + AHEAD < this.#items.length) return Promise.resolve();
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = null;
    });
    return this.#filling;
  }

  /** Put what came meanwhile at the end. */
  async addNew() {
    const page = await this.#page(null);
    if (this.#items.length === 0) this.#cursor = page.next_cursor;
    this.#add(page.items.toReversed());
  }

  /** Move; returns false at the beginning. */
  step(by) {
    const place = this.#place + by;
    if (place < 0 || place > this.#items.length) return false;
    this.#place = place;
    return true;
  }

  /** Take out what was decided; returns whether it was here. */
  drop(id) {
    this.#gone.add(id);
    const place = this.#items.findIndex((one) => one.id === id);
    if (place < 0) return false;
    this.#items.splice(place, 1);
    if (place < this.#place) this.#place -= 1;
    return true;
  }

  /** Take out what belongs to a photo that is gone. */
  dropPhoto(photoId) {
    const found = this.#items.find((one) => one.photo_id === photoId);
    return found ? this.drop(found.id) : false;
  }

  /** Put a suggestion before the person again. */
  putBack(suggestion) {
    this.drop(suggestion.id);
    this.#gone.delete(suggestion.id);
    this.#items.splice(this.#place, 0, suggestion);
  }

  async #fill() {
    const page = await this.#page(this.#cursor);
    this.#cursor = page.next_cursor;
    this.#add(page.items);
  }

  #add(items) {
    const known = new Set(this.#items.map((one) => one.id));
    // a photo's newer suggestion takes the place of the one before
    const replaced = new Set(items.filter((one) => !known.has(one.id)).map((one) => one.photo_id + one.language));
    for (const old of this.#items.filter((one) => replaced.has(one.photo_id + one.language))) this.drop(old.id);
    for (const one of items) {
      if (!known.has(one.id) && !this.#gone.has(one.id)) this.#items.push(one);
    }
  }

  #page(cursor) {
    return get("suggestions", { state: "pending", verdict: this.verdict, limit: PAGE, cursor });
  }
}
