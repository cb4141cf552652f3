// All photos, by month: filtered, searched, or those of one tag.

import { get, inWords, post } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { formatMonth, t } from "../core/i18n.js";
import { live } from "../core/live.js";
import { go, link, parse } from "../core/router.js";
import { session } from "../core/session.js";
import { button, buttonLink, choices, emptyState, failure, iconButton, pageTitle, skeleton } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { altOf, photoImage } from "../parts/image.js";
import { PhotoGrid } from "../parts/photo-grid.js";
import { shareDialog } from "../parts/share.js";
import { toast } from "../parts/toast.js";
import { highlighted } from "../parts/words.js";
import { Feed } from "./feed.js";
import { shelfFilters, spanOf } from "./shelf-filters.js";
import { sequence } from "./sequence.js";

const SEARCH_AFTER_MS = 220;
const REFRESH_AFTER_MS = 1200;
/** These are on the screen when the list opens. */
const SEEN_AT_ONCE = 12;
const FILTERS = [
  ["", "filter.all", {}],
  ["none", "filter.none", { has_caption: false }],
  ["pending", "filter.pending", { pending: true }],
  ["unsure", "filter.unsure", { pending: true, verdict: "unsure" }],
  ["captioned", "filter.captioned", { has_caption: true }],
];

/** Albums that a link can show. */
const SHARED = new Set(["tag", "place"]);

/** The library, or the album of a tag, a place or a person. */
export class LibraryView {
  /** "library", "tag", "place" or "person", and which. */
  #kind;
  #name;
  #query;
  #feed = null;
  #grid;
  #stops = [];
  #typing = null;
  /** The address changes because of what was typed or pressed here. */
  #isOwnChange = false;
  #timer = null;
  #body = el("div", { class: "library-body" });
  #state = el("div");
  #said = el("p", { class: "unseen", role: "status" });
  #tools = el("div", { class: "row" });

  constructor(argument, query, kind = "library") {
    this.#kind = argument ? kind : "library";
    this.#name = argument;
    this.#query = query;
  }

