// A new study: what it is called, which photos, which variants.

import { get, inWords, post } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { go, link } from "../core/router.js";
import { session } from "../core/session.js";
import { button, failure, pageTitle, skeleton } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { altOf, photoImage } from "../parts/image.js";
import { toast } from "../parts/toast.js";

const MORE = 40;

/** The form that begins a study. */
export class NewStudy {
  #body = el("div");
  #picks = el("div", { class: "picks" });
  #count = el("span", { class: "hint", role: "status" });
  #more = el("div", { class: "row" });
  #known = new Set();
  #cursor = null;

  mount(root) {
    root.append(el("header", { class: "page-head" }, el("div", { class: "page-head-row" }, pageTitle(t("study.new")))), this.#body);
    this.#load();
  }

  unmount() {}

  async #load() {
    fill(this.#body, skeleton("card", "card"));
    try {
      const choices = await get("study-choices");
      this.#picks.append(...choices.photo_ids.map((id) => this.#pick({ id }, true)));
      fill(this.#body, this.#form(choices));
      this.#showCount();
    } catch (error) {
      fill(this.#body, failure(inWords(error), () => this.#load()));
    }
  }

  #form({ variants }) {
    const name = el("input", { type: "text", required: true, maxlength: 100, "aria-label": t("study.name"), placeholder: t("study.name.example") });
    const boxes = variants.map((variant) => variantBox(variant));
    const submit = (event) => {
      event.preventDefault();
      this.#begin(name.value.trim(), boxes.filter(({ box }) => box.checked).map(({ variant }) => variant));
    };
    fill(this.#more, button(t("study.more_photos"), () => this.#offerMore(), { symbol: "plus", kind: "small" }));
    return el(
      "form",
      { class: "study-form", on: { submit } },
      el("p", { class: "hint", text: t("study.words") }),
      el("label", { class: "field" }, el("span", { text: t("study.name") }), name),
      el("fieldset", {}, el("legend", { text: t("study.variants") }), boxes.map(({ row }) => row)),
      el("fieldset", {}, el("legend", { text: t("study.photos") }), this.#count, this.#picks, this.#more),
      el("div", { class: "row" }, button(t("study.begin"), () => {}, { kind: "primary big", type: "submit" })),
    );
  }

  #pick(photo, isChosen) {
    this.#known.add(photo.id);
    const box = el("input", { type: "checkbox", class: "unseen", value: photo.id, checked: isChosen, "aria-label": altOf(photo), on: { change: () => this.#showCount() } });
    return el("label", { class: "pick" }, box, photoImage(photo.id, { alt: "" }), el("span", { class: "pick-sign" }, icon("check")));
  }

  get #chosen() {
    return [...this.#picks.querySelectorAll("input:checked")].map((box) => box.value);
  }

  #showCount() {
    this.#count.textContent = t("study.chosen", { n: this.#chosen.length });
  }

  async #offerMore() {
    try {
      const page = await get("photos", { limit: MORE, cursor: this.#cursor });
      this.#cursor = page.next_cursor;
      this.#picks.append(...page.items.filter((photo) => !this.#known.has(photo.id)).map((photo) => this.#pick({ ...photo, caption: photo.words }, false)));
      if (this.#cursor === null) fill(this.#more);
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
  }

  async #begin(name, variants) {
    const photoIds = this.#chosen;
    if (photoIds.length === 0 || variants.length === 0) {
      toast(t("study.choose"), { isError: true });
      return;
    }
    try {
      const chosen = variants.map(({ name: words, model, check, options }) => ({ name: words, model, check, options }));
      const study = await post("studies", { name, photo_ids: photoIds, variants: chosen, language: session.language });
      go(link("studies", study.id), { replace: true });
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
  }
}

function variantBox(variant) {
  const box = el("input", { type: "checkbox", checked: true });
  const words = wordsOf(variant);
  return { variant, box, row: el("label", { class: "check" }, box, el("span", {}, el("strong", { text: variant.name }), el("span", { class: "hint", text: ` ${words}` }))) };
}

/** Return how a variant makes its captions, in a few words. */
function wordsOf({ check, options }) {
  if (options.rewrite) return t("study.rewritten");
  if (options.style === "plain") return t("study.with_facts");
  return t(check ? "study.checked" : "study.unchecked");
}
