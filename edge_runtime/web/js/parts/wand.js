// The magic wand: asks for a suggestion and shows it beside the person's own words.

import { ApiError, get, inWords, post } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { formatSeconds, t } from "../core/i18n.js";
import { cancel, ended } from "../core/jobs.js";
import { session } from "../core/session.js";
import { button, iconButton } from "./controls.js";
import { toast } from "./toast.js";
import { markDoubted, verdictBadge, verdictSentence } from "./verdict.js";

/** The wand's button, and the place where its suggestion stands. */
export class Wand {
  #photoId;
  #language;
  #on;
  #suggestion = null;
  #job = null;
  #abort = null;

  /** handlers: onUse(suggestion), onChange(). */
  constructor(photoId, language, { onUse, onChange = () => {} }) {
    this.#photoId = photoId;
    this.#language = language;
    this.#on = { onUse, onChange };
    this.button = button(t("wand"), () => this.ask(), { symbol: "wand", kind: "wand", hint: "w", title: t("wand.title") });
    this.node = el("div", { class: "wand-place", "aria-live": "polite" });
  }

  get suggestion() {
    return this.#suggestion;
  }

  /** Show the suggestion that waits for this photo; null: none. */
  show(suggestion) {
    this.#suggestion = suggestion;
    if (!this.#job) this.#render();
  }

  /** Ask for a new suggestion. */
  async ask() {
    if (this.#abort || !session.may("write")) return;
    this.#abort = new AbortController();
    this.button.disabled = true;
    this.#showWork(t("wand.asking"));
    try {
      const suggestion = await this.#made();
      this.#done();
      this.show(suggestion);
      this.#on.onChange();
    } catch (error) {
      this.#done();
      this.#render();
      if (error?.name !== "AbortError") this.#explain(error);
    }
  }

  /** Stop waiting; the photo's view is being left. */
  leave() {
    this.#abort?.abort();
  }

  async #made() {
    const body = { photo_id: this.#photoId, language: this.#language, refresh: true };
    const headers = { Prefer: "respond-async" };
    this.#job = await post("captions", body, { headers, signal: this.#abort.signal });
    const job = await ended(this.#job, { signal: this.#abort.signal, onChange: (now) => this.#showWork(stageOf(now)) });
    if (job.state === "failed") throw new ApiError(500, { error: job.error }, new Headers());
    if (job.state === "cancelled") throw new DOMException("cancelled", "AbortError");
    return get(`suggestions/${job.caption?.id ?? job.result.caption_id}`);
  }

  #done() {
    this.#abort = null;
    this.#job = null;
    this.button.disabled = false;
  }

  #showWork(words) {
    const stop = async () => {
      const job = this.#job;
      this.#abort?.abort();
      if (job) await cancel(job).catch((error) => toast(inWords(error), { isError: true }));
    };
    fill(
      this.node,
      el(
        "div",
        { class: "suggestion is-working" },
        el("p", { class: "suggestion-wait", text: words }),
        el("div", { class: "shimmer" }),
        el("div", { class: "shimmer short" }),
        button(t("cancel"), stop, { kind: "quiet small" }),
      ),
    );
  }

  #explain(error) {
    const retry = { words: t("again"), run: () => this.ask() };
    const after = error.retryAfter ? ` ${t("retry_after", { n: error.retryAfter })}` : "";
    toast(inWords(error) + after, { isError: true, action: retry });
  }

  #render() {
    const suggestion = this.#suggestion;
    if (!suggestion) {
      fill(this.node);
      return;
    }
    const { text, doubted, verdict, language, stale } = suggestion;
    fill(
      this.node,
      el(
        "section",
        { class: "suggestion", "aria-label": t("suggestion") },
        el(
          "header",
          { class: "suggestion-head" },
          el("span", { class: "label", text: t("suggestion") }),
          verdictBadge(verdict),
          session.may("write") && iconButton(t("reject"), "close", () => this.#reject(), { class: "icon-button small" }),
        ),
        el("p", { class: "suggestion-text", dir: "auto", lang: language }, markDoubted(text, doubted)),
        el("p", { class: "hint", text: stale ? t("suggestion.stale") : verdictSentence(suggestion) }),
        el(
          "div",
          { class: "row" },
          session.may("write") && button(t("suggestion.use"), () => this.#on.onUse(suggestion), { symbol: "pencil", kind: "small", hint: "t" }),
          el("span", { class: "provenance", text: provenance(suggestion.provenance) }),
        ),
      ),
    );
  }

  async #reject() {
    const rejected = this.#suggestion;
    try {
      await post(`suggestions/${rejected.id}/reject`);
      this.show(null);
      this.#on.onChange();
      const back = async () => this.show((await post(`suggestions/${rejected.id}/undo`)).suggestion);
      toast(t("rejected"), { action: { words: t("undo"), run: () => back().catch((error) => toast(inWords(error), { isError: true })) } });
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
  }
}

/** Return which model made a text and how long it took. */
export function provenance({ model, seconds }) {
  if (!model) return "";
  return seconds ? t("provenance", { model, time: formatSeconds(seconds) }) : model;
}

function stageOf(job) {
  return job.state === "queued" ? t("wand.queued") : t("wand.looking");
}
