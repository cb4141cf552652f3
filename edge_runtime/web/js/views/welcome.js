// The first minutes: choose a folder, see what is in it, have ten photos described.

import { call, get, inWords, post } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { Refresher } from "../core/refresher.js";
import { link } from "../core/router.js";
import { session } from "../core/session.js";
import { button, buttonLink, pageTitle, progressBar } from "../parts/controls.js";
import { folderChooser } from "../parts/folder-chooser.js";
import { countsInWords } from "../parts/folders-panel.js";
import { icon } from "../parts/icons.js";
import { shareOf } from "../parts/job-words.js";
import { toast } from "../parts/toast.js";

const FIRST = 10;
const CHANGES = ["source.added", "source.changed", "photo.added", "suggestion.added", "job.progress", "job.done", "job.failed", "job.cancelled", "reset"];
const SOON_MS = 300;

/** The guide; it goes on by itself as things happen. */
export class WelcomeView {
  #steps = el("ol", { class: "guide" });
  #source = null;
  #job = null;
  #refresher = new Refresher(CHANGES, SOON_MS, () => this.refresh());
  #isChoosing = false;
  /** One more folder is to be chosen, whatever is watched already. */
  #isNew;

  constructor(_argument, query) {
    this.#isNew = Boolean(query.new);
  }

  get title() {
    return t("welcome");
  }

  mount(root) {
    root.append(el("header", { class: "page-head" }, el("div", { class: "page-head-row" }, pageTitle(t("welcome")))), el("p", { class: "guide-words", text: t("welcome.words") }), this.#steps);
    this.#refresher.start();
  }

  unmount() {
    this.#refresher.stop();
  }

  async refresh() {
    try {
      const sources = (await get("sources")).items.filter((source) => source.settings !== null);
      this.#source = sources.find((source) => source.id === this.#source?.id) ?? (this.#isNew ? null : sources.at(-1)) ?? null;
      if (this.#job) this.#job = await get(`jobs/${this.#job.id}`);
    } catch {
      return; // the banner tells
    }
    this.#show();
  }

  #show() {
    // a person who walks through folders is not disturbed
    if (this.#isChoosing && !this.#source) return;
    this.#isChoosing = !this.#source;
    fill(this.#steps, this.#chooseStep(), this.#foundStep(), this.#describeStep());
  }

  #chooseStep() {
    if (this.#source) return step("check", t("welcome.chosen", { name: this.#source.name }), el("p", { class: "hint chooser-path", dir: "ltr", text: this.#source.path }));
    if (!session.may("admin")) return step("folder", t("welcome.choose"), el("p", { class: "hint", text: t("welcome.not_admin") }));
    return step("folder", t("welcome.choose"), folderChooser((path) => this.#choose(path)));
  }

  #foundStep() {
    if (!this.#source) return step("search", t("welcome.found"), el("p", { class: "hint", text: t("welcome.found.words") }), { isLater: true });
    const { counts, jobs } = this.#source;
    const isLooking = jobs.some((job) => job.kind.includes("scan"));
    return step(
      isLooking ? "search" : "check",
      t("welcome.found"),
      el("div", { role: "status" }, el("p", { text: countsInWords(counts) }), counts.unread > 0 && el("p", { class: "hint", text: t("folders.unread", { n: counts.unread }) }), isLooking && progressBar(null, 0, t("welcome.found"))),
    );
  }

  #describeStep() {
    const { counts } = this.#source ?? {};
    if (!counts || counts.photos === 0) return step("wand", t("welcome.describe"), el("p", { class: "hint", text: t("welcome.describe.words") }), { isLater: true });
    if (this.#job?.state === "done" || (!this.#job && counts.pending > 0)) {
      return step(
        "check",
        t("welcome.done"),
        el("p", { text: t("welcome.done.words") }),
        el(
          "div",
          { class: "row" },
          buttonLink(t("welcome.review"), link("review"), { kind: "primary", symbol: "review" }),
          counts.undescribed > 0 && !this.#source.settings.automatic && !this.#source.in_config && session.may("admin") && button(t("welcome.rest", { n: counts.undescribed }), () => this.#goOn(), { symbol: "wand" }),
        ),
      );
    }
    if (this.#job && this.#job.state !== "failed" && this.#job.state !== "cancelled") {
      const words = [t("wand.looking"), shareOf(this.#job)].filter(Boolean).join(" · ");
      return step("wand", t("welcome.describe"), el("div", { role: "status" }, el("p", { class: "hint", text: words }), progressBar(this.#job.total ? this.#job.progress : null, this.#job.total, words)));
    }
    return step("wand", t("welcome.describe"), this.#job?.error && el("p", { class: "problem", text: this.#job.error.message }), session.may("write") && button(t("welcome.begin", { n: Math.min(FIRST, counts.undescribed) }), () => this.#describe(), { kind: "primary", symbol: "wand" }));
  }

  async #choose(path) {
    await this.#do(async () => {
      // the rest follows when the person has seen the first ten
      this.#source = await post("sources", { path, automatic: false });
      await post(`sources/${this.#source.id}/scan`);
    });
  }

  async #describe() {
    await this.#do(async () => {
      this.#job = await post(`sources/${this.#source.id}/caption`, { limit: FIRST });
    });
  }

  async #goOn() {
    await this.#do(() => call("PATCH", `sources/${this.#source.id}`, { body: { automatic: true } }));
  }

  async #do(ask) {
    try {
      await ask();
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
    this.refresh();
  }
}

function step(symbol, title, ...rest) {
  const isLater = rest.at(-1)?.isLater === true && rest.pop();
  return el("li", { class: isLater ? "guide-step is-later" : "guide-step" }, el("span", { class: "guide-sign" }, icon(symbol)), el("div", { class: "guide-body" }, el("h2", { text: title }), rest));
}
