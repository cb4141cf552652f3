// What the service does now, what waits, and what came of it.

import { get, inWords, post, remove } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { formatAgo, hasWords, t } from "../core/i18n.js";
import { isEnded } from "../core/jobs.js";
import { live } from "../core/live.js";
import { link } from "../core/router.js";
import { session } from "../core/session.js";
import { button, buttonLink, emptyState, failure, iconButton, pageTitle, progressBar, skeleton } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { Paces, jobDetails, kindOf, shareOf } from "../parts/job-words.js";
import { toast } from "../parts/toast.js";

const PAGE = 40;
const SIGNS = { queued: "dash", running: "refresh", done: "tick", failed: "warning", cancelled: "close" };

/** Jobs, the newest first; those at work move. */
export class JobsView {
  #jobs = new Map();
  #cursor = null;
  #list = el("ul", { class: "cards" });
  #state = el("div");
  #stops = [];
  #cards = new Map();
  #paces = new Paces();
  /** What a person unfolded stays so when its card is drawn anew. */
  #opened = new Set();

  get title() {
    return t("nav.jobs");
  }

  mount(root) {
    root.append(el("header", { class: "page-head" }, el("div", { class: "page-head-row" }, pageTitle(t("nav.jobs")))), this.#list, this.#state);
    this.#stops.push(live.on("*", (event) => this.#happened(event)), live.on("reset", () => this.refresh()));
    fill(this.#state, skeleton("card", "card", "card"));
    this.refresh();
  }

  unmount() {
    for (const stop of this.#stops) stop();
  }

  async refresh() {
    this.#cursor = null;
    await this.#load();
  }

  async #load() {
    try {
      const isMore = this.#cursor !== null;
      const page = await get("jobs", { limit: PAGE, cursor: this.#cursor });
      if (!isMore) this.#jobs.clear();
      for (const job of page.items) this.#jobs.set(job.id, job);
      this.#cursor = page.next_cursor;
      this.#render();
    } catch (error) {
      fill(this.#state, failure(inWords(error), () => this.#load()));
    }
  }

  async #happened({ type, data }) {
    if (!type.startsWith("job.")) return;
    if (type === "job.removed") {
      this.#jobs.delete(data.id);
      this.#render();
      return;
    }
    const known = this.#jobs.get(data.id);
    if (known && !isEnded(data)) {
      this.#jobs.set(data.id, { ...known, ...data });
      this.#cards.get(data.id)?.replaceWith(this.#card(this.#jobs.get(data.id)));
      return;
    }
    const job = await get(`jobs/${data.id}`).catch(() => null);
    if (!job) return;
    // ids sort by time: a new one goes to the front
    this.#jobs = new Map([...this.#jobs.set(job.id, job)].sort(([one], [other]) => (one < other ? 1 : -1)));
    this.#render();
  }

  #render() {
    this.#cards.clear();
    fill(this.#list, [...this.#jobs.values()].map((job) => this.#card(job)));
    const isEmpty = this.#jobs.size === 0;
    fill(
      this.#state,
      isEmpty && emptyState("jobs", t("jobs.empty"), t("jobs.empty.words")),
      this.#cursor && el("div", { class: "row center" }, button(t("more"), () => this.#load())),
    );
  }

  #card(job) {
    const old = this.#cards.get(job.id);
    const hasFocus = old?.contains(document.activeElement);
    const card = el(
      "li",
      { class: `card job is-${job.state}` },
      el("span", { class: "job-sign" }, icon(SIGNS[job.state] ?? "dash")),
      el(
        "div",
        { class: "card-words" },
        el("strong", { text: kindOf(job) }),
        el("p", { class: "hint", text: this.#words(job) }),
        job.state === "running" && progressBar(job.total ? job.progress : null, job.total, kindOf(job)),
        job.error && job.state === "failed" && el("p", { class: "problem", dir: "auto", text: job.error.message ?? job.error.code }),
        jobDetails(job, { isOpen: this.#opened.has(job.id), onToggle: (isOpen) => (isOpen ? this.#opened.add(job.id) : this.#opened.delete(job.id)) }),
      ),
      el("div", { class: "row" }, this.#actions(job)),
    );
    this.#cards.set(job.id, card);
    if (hasFocus) queueMicrotask(() => card.querySelector("button")?.focus());
    return card;
  }

  #words(job) {
    const state = t(`job.${job.state}`);
    if (job.state === "running") {
      const stage = job.stage && hasWords(`stage.${job.stage}`) ? t(`stage.${job.stage}`) : job.stage;
      if (job.waits_for) return [t("job.rests", { why: job.waits_for }), shareOf(job)].filter(Boolean).join(" · ");
      return [stage || state, shareOf(job), ...this.#paces.of(job)].filter(Boolean).join(" · ");
    }
    const when = job.finished_at ?? job.queued_at;
    const result = job.result?.captioned !== undefined ? t("job.captioned", { n: job.result.captioned, failed: job.result.failed }) : null;
    return [state, when && formatAgo(when), result].filter(Boolean).join(" · ");
  }

  #actions(job) {
    const canWrite = session.may("write");
    if (!isEnded(job)) return canWrite && button(t("cancel"), () => this.#cancel(job), { kind: "small", symbol: "stop" });
    const photo = job.result?.photo_id;
    return [
      photo && buttonLink(t("show"), link("photo", photo), { kind: "small quiet" }),
      canWrite && iconButton(t("job.remove"), "close", () => this.#remove(job), { class: "icon-button small" }),
    ];
  }

  async #remove(job) {
    try {
      await remove(`jobs/${job.id}`);
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
  }

  async #cancel(job) {
    try {
      await post(`jobs/${job.id}/cancel`);
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
  }
}
