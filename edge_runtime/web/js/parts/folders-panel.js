// The watched folders: how they are, and what to do with them.

import { call, get, inWords, post, remove } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { formatAgo, formatNumber, formatSeconds, t } from "../core/i18n.js";
import { Refresher } from "../core/refresher.js";
import { link } from "../core/router.js";
import { session } from "../core/session.js";
import { button, buttonLink, progressBar } from "./controls.js";
import { confirm } from "./dialog.js";
import { folderSettings } from "./folder-settings.js";
import { kindOf, shareOf } from "./job-words.js";
import { toast } from "./toast.js";

const CHANGES = ["source.added", "source.changed", "source.removed", "source.online", "source.offline", "job.done", "job.failed", "job.started", "job.cancelled", "job.progress", "reset"];
const SOON_MS = 500;

/** Shows and rules the folders; `node` goes into the page. */
export class FoldersPanel {
  #list = el("ul", { class: "folders" });
  #refresher = new Refresher(CHANGES, SOON_MS, () => this.refresh());
  node = el("div", {}, this.#list);

  start() {
    this.#refresher.start();
  }

  stop() {
    this.#refresher.stop();
  }

  async refresh() {
    try {
      const folders = (await get("sources")).items.filter((source) => source.kind === "library" && source.settings !== null);
      fill(
        this.#list,
        folders.length === 0 && el("li", { class: "hint", text: t("folders.none") }),
        folders.map((folder) => this.#folder(folder)),
      );
    } catch (error) {
      fill(this.#list, el("li", { class: "problem", text: inWords(error) }));
    }
  }

  #folder(folder) {
    const { status, counts } = folder;
    const state = status.online === false ? status.problem || t("folders.offline") : status.waits_for;
    return el(
      "li",
      { class: "folder" },
      el("div", { class: "row between" }, el("strong", { dir: "auto", text: folder.name }), el("span", { class: `pill ${status.online === false ? "unverified" : "on"}`, text: t(status.online === false ? "folders.offline" : "folders.online") })),
      el("p", { class: "hint chooser-path", dir: "ltr", text: folder.path }),
      el("p", { text: countsInWords(counts) }),
      el("p", { class: "hint", text: policyInWords(folder.settings) }),
      state && el("p", { class: "notice warning", text: state }),
      counts.unread > 0 && el("p", { class: "hint", text: t("folders.unread", { n: counts.unread }) }),
      status.write_problems.map((problem) => el("p", { class: "problem", dir: "auto", text: problem })),
      status.looked_at && folder.jobs.length === 0 && el("p", { class: "hint", text: t("folders.looked", { when: formatAgo(status.looked_at) }) }),
      folder.jobs.map((job) => this.#job(job)),
      session.may("write") && el("div", { class: "row" }, this.#actions(folder)),
    );
  }

  #job(job) {
    const left = job.seconds_left === null ? null : t("job.left", { time: formatSeconds(job.seconds_left) });
    const words = [kindOf(job), shareOf(job), left].filter(Boolean).join(" · ");
    return el("div", {}, el("p", { class: "hint", text: words }), progressBar(job.total ? job.progress : null, job.total, words));
  }

  #actions(folder) {
    const small = { kind: "small" };
    const canRule = session.may("admin") && !folder.in_config;
    return [
      button(t("folders.scan"), () => this.#do(() => post(`sources/${folder.id}/scan`)), { symbol: "refresh", ...small }),
      folder.counts.undescribed > 0 && button(t("describe.all", { n: folder.counts.undescribed }), () => this.#do(() => post(`sources/${folder.id}/caption`)), { symbol: "wand", ...small }),
      folder.counts.pending > 0 && buttonLink(t("nav.review"), link("review"), { symbol: "review", kind: "small quiet" }),
      folder.counts.pending > 0 && button(t("folders.accept"), () => this.#accept(folder), { kind: "small quiet" }),
      canRule && button(t("nav.settings"), () => folderSettings(folder, (settings) => this.#change(folder, settings)), { symbol: "settings", kind: "small quiet" }),
      canRule && button(t("remove"), () => this.#remove(folder), { symbol: "trash", kind: "small quiet" }),
      folder.in_config && el("span", { class: "hint", text: t("folders.in_config") }),
    ];
  }

  async #accept(folder) {
    if (!(await confirm(t("folders.accept"), t("folders.accept.words"), t("folders.accept")))) return;
    await this.#do(() => post(`sources/${folder.id}/accept`, { verdict: "sure" }));
  }

  async #change(folder, settings) {
    await call("PATCH", `sources/${folder.id}`, { body: settings });
    toast(t("folders.saved"));
    this.refresh();
  }

  async #remove(folder) {
    const { captioned } = folder.counts;
    const words = captioned > 0 ? t("folders.remove.captions", { n: captioned }) : t("folders.remove.words");
    if (!(await confirm(t("folders.remove", { name: folder.name }), words, t("remove"), { isDanger: true }))) return;
    await this.#do(() => remove(`sources/${folder.id}`, { forget_captions: captioned > 0 ? true : null }));
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

/** Return what was found in a folder, in words. */
export function countsInWords({ photos, captioned, pending, undescribed, failed, missing }) {
  return [
    t("photos", { n: photos }),
    captioned > 0 && t("folders.captioned", { n: captioned }),
    pending > 0 && t("nav.review.count", { n: pending }),
    undescribed > 0 && t("folders.undescribed", { n: undescribed }),
    failed > 0 && t("folders.failed", { n: formatNumber(failed) }),
    missing > 0 && t("folders.missing", { n: formatNumber(missing) }),
  ].filter(Boolean).join(" · ");
}

function policyInWords({ automatic, policy, write_metadata: writing, schedule }) {
  const hours = automatic && schedule.hours ? ` (${schedule.hours})` : "";
  return [(automatic ? t("folders.is_automatic") : t("folders.is_manual")) + hours, t(`folders.policy.${policy}`), t(`folders.write.${writing}`)].join(" · ");
}
