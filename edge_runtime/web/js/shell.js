// The frame around every view: navigation, the banner when the service is gone, messages.

import { connection } from "./core/connection.js";
import { el, fill } from "./core/dom.js";
import { t } from "./core/i18n.js";
import { bind } from "./core/keys.js";
import { go, link, parse } from "./core/router.js";
import { session } from "./core/session.js";
import { waiting } from "./core/waiting.js";
import { button } from "./parts/controls.js";
import { keyHelp } from "./parts/key-help.js";
import { icon } from "./parts/icons.js";
import { logo } from "./parts/logo.js";
import { toastRegion } from "./parts/toast.js";
import { UploadTray } from "./parts/upload.js";
import { later } from "./views/later.js";
import { LibraryView } from "./views/library.js";
import { PhotoView } from "./views/photo.js";
import { ReviewView } from "./views/review.js";

const AlbumsView = later("nav.tags", async () => (await import("./views/albums.js")).AlbumsView);
const JobsView = later("nav.jobs", async () => (await import("./views/jobs.js")).JobsView);
const ModelsView = later("nav.models", async () => (await import("./views/models.js")).ModelsView);
const SettingsView = later("nav.settings", async () => (await import("./views/settings.js")).SettingsView);
const StudiesView = later("nav.studies", async () => (await import("./views/studies.js")).StudiesView);
const WelcomeView = later("welcome", async () => (await import("./views/welcome.js")).WelcomeView);

/** @type {[string, string, any][]} */
const PLACES = [
  ["library", "library", LibraryView],
  ["review", "review", ReviewView],
  ["tags", "album", AlbumsView],
  ["jobs", "jobs", JobsView],
  ["models", "model", ModelsView],
  ["studies", "star", StudiesView],
  ["settings", "settings", SettingsView],
];
/** A phone's bar has no room for them; the models lead there. */
const ON_WIDE_ONLY = new Set(["studies"]);
const ALBUMS = new Set(["tag", "place", "person"]);
const VIEWS = { ...Object.fromEntries(PLACES.map(([name, , view]) => [name, view])), tag: LibraryView, place: LibraryView, person: LibraryView, welcome: WelcomeView };

/** @returns {HTMLElement} what lies below a photo */
const frame = () => document.querySelector(".frame");

/** Shows the view that the address names; a photo lies over the view before it. */
export class Shell {
  #base = null;
  #baseHash = null;
  #overlay = null;
  #cameFromBase = false;
  #returnTo = null;
  #uploads = new UploadTray();
  #main = el("main", { id: "main", class: "main" });
  #over = el("div", { class: "overlay", role: "region", "aria-label": t("photo"), hidden: true });
  #banner = el("div", { class: "banner", role: "alert", hidden: true });
  #links = new Map();
  #badge = el("span", { class: "badge", hidden: true });
  #end = new AbortController();
  #stops = [];

  mount(root) {
    const skip = el("a", { class: "skip", href: "#main", text: t("skip.main"), on: { click: (event) => this.#skip(event) } });
    fill(root, skip, this.#banner, el("div", { class: "frame" }, this.#navigation(), this.#main), this.#over, this.#uploads.node, toastRegion());
    addEventListener("hashchange", () => this.#route(), { signal: this.#end.signal });
    this.#stops.push(
      connection.on("down", ({ nextIn }) => this.#sayGone(nextIn)),
      connection.on("restored", () => this.#back()),
      waiting.on("change", () => this.#showWaiting()),
      bind(this.#keys()),
    );
    this.#uploads.listen(document.body, this.#end.signal);
    this.#route();
    waiting.refresh();
  }

  /** End everything that listens: the person was signed out. */
  unmount() {
    this.#end.abort();
    for (const stop of this.#stops) stop();
    this.#overlay?.unmount();
    this.#base?.unmount();
    document.documentElement.classList.remove("has-overlay");
  }

  #keys() {
    return [
      { keys: ["?"], words: "key.help", run: keyHelp },
      { keys: ["/"], words: "key.search", run: () => this.#search() },
      ...PLACES.slice(0, 3).map(([name], place) => ({ keys: [String(place + 1)], words: `key.go.${name}`, run: () => go(link(name)) })),
    ];
  }

  #navigation() {
    const items = PLACES.map(([name, symbol]) => {
      const anchor = el("a", { href: link(name), class: "nav-link" }, icon(symbol), el("span", { class: "nav-words", text: t(`nav.${name}`) }), name === "review" && this.#badge);
      this.#links.set(name, anchor);
      return el("li", { class: ON_WIDE_ONLY.has(name) ? "only-wide" : "" }, anchor);
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
      this.#base = new VIEWS[name](argument, query, name);
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
    frame().inert = true;
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
    frame().inert = false;
    document.documentElement.classList.remove("has-overlay");
    if (this.#returnTo?.isConnected) this.#returnTo.focus({ preventScroll: true });
    document.title = `${this.#base?.title ?? ""} · Edge Captions`;
  }

  #markPlace(name) {
    const place = ALBUMS.has(name) ? "tags" : name;
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
    waiting.refresh();
  }

  #showWaiting() {
    const { count } = waiting;
    this.#badge.hidden = count === 0;
    fill(
      this.#badge,
      el("span", { "aria-hidden": true, text: count > 999 ? "999+" : String(count) }),
      el("span", { class: "unseen", text: t("nav.review.count", { n: count }) }),
    );
  }

  #search() {
    if (!document.querySelector(".search-field")) go(link("library"));
    /** @type {HTMLElement | null} */ (document.querySelector(".search-field"))?.focus();
  }

  #skip(event) {
    event.preventDefault();
    this.#main.querySelector(".page-title, h1")?.focus();
  }
}