  get title() {
    if (this.#kind === "library") return t("nav.library");
    return this.#kind === "tag" ? `#${this.#name}` : this.#name;
  }

  mount(root) {
    root.append(this.#head(), this.#said, this.#body, this.#state);
    this.#newGrid();
    this.#stops.push(live.on("photo.added", () => this.#refreshSoon()), live.on("photo.forgotten", ({ id }) => this.#drop(id)), live.on("reset", () => this.refresh()));
    for (const type of ["suggestion.added", "suggestion.changed", "caption.changed"]) {
      this.#stops.push(live.on(type, (data) => this.#reread(data.photo_id)));
    }
    this.#begin();
  }

  unmount() {
    for (const stop of this.#stops) stop();
    clearTimeout(this.#typing);
    clearTimeout(this.#timer);
    this.#grid.destroy();
    this.#feed?.end();
  }

  /** Follow another address of the same place; false: it is another place. */
  turnTo(argument, query) {
    if (argument !== this.#name || !this.#isOwnChange) return false;
    this.#isOwnChange = false;
    this.#query = query;
    this.#begin();
    return true;
  }

  refresh() {
    this.#begin();
  }

  #head() {
    const search = el("input", {
      class: "search-field",
      type: "search",
      placeholder: this.#kind === "library" ? t("search") : t("search.in_tag", { tag: this.title }),
      "aria-label": t("search"),
      value: this.#query.q ?? "",
      enterkeyhint: "search",
      autocomplete: "off",
    });
    search.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#change({ q: search.value.trim() }), SEARCH_AFTER_MS);
    });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && search.value) {
        clearTimeout(this.#typing);
        search.value = "";
        this.#change({ q: "" });
      }
    });
    const filters = choices(t("filter"), FILTERS.map(([name, words]) => [name, t(words)]), this.#query.show ?? "", (show) => this.#change({ show }));
    return el(
      "header",
      { class: "page-head" },
      el(
        "div",
        { class: "page-head-row" },
        pageTitle(this.title),
        el("label", { class: "search" }, icon("search"), search),
        this.#kind === "library" && session.may("write") && iconButton(t("upload"), "upload", choosePhotos, { class: "icon-button only-small" }),
        SHARED.has(this.#kind) && session.may("write") && iconButton(t("share.this"), "share", () => shareDialog(this.#kind, this.#name, this.title)),
      ),
      el("div", { class: "page-head-row wrap" }, el("div", { class: "filters" }, filters, shelfFilters(this.#kind, this.#query, (part) => this.#change(part))), this.#tools),
    );
  }

  #change(part) {
    const query = { ...this.#query, ...part };
    this.#isOwnChange = true;
    go(link(this.#kind, this.#name, query), { replace: true });
  }

  #newGrid() {
    this.#grid = new PhotoGrid({
      tile: (photo, index) => this.#tile(photo, index),
      head: (group) => el("h2", { class: "grid-head", text: formatMonth(group) }),
      onNearEnd: () => this.#more(),
    });
    fill(this.#body, this.#grid.node);
  }

  async #begin() {
    this.#feed?.end();
    const { q, show, tag, place, person, ...when } = this.#query;
    const filter = FILTERS.find(([name]) => name === (show ?? ""))?.[2] ?? {};
    const shelf = this.#kind === "library" ? {} : { [this.#kind]: this.#name };
    const feed = new Feed({ ...filter, q, tag, place, person, ...spanOf(when.when), ...shelf });
    this.#feed = feed;
    const waiting = setTimeout(() => feed === this.#feed && fill(this.#state, skeleton("grid-line", "grid-line", "grid-line")), 150);
    try {
      await feed.loadMore();
      if (feed !== this.#feed) return;
      clearTimeout(waiting);
      fill(this.#state);
      this.#show(feed);
    } catch (error) {
      clearTimeout(waiting);
      if (feed === this.#feed) fill(this.#state, failure(inWords(error), () => this.#begin()));
    }
  }

  #show(feed) {
    const isSearch = Boolean(this.#query.q);
    if (isSearch) {
      fill(this.#body, this.#results(feed));
    } else {
      if (!this.#grid.node.isConnected) fill(this.#body, this.#grid.node);
      this.#grid.set(feed.photos);
    }
    this.#remember(feed);
    this.#offer(feed);
    const count = feed.photos.length;
    this.#said.textContent = isSearch ? t("search.found", { n: count }) : "";
    if (count === 0) fill(this.#state, this.#nothing(isSearch));
    else if (isSearch && !feed.isWhole) fill(this.#state, el("div", { class: "row center" }, button(t("more"), () => this.#moreResults(feed))));
  }

  async #more() {
    const feed = this.#feed;
    if (!feed || feed.isWhole || feed.photos.length === 0 || this.#query.q) return;
    try {
      if (!(await feed.loadMore()) || feed !== this.#feed) return;
      this.#grid.extend();
      this.#remember(feed);
    } catch (error) {
      fill(this.#state, failure(inWords(error), () => {
        fill(this.#state);
        this.#more();
      }));
    }
  }

  async #moreResults(feed) {
    await feed.loadMore().catch((error) => toast(inWords(error), { isError: true }));
    if (feed === this.#feed) {
      fill(this.#state);
      this.#show(feed);
    }
  }

  #remember(feed) {
    sequence.set(feed.photos.map((photo) => photo.id), () => this.#more());
  }

  #tile(photo, index) {
    const image = photoImage(photo.id, { alt: altOf(photo), lazy: index >= SEEN_AT_ONCE });
    const tile = el(
      "a",
      { class: "tile", href: link("photo", photo.id), on: { click: () => this.#remember(this.#feed) } },
      image,
      photo.pending && el("span", { class: `tile-sign ${photo.verdict ?? ""}`, title: t("filter.pending") }, icon("review")),
    );
    return tile;
  }

  #results(feed) {
    return el(
      "ul",
      { class: "results" },
      feed.photos.map((photo) =>
        el(
          "li",
          {},
          el(
            "a",
            { class: "result", href: link("photo", photo.id) },
            photoImage(photo.id, { alt: "" }),
            el(
              "span",
              { class: "result-words" },
              photo.match && el("span", { class: "result-text", dir: "auto" }, highlighted(photo.match.text, photo.match.highlights)),
              photo.match && el("span", { class: "hint", text: t(`match.${photo.match.field}`) }),
            ),
          ),
        ),
      ),
    );
  }

  /** Offer to describe what has no caption. */
  #offer(feed) {
    const wanted = feed.photos.filter((photo) => !photo.has_caption && !photo.pending);
    const isOffered = this.#query.show === "none" && session.may("write") && wanted.length > 0;
    fill(this.#tools, isOffered && button(t("describe.all", { n: wanted.length }), () => this.#describe(wanted), { symbol: "wand", kind: "small" }));
  }

  async #describe(photos) {
    try {
      const job = await post("photos/captions", { photo_ids: photos.map((photo) => photo.id).slice(0, 10_000), language: session.language });
      toast(t("describe.queued"), { action: { words: t("nav.jobs"), run: () => go(link("jobs", "", { id: job.id })) } });
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
  }

  #nothing(isSearch) {
    if (isSearch) return emptyState("search", t("search.nothing"), t("search.nothing.words"));
    if (Object.keys(this.#query).length > 0) return emptyState("library", t("filter.nothing"), null, button(t("filter.all"), () => go(link(this.#kind, this.#name)), { symbol: "library" }));
    if (this.#kind === "tag") return emptyState("tag", t("tag.empty"), t("tag.empty.words"));
    return emptyState("library", t("library.empty"), session.may("write") ? t("library.empty.words") : null, session.may("write") && button(t("upload"), choosePhotos, { symbol: "upload", kind: "primary" }), session.may("admin") && buttonLink(t("welcome.open"), link("welcome"), { symbol: "folder" }));
  }

  /** A photo says something else now: its tile tells so to screen readers. */
  async #reread(id) {
    const photo = this.#feed?.photos.find((one) => one.id === id);
    const details = photo && (await get(`photos/${id}`).catch(() => null));
    if (!details) return;
    photo.caption = wordsOf(details);
    const image = this.#body.querySelector(`[href="${link("photo", id)}"] img`);
    if (image) image.alt = altOf(photo);
  }

  #drop(id) {
    const place = this.#feed?.photos.findIndex((photo) => photo.id === id) ?? -1;
    if (place < 0) return;
    this.#feed.photos.splice(place, 1);
    if (!this.#query.q) this.#grid.set(this.#feed.photos);
    this.#remember(this.#feed);
  }

  #refreshSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#takeNew(), REFRESH_AFTER_MS);
  }

  async #takeNew() {
    if (parse(location.hash).name === "photo") return this.#refreshSoon();
    const isFar = scrollY > innerHeight;
    if (!isFar || this.#feed.photos.length === 0) return this.#begin();
    toast(t("library.new"), { action: { words: t("show"), run: () => {
      scrollTo(0, 0);
      this.#begin();
    } } });
    return undefined;
  }
}

/** Return what stands under a photo: its caption, else what is suggested. */
function wordsOf({ captions, suggestions }) {
  const own = captions.find((one) => one.language === session.language) ?? captions[0];
  return (own ?? suggestions.find((one) => one.state === "pending"))?.text ?? null;
}

/** Ask the tray to open the choice of files. */
function choosePhotos() {
  document.dispatchEvent(new CustomEvent("choose-photos"));
}
