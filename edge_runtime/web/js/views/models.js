// Which models there are, which answer, and why the others don't.

import { get, inWords, post, put, remove } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { formatBytes, formatNumber, formatSeconds, hasWords, t } from "../core/i18n.js";
import { ended } from "../core/jobs.js";
import { live } from "../core/live.js";
import { link } from "../core/router.js";
import { session } from "../core/session.js";
import { button, buttonLink, failure, pageTitle, progressBar, skeleton } from "../parts/controls.js";
import { confirm } from "../parts/dialog.js";
import { icon } from "../parts/icons.js";
import { memoryWarning } from "../parts/memory-warning.js";
import { modelMarks } from "../parts/model-marks.js";
import { toast } from "../parts/toast.js";

const TASKS = ["image-to-text", "zero-shot-image-classification", "text-generation", "translation", "ocr"];
const FITS = { running: "tick", recommended: "star", fits: "tick", does_not_fit: "warning", off: "dash" };
const LOOK_EVERY_MS = 5000;
const CHANGES = ["model.state", "model.installed", "model.removed", "selection.changed"];

/** The models of the manifest, by what they do. */
export class ModelsView {
  #body = el("div", { class: "models" });
  #memory = el("div");
  #stops = [];
  #jobs = new Map();
  #bars = new Map();
  /** What a person unfolded stays so when the list is drawn anew. */
  #opened = new Set();
  #timer = null;
  #watching = null;
  /** @type {{total_bytes?: number, limit_bytes?: number, available_bytes?: number, held?: number}} */
  #machine = {};

  get title() {
    return t("nav.models");
  }

