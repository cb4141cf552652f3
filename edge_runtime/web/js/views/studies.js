// Studies: which captions do people prefer? The list of them, and the way to one.

import { get, inWords } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { formatDay, t } from "../core/i18n.js";
import { live } from "../core/live.js";
import { link } from "../core/router.js";
import { session } from "../core/session.js";
import { buttonLink, emptyState, failure, pageTitle, skeleton } from "../parts/controls.js";
import { NewStudy } from "./study-new.js";
import { StudyDetails } from "./study.js";

/** The studies, a new one, or one of them: by the address. */
export class StudiesView {
  #argument;
  #inner = null;
  #list = el("ul", { class: "cards" });
  #state = el("div");
  #stops = [];

  constructor(argument) {
    this.#argument = argument;
  }

  get title() {
    return t("nav.studies");
  }

  mount(root) {
    if (this.#argument) {
      this.#inner = this.#argument === "new" ? new NewStudy() : new StudyDetails(this.#argument);
      this.#inner.mount(root);
      return;
    }
    const add = session.may("write") && buttonLink(t("study.new"), link("studies", "new"), { symbol: "plus", kind: "primary" });
    root.append(el("header", { class: "page-head" }, el("div", { class: "page-head-row wrap" }, pageTitle(this.title), add)), this.#list, this.#state);
    this.#stops.push(live.on("study.changed", () => this.refresh()), live.on("reset", () => this.refresh()));
    fill(this.#state, skeleton("card", "card"));
    this.refresh();
  }

  unmount() {
    this.#inner?.unmount();
    for (const stop of this.#stops) stop();
  }

  async refresh() {
    if (this.#inner) return this.#inner.refresh?.();
    try {
      const { items } = await get("studies");
      fill(this.#list, items.map((study) => card(study)));
      fill(this.#state, items.length === 0 && emptyState("star", t("studies.empty"), t("studies.empty.words")));
    } catch (error) {
      fill(this.#state, failure(inWords(error), () => this.refresh()));
    }
    return undefined;
  }
}

function card(study) {
  const facts = [t(`study.${study.state}`), t("study.variants.count", { n: study.variants.length }), formatDay(study.created_at)];
  return el(
    "li",
    { class: "card" },
    el("div", { class: "card-words" }, el("strong", { dir: "auto", text: study.name }), el("p", { class: "hint", text: facts.join(" · ") })),
    buttonLink(t("show"), link("studies", study.id), { kind: "small" }),
  );
}
