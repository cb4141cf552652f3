// Shows a layout of any length with only as many elements as the window needs.

import { el, fill } from "../core/dom.js";
import { JustifiedLayout, ratioOf } from "./justified.js";

const OVERSCAN_PX = 900;
const GAP = 4;
/** What the page's head may cover of the list. */
const HEAD_PX = 120;

/** A window onto a long list of photos, on the page's own scrolling. */
export class PhotoGrid {
  #photos = [];
  #layout = null;
  #nodes = new Map();
  #tile;
  #head;
  #onNearEnd;
  #frame = null;
  #observer;
  #width = 0;
  node = el("div", { class: "grid" });

  /** tile(photo, index), head(group) return elements; onNearEnd() asks for more photos. */
  constructor({ tile, head, onNearEnd }) {
    this.#tile = tile;
    this.#head = head;
    this.#onNearEnd = onNearEnd;
    this.#observer = new ResizeObserver(() => this.#resized());
    this.#observer.observe(this.node);
    addEventListener("scroll", this.#plan, { passive: true });
    addEventListener("resize", this.#plan, { passive: true });
    this.node.addEventListener("keydown", (event) => this.#onKey(event));
  }

  destroy() {
    this.#observer.disconnect();
    removeEventListener("scroll", this.#plan);
    removeEventListener("resize", this.#plan);
    cancelAnimationFrame(this.#frame);
  }

  /** Show other photos from the beginning. */
  set(photos) {
    this.#photos = photos;
    this.#rebuild();
  }

  /** Show the photos that were put behind those shown. */
  extend() {
    if (!this.#layout) return;
    const changed = this.#layout.add(this.#photos.slice(this.#layout.count));
    for (const number of [...this.#nodes.keys()]) if (number >= changed) this.#drop(number);
    this.#draw();
  }

  /** Return the index of the first photo below the page's head. */
  get firstVisible() {
    const top = HEAD_PX + 1 - this.node.getBoundingClientRect().top;
    const [first] = this.#layout?.between(top, Infinity) ?? [0];
    return this.#layout?.blocks[first]?.start ?? 0;
  }

  /** Draw the tiles again that are shown, after their photos changed. */
  redraw() {
    for (const number of [...this.#nodes.keys()]) this.#drop(number);
    this.#draw();
  }

  #plan = () => {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#draw();
    });
  };

  #resized() {
    const width = this.node.clientWidth;
    if (width === 0 || width === this.#width) return;
    const anchor = this.#layout ? this.firstVisible : 0;
    this.#rebuild();
    if (anchor > 0) this.#scrollTo(anchor);
  }

  #rebuild() {
    this.#width = this.node.clientWidth;
    if (this.#width === 0) return;
    const isNarrow = this.#width < 640;
    this.#layout = new JustifiedLayout({ width: this.#width, rowHeight: isNarrow ? 118 : 212, gap: GAP, headHeight: isNarrow ? 52 : 60, firstHeadHeight: 38 });
    this.#layout.add(this.#photos);
    this.redraw();
  }

  #draw() {
    if (!this.#layout) return;
    const top = -this.node.getBoundingClientRect().top;
    const [first, behind] = this.#layout.between(top - OVERSCAN_PX, top + innerHeight + OVERSCAN_PX);
    this.node.style.height = `${this.#layout.height}px`;
    for (const number of [...this.#nodes.keys()]) if (number < first || number >= behind) this.#drop(number);
    for (let number = first; number < behind; number += 1) this.#add(number);
    if (top + 6 * innerHeight > this.#layout.height) this.#onNearEnd();
  }

  #add(number) {
    if (this.#nodes.has(number)) return;
    const block = this.#layout.blocks[number];
    const node = block.kind === "head" ? this.#head(block.group) : this.#row(block);
    node.style.setProperty("top", `${block.top}px`);
    node.style.setProperty("height", `${block.height}px`);
    this.#nodes.set(number, node);
    // in the order of the list, for the Tab key and screen readers
    const after = [...this.#nodes.keys()].filter((other) => other > number);
    const next = after.length ? this.#nodes.get(Math.min(...after)) : null;
    this.node.insertBefore(node, next);
  }

  #row(block) {
    const row = el("div", { class: "grid-row" });
    const photos = this.#photos.slice(block.start, block.end);
    const tiles = photos.map((photo, place) => {
      const tile = this.#tile(photo, block.start + place);
      const width = ratioOf(photo) * block.height;
      tile.style.setProperty("flex", block.isFull ? `${ratioOf(photo)} 1 0` : `0 0 ${width}px`);
      tile.dataset.index = block.start + place;
      return tile;
    });
    return fill(row, tiles);
  }

  #drop(number) {
    const node = this.#nodes.get(number);
    this.#nodes.delete(number);
    // what was scrolled past needn't come any more: a small machine has enough to do
    for (const image of node?.querySelectorAll("img:not(.is-loaded)") ?? []) image.removeAttribute("src");
    node?.remove();
  }

  #scrollTo(index) {
    const row = this.#layout.rowOf(index);
    if (row) scrollTo({ top: row.top + this.node.getBoundingClientRect().top + scrollY - HEAD_PX });
  }

  #onKey(event) {
    const tile = event.target.closest("[data-index]");
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return;
    const index = Number(tile.dataset.index);
    const wanted = this.#neighbour(index, event.key);
    if (wanted === null || wanted < 0 || wanted >= this.#photos.length) return;
    event.preventDefault();
    const row = this.#layout.rowOf(wanted);
    const top = this.node.getBoundingClientRect().top + row.top;
    if (top < HEAD_PX || top + row.height > innerHeight - 80) {
      this.#scrollTo(wanted);
      this.#draw();
    }
    this.node.querySelector(`[data-index="${wanted}"]`)?.focus({ preventScroll: true });
  }

  #neighbour(index, key) {
    if (key === "ArrowRight") return index + 1;
    if (key === "ArrowLeft") return index - 1;
    if (key !== "ArrowDown" && key !== "ArrowUp") return null;
    const row = this.#layout.rowOf(index);
    const place = index - row.start;
    if (key === "ArrowDown") {
      const below = this.#layout.rowOf(row.end);
      return below ? Math.min(below.start + place, below.end - 1) : null;
    }
    const above = row.start > 0 ? this.#layout.rowOf(row.start - 1) : null;
    return above ? Math.min(above.start + place, above.end - 1) : null;
  }
}
