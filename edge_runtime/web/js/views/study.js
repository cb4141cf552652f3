// One study: how far it is, who rates, what they say.

import { BASE, address, get, inWords, post, remove, call } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { formatNumber, t } from "../core/i18n.js";
import { isEnded } from "../core/jobs.js";
import { live } from "../core/live.js";
import { go, link } from "../core/router.js";
import { session } from "../core/session.js";
import { button, failure, pageTitle, progressBar, skeleton } from "../parts/controls.js";
import { confirm, dialog } from "../parts/dialog.js";
import { copy } from "../parts/share.js";
import { studyChart } from "../parts/study-chart.js";
import { toast } from "../parts/toast.js";

const SOON_MS = 400;

/** Shows one study to its owner. */
export class StudyDetails {
  #id;
  #study = null;
  #title = pageTitle(t("study"));
  #tools = el("div", { class: "row" });
  #body = el("div", { class: "study" });
  #progress = el("div");
  #results = el("section", { class: "panel" });
  #people = el("section", { class: "panel" });
  #stops = [];
  #timer = null;

  constructor(id) {
    this.#id = id;
  }

  mount(root) {
    root.append(el("header", { class: "page-head" }, el("div", { class: "page-head-row wrap" }, this.#title, this.#tools)), this.#body);
    fill(this.#body, skeleton("card", "card"));
    this.#stops.push(
      live.on("study.changed", ({ id }) => id === this.#id && this.#soon()),
      live.on("study.rated", ({ id }) => id === this.#id && this.#soon()),
      live.on("job.progress", (job) => job.id === this.#study?.job_id && this.#showProgress(job)),
      live.on("reset", () => this.refresh()),
    );
    this.refresh();
  }

  unmount() {
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), SOON_MS);
  }

  async refresh() {
    try {
      const [study, results] = await Promise.all([get(`studies/${this.#id}`), get(`studies/${this.#id}/results`)]);
      this.#study = study;
      this.#title.textContent = study.name;
      if (!this.#results.isConnected) fill(this.#body, this.#progress, this.#results, this.#people);
      this.#showTools();
      this.#showResults(results);
      this.#showPeople();
      await this.#showJob();
    } catch (error) {
      if (error.status === 404) go(link("studies"), { replace: true });
      else fill(this.#body, failure(inWords(error), () => this.refresh()));
    }
  }

  #showTools() {
    if (!session.may("write")) return;
    const { state } = this.#study;
    const isOpen = state === "open";
    fill(
      this.#tools,
      state !== "preparing" && button(t(isOpen ? "study.close" : "study.reopen"), () => this.#do(() => call("PATCH", `studies/${this.#id}`, { body: { state: isOpen ? "closed" : "open" } })), { kind: "small" }),
      button(t("remove"), () => this.#remove(), { symbol: "trash", kind: "small quiet" }),
    );
  }

  async #showJob() {
    if (this.#study.state !== "preparing" || !this.#study.job_id) {
      fill(this.#progress);
      return;
    }
    const job = await get(`jobs/${this.#study.job_id}`).catch(() => null);
    if (job && !isEnded(job)) {
      this.#showProgress(job);
      return;
    }
    const why = job?.error?.message ?? job?.result?.errors?.[0]?.message ?? t("study.interrupted");
    const again = () => this.#do(() => post(`studies/${this.#id}/captions`));
    fill(this.#progress, el("div", { class: "notice warning", role: "alert" }, el("p", { text: t("study.failed", { why }) }), el("div", { class: "row" }, button(t("again"), again, { kind: "small", symbol: "refresh" }))));
  }

  #showProgress(job) {
    const words = t("study.preparing.words");
    fill(this.#progress, el("div", { class: "notice info", role: "status" }, el("p", { text: words }), progressBar(job.total ? job.progress : null, job.total, words)));
  }

  #showResults(results) {
    const exports = ["csv", "jsonl"].map((format) =>
      el("a", { class: "button small quiet", href: address(`studies/${this.#id}/export`, { format }).href, download: "", text: t(`study.export.${format}`) }),
    );
    const isOpened = this.#results.querySelector("details")?.open ?? false;
    fill(this.#results, el("h2", { text: t("study.results") }), results.ratings === 0 && el("p", { class: "hint", text: t("study.no_ratings") }), studyChart(results), el("div", { class: "row" }, exports));
    this.#results.querySelector("details").open = isOpened;
  }

  #showPeople() {
    const { respondents, photo_ids: photos, state } = this.#study;
    const canAdd = session.may("write") && state !== "closed";
    fill(
      this.#people,
      el("h2", { text: t("study.people") }),
      el("p", { class: "hint", text: t("study.people.words") }),
      el(
        "ul",
        { class: "lines" },
        respondents.map((one) => {
          const done = t("study.rated", { n: one.rated_photos, total: formatNumber(photos.length) });
          return el(
            "li",
            { class: "row between" },
            el("span", {}, el("strong", { dir: "auto", text: one.name || t("study.respondent", { n: one.number }) }), el("span", { class: "hint", text: ` ${done}` })),
            session.may("write") && button(t("shares.end"), () => this.#endLink(one), { kind: "small quiet" }),
          );
        }),
      ),
      canAdd && button(t("study.invite"), () => this.#invite(), { symbol: "link", kind: "small" }),
    );
  }

  #invite() {
    return dialog(t("study.invite"), () => {
      const body = el("div", { class: "dialog-body" });
      const names = el("textarea", { rows: 4, maxlength: 10_000, "aria-label": t("study.invite.names") });
      const make = async () => {
        const wanted = names.value.split("\n").map((name) => name.trim().slice(0, 100)).filter(Boolean);
        try {
          const made = await post(`studies/${this.#id}/respondents`, { names: wanted.length ? wanted : [""] });
          fill(body, invitations(made.items));
          this.refresh();
        } catch (error) {
          toast(inWords(error), { isError: true });
        }
      };
      fill(
        body,
        el("p", { text: t("study.invite.words") }),
        el("label", { class: "field" }, el("span", { text: t("study.invite.names") }), names),
        el("div", { class: "row end" }, button(t("share.make"), make, { kind: "primary", symbol: "link" })),
      );
      return body;
    });
  }

  async #endLink(respondent) {
    const name = respondent.name || t("study.respondent", { n: respondent.number });
    if (!(await confirm(t("study.end_link", { name }), t("study.end_link.words"), t("shares.end"), { isDanger: true }))) return;
    await this.#do(() => remove(`studies/${this.#id}/respondents/${respondent.id}`));
  }

  async #remove() {
    if (!(await confirm(t("study.remove", { name: this.#study.name }), t("study.remove.words"), t("remove"), { isDanger: true }))) return;
    await this.#do(async () => {
      await remove(`studies/${this.#id}`);
      go(link("studies"), { replace: true });
    });
  }

  async #do(ask) {
    try {
      await ask();
      this.#soon();
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
  }
}

function invitations(items) {
  const addressOf = ({ secret }) => new URL(link("rate", secret), BASE).href;
  const all = items.map((one) => [one.name, addressOf(one)].filter(Boolean).join("\t")).join("\n");
  return [
    el("p", { text: t("study.invite.once") }),
    el(
      "ul",
      { class: "lines" },
      items.map((one) => {
        const name = one.name || t("study.respondent", { n: one.number });
        return el(
          "li",
          { class: "row nowrap" },
          el("span", { dir: "auto", text: name }),
          el("input", { type: "text", readonly: true, class: "link-field", value: addressOf(one), "aria-label": t("study.link_of", { name }) }),
        );
      }),
    ),
    el("div", { class: "row end" }, button(t("copy"), () => copy(all), { symbol: "copy", kind: "primary" })),
  ];
}
