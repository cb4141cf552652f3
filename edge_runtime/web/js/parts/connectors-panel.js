// Other programs: what is told of captions, and the Immich whose photos get some.

import { get, inWords, post } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { formatNumber, t } from "../core/i18n.js";
import { isEnded } from "../core/jobs.js";
import { Refresher } from "../core/refresher.js";
import { session } from "../core/session.js";
import { button } from "./controls.js";
import { toast } from "./toast.js";

const CHANGES = ["job.queued", "job.started", "job.done", "job.failed", "job.cancelled", "caption.ready", "reset"];
const SOON_MS = 500;

/** Shows how the connectors stand; `node` goes into the page. */
export class ConnectorsPanel {
  #refresher = new Refresher(CHANGES, SOON_MS, () => this.refresh());
  node = el("ul", { class: "folders connectors" });

  start() {
    this.#refresher.start();
  }

  stop() {
    this.#refresher.stop();
  }

  async refresh() {
    try {
      const [{ items }, immich] = await Promise.all([get("connectors"), get("connectors/immich")]);
      const job = immich.job_id === null ? null : await get(`jobs/${immich.job_id}`);
      fill(
        this.node,
        items.length === 0 && !immich.is_set_up && el("li", { class: "hint", text: t("connectors.none") }),
        items.map((target) => told(target)),
        immich.is_set_up && this.#immich(immich, job),
      );
    } catch (error) {
      fill(this.node, el("li", { class: "problem", text: inWords(error) }));
    }
  }

  #immich({ url, items }, job) {
    const runs = job !== null && !isEnded(job);
    return el(
      "li",
      { class: "folder" },
      el("strong", { text: "Immich" }),
      el("p", { class: "hint chooser-path", dir: "ltr", text: url }),
      el("p", { text: t("connectors.written", { n: formatNumber(items.written ?? 0) }) }),
      runs && el("p", { class: "hint", text: t("connectors.runs", { n: formatNumber(job.progress) }) }),
      job?.error && el("p", { class: "problem", dir: "auto", text: job.error.message }),
      session.may("write") && !runs && button(t("connectors.run"), () => this.#run(), { symbol: "wand", kind: "small" }),
    );
  }

  async #run() {
    try {
      await post("connectors/immich/run");
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
    this.refresh();
  }
}

function told({ name, waiting, sent, problem }) {
  return el(
    "li",
    { class: "folder" },
    el("strong", { text: t(`connectors.${name}`) }),
    el("p", { text: t("connectors.told", { sent: formatNumber(sent), waiting: formatNumber(waiting) }) }),
    problem && el("p", { class: "problem", dir: "auto", text: problem }),
  );
}
