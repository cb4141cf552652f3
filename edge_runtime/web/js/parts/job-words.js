// What there is to say of a job: what it is, how far, how fast, and what went wrong.

import { el } from "../core/dom.js";
import { formatBytes, formatDate, formatNumber, formatSeconds, hasWords, t } from "../core/i18n.js";
import { isEnded } from "../core/jobs.js";
import { link } from "../core/router.js";

const SURE_AFTER_S = 2;
/** Fewer steps than this tell how long a model takes to load, not how fast it is. */
const SURE_AFTER = 3;
const MOST_WHOLE = 100_000;

export const kindOf = (job) => (hasWords(`kind.${job.kind}`) ? t(`kind.${job.kind}`) : job.kind);

const isInBytes = (job) => job.kind === "download" && job.total > MOST_WHOLE;

/** Return how far a job is: 12 / 40, 3 MB / 9 MB or 30 %; null where nobody knows. */
export function shareOf(job) {
  if (!job.total) return null;
  if (isInBytes(job)) return `${formatBytes(job.progress)} / ${formatBytes(job.total)}`;
  const isCounted = job.total > 1 && job.total < MOST_WHOLE && Number.isInteger(job.total);
  return isCounted ? `${formatNumber(Math.floor(job.progress))} / ${formatNumber(job.total)}` : `${Math.floor((100 * job.progress) / job.total)} %`;
}

/** How fast jobs go, as far as this page has watched them. */
export class Paces {
  #seen = new Map();

  /** Return the rate and the time left in words, once they can be told. */
  of(job, now = Date.now()) {
    const first = this.#seen.get(job.id) ?? this.#begin(job, now);
    const seconds = (now - first.at) / 1000;
    const done = job.progress - first.progress;
    if (!job.total || seconds < SURE_AFTER_S || done < Math.min(SURE_AFTER, job.total / 10)) return [];
    const rate = done / seconds;
    const left = Math.max((job.total - job.progress) / rate, 0);
    return [rateOf(job, rate), t("job.left", { time: formatSeconds(left) })];
  }

  #begin(job, now) {
    // one that did nothing but this work since it started is known from its beginning
    const isFresh = job.started_at && job.progress > 0;
    const first = isFresh ? { at: new Date(job.started_at).getTime(), progress: 0 } : { at: now, progress: job.progress };
    this.#seen.set(job.id, first);
    return first;
  }
}

/** Return a fold with everything else: who, when, how long, and each thing that failed. */
export function jobDetails(job, { isOpen, onToggle }) {
  const rows = [
    [t("job.queued_at"), job.queued_at && formatDate(job.queued_at)],
    [t("job.started_at"), job.started_at && formatDate(job.started_at)],
    [t("job.duration"), durationOf(job)],
    [t("job.started_by"), job.started_by],
    [t("job.error"), job.state === "failed" && job.error && `${job.error.code}: ${job.error.message ?? ""}`],
    ["id", job.id],
  ].filter(([, words]) => words);
  const box = el(
    "details",
    { open: isOpen },
    el("summary", { text: t("details") }),
    el("dl", { class: "rows" }, rows.map(([name, words]) => el("div", {}, el("dt", { text: name }), el("dd", { dir: "auto", text: words })))),
    job.result?.errors?.length > 0 && el("ul", { class: "reasons" }, job.result.errors.map((error) => failed(error))),
  );
  box.addEventListener("toggle", () => onToggle(box.open));
  return box;
}

function failed({ photo_id: photo, message, code }) {
  return el("li", {}, photo ? el("a", { href: link("photo", photo), dir: "auto", text: message ?? code }) : el("span", { dir: "auto", text: message ?? code }));
}

function rateOf(job, rate) {
  if (isInBytes(job)) return t("job.rate", { rate: formatBytes(rate) });
  if (rate >= 1) return t("job.rate", { rate: formatNumber(rate, { maximumFractionDigits: 1 }) });
  return t("job.each", { time: formatSeconds(1 / rate) });
}

function durationOf(job) {
  if (!job.started_at) return null;
  const end = isEnded(job) ? job.finished_at : new Date().toISOString();
  return end && formatSeconds(Math.max((new Date(end).getTime() - new Date(job.started_at).getTime()) / 1000, 0));
}
