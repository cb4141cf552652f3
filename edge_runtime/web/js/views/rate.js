// The page of somebody who rates: one photo after the other, and texts without names.

import { ApiError, BASE, apiEvents, inWords, refusal } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { connection } from "../core/connection.js";
import { t } from "../core/i18n.js";
import { bind } from "../core/keys.js";
import { button, emptyState, progressBar, skeleton } from "../parts/controls.js";
import { starRow } from "../parts/stars.js";
import { toastRegion } from "../parts/toast.js";

/** Opens a link that belongs to one respondent. */
export class RateView {
  #secret;
  #study = null;
  #place = 0;
  #body = el("main", { class: "rate" });

  constructor(secret) {
    this.#secret = secret;
  }

  async mount(root) {
    document.title = t("rate");
    fill(root, this.#body, toastRegion());
    fill(this.#body, skeleton("line", "review-picture"));
    bind([
      { keys: ["ArrowRight", "Enter"], words: "key.next", run: () => this.#step(1) },
      { keys: ["ArrowLeft"], words: "key.previous", run: () => this.#step(-1) },
    ]);
    await this.#load();
  }

  async #load() {
    try {
      this.#study = await this.#ask("GET", "");
      const { items } = this.#study;
      const open = items.findIndex((item) => !isRated(item));
      this.#place = open < 0 ? items.length : open;
      document.title = this.#study.name;
      this.#show();
    } catch (error) {
      const isGone = error instanceof ApiError && error.status === 404;
      fill(this.#body, isGone ? emptyState("link", t("shared.gone"), t("shared.gone.words")) : emptyState("warning", t("failed.title"), inWords(error), button(t("again"), () => this.#load())));
      if (!isGone) {
        const stop = connection.on("restored", () => {
          stop();
          this.#load();
        });
      }
    }
  }

  #show() {
    const { items, state } = this.#study;
    if (state !== "open" || items.length === 0) {
      fill(this.#body, emptyState("star", t(state === "closed" ? "rate.closed" : "rate.not_ready"), null));
    } else if (this.#place >= items.length) {
      this.#thank();
    } else {
      this.#showPhoto(items[this.#place]);
    }
    scrollTo(0, 0);
  }

  #showPhoto(item) {
    const { items, language, name } = this.#study;
    const words = t("rate.place", { place: this.#place + 1, total: items.length });
    const title = el("h1", { class: "page-title", tabindex: "-1", dir: "auto", text: name });
    const next = button(t("rate.next"), () => this.#step(1), { kind: "primary big" });
    next.disabled = !isRated(item);
    const texts = item.texts.map((text, number) => {
      const box = el("li", { class: item.stars[number] ? "rate-text is-rated" : "rate-text" });
      const onRate = async (stars) => {
        await this.#rate(item, number, stars);
        box.classList.add("is-rated");
        next.disabled = !isRated(item);
      };
      box.append(el("p", { class: "caption-text", dir: "auto", lang: language, text }), starRow({ legend: t("rate.stars", { n: number + 1 }), current: item.stars[number] ?? 0, onRate }));
      return box;
    });
    fill(
      this.#body,
      el("header", { class: "rate-head" }, el("div", { class: "row between" }, title, el("span", { class: "hint", role: "status", text: words })), progressBar(items.filter(isRated).length, items.length, words)),
      el(
        "div",
        { class: "rate-body" },
        el("img", { class: "rate-photo", alt: words, src: this.#address(`/photos/${item.id}/thumbnail?size=1280`).href }),
        el("div", {}, el("p", { class: "hint", text: t("rate.words") }), el("ol", { class: "rate-texts" }, texts)),
      ),
      el("footer", { class: "rate-foot" }, this.#place > 0 ? button(t("rate.back"), () => this.#step(-1), { kind: "quiet" }) : el("span"), next),
    );
    title.focus({ preventScroll: true });
    const following = items[this.#place + 1];
    if (following) new Image().src = this.#address(`/photos/${following.id}/thumbnail?size=1280`).href;
  }

  #thank() {
    const open = this.#study.items.findIndex((item) => !isRated(item));
    const toFirstOpen = () => {
      this.#place = open;
      this.#show();
    };
    fill(
      this.#body,
      open < 0
        ? emptyState("star", t("rate.thanks"), t("rate.thanks.words"), button(t("rate.back"), () => this.#step(-1), { kind: "quiet" }))
        : emptyState("star", t("rate.almost"), null, button(t("rate.open"), toFirstOpen, { kind: "primary" })),
    );
  }

  #step(by) {
    if (!this.#study) return;
    const { items } = this.#study;
    if (by > 0 && this.#place < items.length && !isRated(items[this.#place])) return;
    this.#place = Math.min(Math.max(this.#place + by, 0), items.length);
    this.#show();
  }

  /** Keep the stars of this photo; what was given to its other texts goes along. */
  async #rate(item, number, stars) {
    const before = item.stars[number];
    item.stars[number] = stars;
    try {
      await this.#ask("PUT", `/photos/${item.id}`, { stars: item.stars });
    } catch (error) {
      item.stars[number] = before;
      throw error;
    }
  }

  #address(path) {
    return new URL(`r/${encodeURIComponent(this.#secret)}${path}`, BASE);
  }

  async #ask(method, path, body) {
    const headers = { Accept: "application/json", "Content-Type": "application/json", "X-Requested-With": "fetch" };
    let response;
    try {
      response = await fetch(this.#address(path), { method, headers, body: body && JSON.stringify(body) });
    } catch {
      apiEvents.emit("down");
      throw new Error(t("gone.short"));
    }
    if (!response.ok) throw await refusal(response);
    return response.status === 204 ? null : response.json();
  }
}

const isRated = (item) => item.stars.every((stars) => stars !== null);
