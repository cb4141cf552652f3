// The field in which a caption is written.

import { el, freshId } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { TagCompletion, typeInto } from "./completion.js";
import { button } from "./controls.js";

/** In characters, as the service counts them: a field's own limit would cut what is pasted. */
const MAX_LENGTH = 20_000;

/** A text field with tag completion, Save and Cancel. */
export class Editor {
  #area;
  #completion;
  #saveButton;
  #cancelButton;
  #tooLong = el("p", { class: "problem", role: "alert", hidden: true });
  #on;

  /**
   * handlers: onSave(text), onCancel(), onType(text).
   * @param {{text: string, language: string, label: string, onSave: (text: string) => unknown, onCancel: () => unknown, onType?: (text: string) => unknown}} options
   */
  constructor({ text, language, label, onSave, onCancel, onType = (_text) => {} }) {
    this.#on = { onSave, onCancel, onType };
    const help = freshId("help");
    this.#area = el("textarea", {
      class: "caption-field",
      rows: 3,
      dir: "auto",
      lang: language,
      spellcheck: "true",
      "aria-label": label,
      "aria-describedby": help,
      props: { value: text },
      on: { input: () => this.#typed() },
    });
    this.#completion = new TagCompletion(this.#area);
    // after the completion's own: it takes Escape and Enter first
    this.#area.addEventListener("keydown", (event) => this.#onKey(event));
    this.#saveButton = button(t("save"), () => this.#save(), { symbol: "check", kind: "primary" });
    this.#cancelButton = button(t("cancel"), () => onCancel(), { kind: "quiet" });
    this.node = el(
      "div",
      { class: "editor" },
      el("div", { class: "field-with-offers" }, this.#area, this.#completion.nodes),
      el("p", { class: "hint", id: help, text: t("editor.help") }),
      this.#tooLong,
      el("div", { class: "row" }, this.#saveButton, this.#cancelButton),
    );
    this.#measure();
    this.#grow();
    requestAnimationFrame(() => this.#grow());
  }

  get text() {
    return this.#area.value;
  }

  focus() {
    this.#area.focus();
    this.#area.setSelectionRange(this.text.length, this.text.length);
  }

  /** Put another text in; the browser's own undo brings the one before back. */
  replace(text) {
    this.#area.focus();
    this.#area.select();
    typeInto(this.#area, text);
  }

  /** Keep the person from saving twice. */
  set isBusy(busy) {
    this.#saveButton.disabled = busy || !this.#canSave;
    this.#cancelButton.disabled = busy;
    this.#area.readOnly = busy;
  }

  #typed() {
    this.#grow();
    this.#measure();
    this.#on.onType(this.text);
  }

  #measure() {
    const over = [...this.text.trim()].length - MAX_LENGTH;
    this.#tooLong.hidden = over <= 0;
    this.#tooLong.textContent = over > 0 ? t("editor.too_long", { n: over }) : "";
    this.#saveButton.disabled = !this.#canSave;
  }

  get #canSave() {
    return this.text.trim() !== "" && this.#tooLong.hidden;
  }

  #save() {
    if (!this.#canSave || this.#saveButton.disabled) return;
    this.#completion.close();
    this.#on.onSave(this.text.trim());
  }

  #onKey(event) {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.#save();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#on.onCancel();
    }
  }

  #grow() {
    if (CSS.supports("field-sizing", "content")) return;
    this.#area.style.height = "auto";
    this.#area.style.height = `${this.#area.scrollHeight + 2}px`;
  }
}