  mount(root) {
    root.append(el("header", { class: "page-head" }, el("div", { class: "page-head-row" }, pageTitle(t("nav.models")), el("span", { class: "only-small-row" }, buttonLink(t("nav.studies"), link("studies"), { symbol: "star", kind: "small" })))), this.#memory, this.#body);
    for (const type of CHANGES) this.#stops.push(live.on(type, () => this.#soon()));
    this.#stops.push(live.on("reset", () => this.refresh()));
    fill(this.#body, skeleton("card", "card", "card"));
    this.#watching = setInterval(() => this.#watchMemory(), LOOK_EVERY_MS);
    this.refresh();
  }

  unmount() {
    clearTimeout(this.#timer);
    clearInterval(this.#watching);
    for (const stop of this.#stops) stop();
  }

  async refresh() {
    try {
      const [{ items }, info] = await Promise.all([get("models"), get("info")]);
      this.#showMemory(info);
      const tasks = [...new Set([...TASKS, ...items.map((model) => model.task)])];
      fill(this.#body, tasks.map((task) => this.#task(task, items.filter((model) => model.task === task))));
    } catch (error) {
      fill(this.#body, failure(inWords(error), () => this.refresh()));
    }
  }

  /** What models hold changes while they work, and no event tells. */
  async #watchMemory() {
    if (document.hidden) return;
    const info = await get("info").catch(() => null);
    if (info) this.#showMemory(info);
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), 250);
  }

  #showMemory({ hardware, runners, acceleration = [] }) {
    this.#machine = { ...hardware?.memory, held: runners.reduce((sum, runner) => sum + runner.rss_bytes, 0) };
    const total = hardware?.memory?.limit_bytes ?? hardware?.memory?.total_bytes ?? null;
    const used = runners.reduce((sum, runner) => sum + runner.rss_bytes, 0);
    const loaded = runners.filter((runner) => runner.state === "ready").map((runner) => runner.model_id);
    const words = total ? t("memory.of", { used: formatBytes(used), total: formatBytes(total) }) : t("memory", { used: formatBytes(used) });
    fill(
      this.#memory,
      el(
        "div",
        { class: "memory" },
        el("div", { class: "memory-words" }, el("strong", { text: words }), el("span", { class: "hint", text: loaded.length ? t("memory.loaded", { models: loaded.join(", ") }) : t("memory.none") })),
        total && el("meter", { class: "bar", min: 0, max: total, value: used, "aria-label": words }),
        acceleration.filter(({ state }) => state !== "untried").map(({ state, title, reason }) => el("p", { class: "hint", text: t(`acceleration.${state}`, { title, reason }) })),
      ),
    );
  }

  #task(task, models) {
    if (models.length === 0) return null;
    const order = ["running", "recommended", "fits", "off", "does_not_fit"];
    const sorted = models.toSorted((one, other) => order.indexOf(one.fit) - order.indexOf(other.fit));
    const good = sorted.filter((model) => model.fit !== "does_not_fit");
    const misfits = sorted.filter((model) => model.fit === "does_not_fit");
    const isPinned = models.some((model) => model.pinned);
    return el(
      "section",
      { class: "model-task" },
      el(
        "div",
        { class: "section-head" },
        el("h2", { text: hasWords(`task.${task}`) ? t(`task.${task}`) : task }),
        isPinned && session.may("write") && button(t("model.automatic"), () => this.#pin(task, "auto"), { kind: "small quiet", symbol: "refresh" }),
      ),
      el("ul", { class: "cards" }, good.map((model) => this.#card(model))),
      misfits.length > 0 && this.#misfits(task, misfits),
    );
  }

  #misfits(task, models) {
    const box = el(
      "details",
      { class: "misfits", open: this.#opened.has(task) },
      el("summary", { text: t("model.misfits", { n: models.length }) }),
      el("ul", { class: "cards" }, models.map((model) => this.#card(model))),
    );
    box.addEventListener("toggle", () => (box.open ? this.#opened.add(task) : this.#opened.delete(task)));
    return box;
  }

  #card(model) {
    const warning = memoryWarning(model, this.#machine);
    const bar = el("div", { class: "model-bar" });
    this.#bars.set(model.id, bar);
    if (this.#jobs.has(model.id)) this.#showBar(model.id, this.#jobs.get(model.id));
    return el(
      "li",
      { class: `card model is-${model.fit}` },
      el(
        "div",
        { class: "card-words" },
        el("div", { class: "model-head" }, el("strong", { text: model.title }), this.#badge(model), model.pinned && el("span", { class: "pill", text: t("model.pinned") }), model.runner === "ready" && el("span", { class: "pill on", text: t("model.loaded") }), !model.verified && el("span", { class: "pill unverified", text: t("model.unverified"), title: t("model.unverified.long") })),
        modelMarks(model.marks),
        el("p", { class: "hint", text: this.#numbers(model) }),
        model.why && el("p", { class: "sentence", text: model.why }),
        model.reasons.length > 0 && el("p", { class: "sentence", text: model.reasons[0].problem }),
        model.fit !== "does_not_fit" && warning && el("p", { class: "notice warning", text: warning }),
        bar,
        this.#more(model),
      ),
      session.may("write") && el("div", { class: "row model-actions" }, this.#actions(model)),
    );
  }

  #badge({ fit }) {
    return el("span", { class: `pill fit-${fit}` }, icon(FITS[fit] ?? "dash"), el("span", { text: t(`fit.${fit}`) }));
  }

  #numbers(model) {
    return [
      model.state === "installed" || model.download_bytes === 0 ? t("model.here", { size: formatBytes(model.total_bytes) }) : this.#toFetch(model),
      model.memory_bytes && t("model.memory", { size: formatBytes(model.memory_bytes) }),
      model.languages.join(", "),
      model.license,
    ].filter(Boolean).join(" · ");
  }

  #toFetch(model) {
    const bytes = model.download_bytes ?? model.total_bytes;
    return bytes === null ? t("model.size_unknown") : t("model.download", { size: formatBytes(bytes) });
  }

  #reasons(model) {
    return el("ul", { class: "reasons" }, model.reasons.map(({ problem, cure }) => el("li", {}, el("span", { text: problem }), cure && el("span", { class: "hint", text: ` ${cure}` }))));
  }

  #more(model) {
    const quality = Object.entries(model.quality).map(([name, value]) => [name, typeof value === "number" ? formatNumber(value, { maximumFractionDigits: 3 }) : String(value)]);
    const test = model.self_test && [t("model.self_test"), model.self_test.passed ? t("model.self_test.passed", { time: formatSeconds(model.self_test.seconds ?? 0) }) : (model.self_test.reason ?? t("model.self_test.failed"))];
    const rows = [["id", model.id], [t("model.kind"), [model.family, model.library, model.format, model.quantization].filter(Boolean).join(" · ")], [t("license"), [model.license, model.license_note].filter(Boolean).join(" · ")], ...quality, test].filter(Boolean);
    const box = el(
      "details",
      { open: this.#opened.has(model.id) },
      el("summary", { text: t("details") }),
      model.reasons.length > 0 && this.#reasons(model),
      !model.verified && el("p", { class: "hint", text: t("model.unverified.long") }),
      el("dl", { class: "rows" }, rows.map(([name, words]) => el("div", {}, el("dt", { text: name }), el("dd", { text: words })))),
    );
    box.addEventListener("toggle", () => (box.open ? this.#opened.add(model.id) : this.#opened.delete(model.id)));
    return box;
  }

  #actions(model) {
    const isHere = model.download_bytes === 0 || model.state === "installed" || model.state === "bundled";
    const small = { kind: "small" };
    if (this.#jobs.has(model.id)) return null;
    if (!isHere) return button(t("model.fetch"), () => this.#download(model), { symbol: "download", kind: model.fit === "recommended" ? "small primary" : "small" });
    return [
      model.fit !== "running" && button(t("model.use"), () => this.#use(model), small),
      model.runner === "ready" && button(t("model.unload"), () => this.#do(model, () => post(`models/${model.id}/unload`)), { symbol: "stop", ...small }),
      model.runner === "stopped" && model.task === "image-to-text" && button(t("model.load"), () => this.#start(model, "load"), small),
      button(t("model.verify"), () => this.#start(model, "verify"), { kind: "small quiet" }),
      model.state !== "bundled" && button(t("remove"), () => this.#remove(model), { symbol: "trash", kind: "small quiet" }),
    ];
  }

  async #download(model) {
    const isMisfit = model.fit === "does_not_fit";
    const words = [
      `${this.#toFetch(model)}. ${t("model.fetch.words")}`,
      t("model.fetch.license", { license: model.license }),
      model.license_note,
      memoryWarning(model, this.#machine),
      isMisfit && t("model.fetch.misfit", { why: model.reasons[0]?.problem ?? "" }),
    ].filter(Boolean);
    const yes = model.license_pending ? t("model.fetch.accept") : t("model.fetch");
    if (!(await confirm(t("model.fetch.title", { model: model.title }), words.join("\n"), yes))) return;
    await this.#start(model, "download", { accept_license: model.license_pending, confirm: isMisfit });
  }

  async #use(model) {
    const isMisfit = model.fit === "does_not_fit";
    const words = [memoryWarning(model, this.#machine), isMisfit && t("model.fetch.misfit", { why: model.reasons[0]?.problem ?? "" })].filter(Boolean);
    if (words.length > 0 && !(await confirm(t("model.use.title", { model: model.title }), words.join("\n"), t("model.use")))) return;
    await this.#pin(model.task, model.id, isMisfit);
  }

  async #pin(task, model, isConfirmed = false) {
    await this.#do(null, () => put("selection", { task, model, confirm: isConfirmed }));
  }

  async #remove(model) {
    if (!(await confirm(t("model.remove.title", { model: model.title }), t("model.remove.words"), t("remove"), { isDanger: true }))) return;
    await this.#follow(model, () => remove(`models/${model.id}`));
  }

  #start(model, what, body = {}) {
    return this.#follow(model, () => post(`models/${model.id}/${what}`, body));
  }

  async #follow(model, ask) {
    await this.#do(model, async () => {
      const job = await ask();
      this.#jobs.set(model.id, job);
      this.refresh();
      const last = await ended(job, { onChange: (now) => this.#showBar(model.id, now) }).finally(() => this.#jobs.delete(model.id));
      if (last.state === "failed") toast(last.error?.message ?? t("job.failed"), { isError: true });
      else if (last.state === "done") toast(t(`done.${job.kind}`, { model: model.title }));
    });
  }

  async #do(_model, ask) {
    try {
      await ask();
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
    this.refresh();
  }

  #showBar(id, job) {
    this.#jobs.set(id, job);
    const bar = this.#bars.get(id);
    if (!bar) return;
    const stage = job.stage && hasWords(`stage.${job.stage}`) ? t(`stage.${job.stage}`) : t(`job.${job.state}`);
    const isBytes = job.kind === "download" && job.total > 100_000;
    const done = isBytes ? `${formatBytes(job.progress)} / ${formatBytes(job.total)}` : "";
    fill(
      bar,
      el("div", { class: "row between" }, el("span", { class: "hint", text: [stage, done].filter(Boolean).join(" · ") }), button(t("cancel"), () => this.#do(null, () => post(`jobs/${job.id}/cancel`)), { kind: "small quiet" })),
      progressBar(job.total ? job.progress : null, job.total, stage),
    );
  }
}
