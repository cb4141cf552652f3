// Where each photo of a long list goes: rows that fill the width, months under headings.
// Pure; photos can be added behind those that have their place already.

const MIN_RATIO = 0.5;
const MAX_RATIO = 2.8;

/** Rows of photos of one width. */
export class JustifiedLayout {
  blocks = [];
  height = 0;
  #options;
  #count = 0;
  #group = null;
  #row = { start: 0, ratios: 0, count: 0 };
  /** Length of `blocks` and the height without the last row, which may still grow. */
  #settled = { blocks: 0, height: 0 };

  /** options: width, rowHeight, gap, headHeight, all in pixels. */
  constructor(options) {
    this.#options = options;
  }

  get count() {
    return this.#count;
  }

  /** Give further photos ({width, height, group}) their place; returns the first block that changed. */
  add(photos) {
    const changed = this.#settled.blocks;
    this.#unsettle();
    for (const photo of photos) {
      if (photo.group !== this.#group) this.#begin(photo.group);
      this.#place(ratioOf(photo));
    }
    this.#settle();
    return changed;
  }

  /** Return the numbers [first, behind the last) of the blocks between two heights. */
  between(top, bottom) {
    const first = this.#search((block) => block.top + block.height > top);
    const behind = this.#search((block) => block.top >= bottom);
    return [first, Math.max(behind, first)];
  }

  /** Return the row that holds a photo, by the photo's number. */
  rowOf(index) {
    const place = this.#search((block) => block.end > index);
    return this.blocks[place] ?? null;
  }

  #begin(group) {
    this.#closeRow(false);
    this.#group = group;
    const { headHeight, firstHeadHeight = headHeight } = this.#options;
    const height = this.#count === 0 ? firstHeadHeight : headHeight;
    this.#put({ kind: "head", group, height, start: this.#count, end: this.#count });
  }

  #place(ratio) {
    const { width, rowHeight, gap } = this.#options;
    const row = this.#row;
    row.ratios += ratio;
    row.count += 1;
    this.#count += 1;
    if (row.ratios * rowHeight + gap * (row.count - 1) >= width) this.#closeRow(true);
  }

  #closeRow(isFull) {
    const { width, rowHeight, gap } = this.#options;
    const { start, ratios, count } = this.#row;
    if (count > 0) {
      const fitting = (width - gap * (count - 1)) / ratios;
      const height = isFull ? fitting : Math.min(rowHeight, fitting);
      this.#put({ kind: "row", start, end: start + count, height, isFull });
    }
    this.#row = { start: this.#count, ratios: 0, count: 0 };
  }

  #put(block) {
    const gap = block.kind === "row" ? this.#options.gap : 0;
    this.blocks.push({ ...block, top: this.height });
    this.height += block.height + gap;
  }

  /** Show the row that is not full yet, but keep it open. */
  #settle() {
    const row = { ...this.#row };
    this.#settled = { blocks: this.blocks.length, height: this.height };
    this.#closeRow(false);
    this.#row = row;
  }

  #unsettle() {
    this.blocks.length = this.#settled.blocks;
    this.height = this.#settled.height;
  }

  #search(isIn) {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isIn(this.blocks[middle])) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Return width by height, within what a row can show. */
export function ratioOf({ width, height }) {
  const ratio = width > 0 && height > 0 ? width / height : 1;
  return Math.min(Math.max(ratio, MIN_RATIO), MAX_RATIO);
}
