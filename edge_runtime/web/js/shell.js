// The frame around every view: navigation, the banner when the service is gone, messages.

import { get } from "./core/api.js";
import { connection } from "./core/connection.js";
import { el, fill } from "./core/dom.js";
import { t } from "./core/i18n.js";
import { bind } from "./core/keys.js";
import { live } from "./core/live.js";
import { go, link, parse } from "./core/router.js";
import { session } from "./core/session.js";
import { button } from "./parts/controls.js";
import { keyHelp } from "./parts/key-help.js";
import { icon } from "./parts/icons.js";
import { logo } from "./parts/logo.js";
import { toastRegion } from "./parts/toast.js";
import { UploadTray } from "./parts/upload.js";
import { JobsView } from "./views/jobs.js";
import { LibraryView } from "./views/library.js";
import { ModelsView } from "./views/models.js";
import { PhotoView } from "./views/photo.js";
import { ReviewView } from "./views/review.js";
import { SettingsView } from "./views/settings.js";
import { TagsView } from "./views/tags.js";

const PLACES = [
  ["library", "library", LibraryView],
  ["review", "review", ReviewView],
  ["tags", "tag", TagsView],
  ["jobs", "jobs", JobsView],
  ["models", "model", ModelsView],
  ["settings", "settings", SettingsView],
];
const VIEWS = { ...Object.fromEntries(PLACES.map(([name, , view]) => [name, view])), tag: LibraryView };
const COUNT_AFTER_MS = 400;

/** Shows the view that the address names; a photo lies over the view before it. */
export class Shell {
  #base = null;
  #baseHash = null;
  #overlay = null;
  #cameFromBase = false;
  #returnTo = null;
  #uploads = new UploadTray();
  #main = el("main", { id: "main", class: "main" });
  #over = el("div", { class: "overlay", hidden: true });
  #banner = el("div", { class: "banner", role: "alert", hidden: true });
  #links = new Map();
  #badge = el("span", { class: "badge", hidden: true });
  #timer = null;

  mount(root) {
    const skip = el("a", { class: "skip", href: "#main", text: t("skip.main"), on: { click: (event) => this.#skip(event) } });
    fill(root, skip, this.#banner, el("div", { class: "frame" }, this.#navigation(), this.#main), this.#over, this.#uploads.node, toastRegion());
    addEventListener("hashchange", () => this.#route());
    connection.on("down", ({ nextIn }) => this.#sayGone(nextIn));
    connection.on("restored", () => this.#back());
    for (const type of ["suggestion.added", "suggestion.changed", "photo.forgotten", "reset"]) {
      live.on(type, () => this.#countSoon());
    }
    bind([
      { keys: ["?"], words: "key.help", run: keyHelp },
      { keys: ["/"], words: "key.search", run: () => this.#search() },
      ...PLACES.slice(0, 3).map(([name], place) => ({ keys: [String(place + 1)], words: `key.go.${name}`, run: () => go(link(name)) })),
    ]);
    this.#uploads.listen(document.body);
    this.#route();
    this.#count();
  }

  #navigation() {
    const items = PLACES.map(([name, symbol]) => {
      const anchor = el("a", { href: link(name), class: "nav-link" }, icon(symbol), el("span", { class: "nav-words", text: t(`nav.${name}`) }), name === "review" && this.#badge);
      this.#links.set(name, anchor);
      return el("li", {}, anchor);
    });
    const add = session.may("write") && button(t("upload"), () => this.#uploads.choose(), { symbol: "upload", kind: "primary nav-upload" });
    return el("nav", { class: "nav", "aria-label": t("nav") }, el("a", { class: "brand", href: link("library") }, logo(), el("span", { text: "Edge Captions" })), el("ul", {}, items), add);
  }

  #route() {
    const { name, argument, query } = parse(location.hash);
    if (name === "photo") {
      if (!this.#base) this.#showBase("library", "", {}, link("library"));
      this.#showPhoto(argument);
    } else {
      this.#closePhoto();
      const view = name in VIEWS ? name : "library";
      if (this.#baseHash !== location.hash || !this.#base) this.#showBase(view, argument, query, location.hash);
    }
  }

  #showBase(name, argument, query, hash) {
    const isSame = this.#base?.constructor === VIEWS[name] && this.#base.turnTo?.(argument, query);
    this.#baseHash = hash;
    this.#markPlace(name);
    if (!isSame) {
      const isFirst = this.#base === null;
      this.#base?.unmount();
      fill(this.#main);
      this.#base = new VIEWS[name](argument, query);
      this.#base.mount(this.#main);
      scrollTo(0, 0);
      if (!isFirst) this.#main.querySelector(".page-title")?.focus({ preventScroll: true });
    }
    document.title = `${this.#base.title} · Edge Captions`;
  }

  #showPhoto(photoId) {
    if (!this.#overlay) {
      this.#returnTo = document.activeElement;
      this.#cameFromBase = this.#baseHash !== null && history.length > 1 && this.#wasShown;
    }
    this.#overlay?.unmount();
    fill(this.#over);
    this.#over.hidden = false;
    document.querySelector(".frame").inert = true;
    document.documentElement.classList.add("has-overlay");
    this.#overlay = new PhotoView(photoId, () => this.#leavePhoto());
    this.#overlay.mount(this.#over);
    this.#overlay.focus();
    document.title = `${this.#overlay.title} · Edge Captions`;
    this.#wasShown = true;
  }

  #wasShown = false;

  #leavePhoto() {
    if (this.#cameFromBase) history.back();
    else go(this.#baseHash ?? link("library"), { replace: true });
  }

  #closePhoto() {
    this.#wasShown = true;
    if (!this.#overlay) return;
    this.#overlay.unmount();
    this.#overlay = null;
    this.#over.hidden = true;
    fill(this.#over);
    document.querySelector(".frame").inert = false;
    document.documentElement.classList.remove("has-overlay");
    if (this.#returnTo?.isConnected) this.#returnTo.focus({ preventScroll: true });
    document.title = `${this.#base?.title ?? ""} · Edge Captions`;
  }

  #markPlace(name) {
    const place = name === "tag" ? "tags" : name;
    for (const [other, anchor] of this.#links) {
      if (other === place) anchor.setAttribute("aria-current", "page");
      else anchor.removeAttribute("aria-current");
    }
  }

  #sayGone(seconds) {
    this.#banner.hidden = false;
    fill(this.#banner, icon("warning"), el("span", { text: t("gone", { n: seconds }) }), button(t("gone.now"), () => connection.tryNow(), { kind: "small" }));
  }

  #back() {
    this.#banner.hidden = true;
    fill(this.#banner);
    this.#base?.refresh?.();
    this.#overlay?.refresh();
    this.#count();
  }

  #countSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#count(), COUNT_AFTER_MS);
  }

  async #count() {
    try {
      const { stored } = await get("stats");
      const waiting = stored.photos_pending;
      this.#badge.hidden = waiting === 0;
      fill(
        this.#badge,
        el("span", { "aria-hidden": true, text: waiting > 999 ? "999+" : String(waiting) }),
        el("span", { class: "unseen", text: t("nav.review.count", { n: waiting }) }),
      );
    } catch {
      // the banner tells
    }
  }

  #search() {
    if (!document.querySelector(".search-field")) go(link("library"));
    document.querySelector(".search-field")?.focus();
  }

  #skip(event) {
    event.preventDefault();
    this.#main.querySelector(".page-title, h1")?.focus();
  }
}
