// Every tag is an album.

import { get, inWords } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { live } from "../core/live.js";
import { link } from "../core/router.js";
import { button, emptyState, failure, pageTitle, skeleton } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { photoImage } from "../parts/image.js";

const PAGE = 60;

/** The albums that hashtags and tags make. */
export class TagsView {
  #grid = el("ul", { class: "albums" });
  #state = el("div");
  #stops = [];
  #cursor = null;
  #prefix = "";
  #asked = 0;
  #covers = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "300px" });

  get title() {
    return t("nav.tags");
  }

  mount(root) {
    const field = el("input", { class: "search-field", type: "search", placeholder: t("tags.find"), "aria-label": t("tags.find"), autocomplete: "off" });
    field.addEventListener("input", () => {
      this.#prefix = field.value.trim().replace(/^#/, "");
      this.refresh();
    });
    root.append(
      el("header", { class: "page-head" }, el("div", { class: "page-head-row" }, pageTitle(t("nav.tags")), el("label", { class: "search" }, icon("search"), field))),
      this.#grid,
      this.#state,
    );
    this.#stops.push(live.on("tag.changed", () => this.refresh()), live.on("reset", () => this.refresh()));
    fill(this.#state, skeleton("grid-line", "grid-line"));
    this.refresh();
  }

  unmount() {
    this.#covers.disconnect();
    for (const stop of this.#stops) stop();
  }

  async refresh() {
    this.#cursor = null;
    await this.#load();
  }

  async #load() {
    this.#asked += 1;
    const asked = this.#asked;
    const isMore = this.#cursor !== null;
    try {
      const page = await get("tags", { prefix: this.#prefix, limit: PAGE, cursor: this.#cursor });
      if (asked !== this.#asked) return;
      this.#cursor = page.next_cursor;
      const cards = page.items.map((tag) => this.#album(tag));
      if (isMore) this.#grid.append(...cards);
      else fill(this.#grid, cards);
      fill(this.#state, this.#below(page));
    } catch (error) {
      if (asked === this.#asked) fill(this.#state, failure(inWords(error), () => this.#load()));
    }
  }

  #below(page) {
    if (this.#cursor) return el("div", { class: "row center" }, button(t("more"), () => this.#load()));
    if (page.items.length > 0 || this.#grid.children.length > 0) return null;
    return this.#prefix ? emptyState("search", t("search.nothing"), null) : emptyState("tag", t("tags.empty"), t("tags.empty.words"));
  }

  #album(tag) {
    const cover = el("span", { class: "cover", "data-tag": tag.name });
    this.#covers.observe(cover);
    return el(
      "li",
      {},
      el("a", { class: "album", href: link("tag", tag.name) }, cover, el("span", { class: "album-name", dir: "auto", text: `#${tag.display}` }), el("span", { class: "count", text: t("photos", { n: tag.photos }) })),
    );
  }

  async #seen(entries) {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      this.#covers.unobserve(target);
      const page = await get("photos", { tag: target.dataset.tag, limit: 1 }).catch(() => null);
      if (page?.items.length) target.append(photoImage(page.items[0].id, { alt: "" }));
    }
  }
}
