// Albums that make themselves: of tags, of places, of people.

import { get, inWords } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { live } from "../core/live.js";
import { go, link } from "../core/router.js";
import { session } from "../core/session.js";
import { button, choices, emptyState, failure, pageTitle, skeleton } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { photoImage } from "../parts/image.js";

const PAGE = 60;
/** Where the albums of a kind come from, and how one looks. */
const KINDS = {
  tag: { path: "tags", symbol: "tag", words: (one) => `#${one.display}` },
  place: { path: "places", symbol: "place", words: (one) => one.name },
  person: { path: "people", symbol: "person", words: (one) => one.name },
};

/** The albums of one kind; the address says which. */
export class AlbumsView {
  #kind;
  #grid = el("ul", { class: "albums" });
  #state = el("div");
  #stops = [];
  #cursor = null;
  #sought = "";
  #asked = 0;
  #covers = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "300px" });

  constructor(_argument, { by }) {
    this.#kind = by in KINDS ? by : "tag";
  }

  get title() {
    return t("nav.tags");
  }

  mount(root) {
    const field = el("input", { class: "search-field", type: "search", placeholder: t("albums.find"), "aria-label": t("albums.find"), autocomplete: "off" });
    field.addEventListener("input", () => {
      this.#sought = field.value.trim().replace(/^#/, "");
      this.refresh();
    });
    const kinds = Object.keys(KINDS).filter((kind) => kind !== "person" || session.knowsPeople);
    const tabs = choices(t("albums.kind"), kinds.map((kind) => [kind, t(`albums.${kind}`)]), this.#kind, (by) => go(link("tags", "", { by }), { replace: true }));
    root.append(
      el("header", { class: "page-head" }, el("div", { class: "page-head-row" }, pageTitle(this.title), el("label", { class: "search" }, icon("search"), field)), tabs),
      this.#grid,
      this.#state,
    );
    for (const type of ["tag.changed", "source.changed", "reset"]) this.#stops.push(live.on(type, () => this.refresh()));
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
      const { items, next } = await this.#page();
      if (asked !== this.#asked) return;
      this.#cursor = next;
      const cards = items.map((one) => this.#album(one));
      if (isMore) this.#grid.append(...cards);
      else fill(this.#grid, cards);
      fill(this.#state, this.#below(items));
    } catch (error) {
      if (asked === this.#asked) fill(this.#state, failure(inWords(error), () => this.#load()));
    }
  }

  /** Tags come in pages; places and people all at once. */
  async #page() {
    if (this.#kind === "tag") {
      const page = await get("tags", { prefix: this.#sought, limit: PAGE, cursor: this.#cursor });
      return { items: page.items, next: page.next_cursor };
    }
    const { items } = await get(KINDS[this.#kind].path);
    const sought = this.#sought.toLocaleLowerCase();
    const found = items.filter((one) => one.name.toLocaleLowerCase().includes(sought));
    const first = this.#cursor ?? 0;
    return { items: found.slice(first, first + PAGE), next: found.length > first + PAGE ? first + PAGE : null };
  }

  #below(items) {
    if (this.#cursor) return el("div", { class: "row center" }, button(t("more"), () => this.#load()));
    if (items.length > 0 || this.#grid.children.length > 0) return null;
    if (this.#sought) return emptyState("search", t("search.nothing"), null);
    return emptyState(KINDS[this.#kind].symbol, t(`albums.${this.#kind}.empty`), t(`albums.${this.#kind}.empty.words`));
  }

  #album(one) {
    const cover = el("span", { class: "cover", "data-name": one.name });
    this.#covers.observe(cover);
    return el(
      "li",
      {},
      el("a", { class: "album", href: link(this.#kind, one.name) }, cover, el("span", { class: "album-name", dir: "auto", text: KINDS[this.#kind].words(one) }), el("span", { class: "count", text: t("photos", { n: one.photos }) })),
    );
  }

  async #seen(entries) {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      this.#covers.unobserve(target);
      const page = await get("photos", { [this.#kind]: target.dataset.name, limit: 1 }).catch(() => null);
      if (page?.items.length) target.append(photoImage(page.items[0].id, { alt: "" }));
    }
  }
}
