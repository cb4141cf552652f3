// The field in which a caption is written.

import { el, freshId } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { TagCompletion, typeInto } from "./completion.js";
import { button } from "./controls.js";

export const MAX_LENGTH = 20_000;

/** A text field with tag completion, Save and Cancel. */
export class Editor {
  #area;
  #completion;
  #saveButton;
  #cancelButton;
  #on;

  /** handlers: onSave(text), onCancel(), onType(text). */
  constructor({ text, language, label, onSave, onCancel, onType = () => {} }) {
    this.#on = { onSave, onCancel, onType };
    const help = freshId("help");
    this.#area = el("textarea", {
      class: "caption-field",
      rows: 3,
      dir: "auto",
      lang: language,
      spellcheck: "true",
      maxlength: MAX_LENGTH,
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
      el("div", { class: "row" }, this.#saveButton, this.#cancelButton),
    );
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
    this.#saveButton.disabled = busy || this.text.trim() === "";
    this.#cancelButton.disabled = busy;
    this.#area.readOnly = busy;
  }

  #typed() {
    this.#grow();
    this.#saveButton.disabled = this.text.trim() === "";
    this.#on.onType(this.text);
  }

  #save() {
    if (this.text.trim() === "" || this.#saveButton.disabled) return;
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
