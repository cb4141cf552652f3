// `#` in a text offers the tags that there are.

import { get } from "../core/api.js";
import { el, fill, freshId } from "../core/dom.js";
import { t } from "../core/i18n.js";

const BEFORE_CARET = /(?<![\p{L}\p{N}\p{M}_&#\uff03/])[#\uff03]([\p{L}\p{N}\p{M}_]*)$/u;
const MAX_OFFERS = 6;
const WAIT_MS = 120;

/** Offer tags while a person types into a text field. */
export class TagCompletion {
  #area;
  #list = el("ul", { class: "offers", role: "listbox", id: freshId("offers"), "aria-label": t("tags.offers"), hidden: true });
  #said = el("span", { class: "unseen", role: "status" });
  #offers = [];
  #chosen = -1;
  #asked = 0;
  #timer = null;

  constructor(area) {
    this.#area = area;
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-controls", this.#list.id);
    area.addEventListener("input", () => this.#plan());
    area.addEventListener("click", () => this.#plan());
    area.addEventListener("blur", () => this.close());
    area.addEventListener("keydown", (event) => this.#onKey(event));
    // a click must not take the focus out of the text
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  /** What belongs beside the text field. */
  get nodes() {
    return [this.#list, this.#said];
  }

  close() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#show([]);
  }

  #plan() {
    clearTimeout(this.#timer);
    const typed = this.#typed();
    if (typed === null) this.close();
    else this.#timer = setTimeout(() => this.#ask(typed), WAIT_MS);
  }

  #typed() {
    const { selectionStart, selectionEnd, value } = this.#area;
    if (selectionStart !== selectionEnd) return null;
    return BEFORE_CARET.exec(value.slice(0, selectionStart))?.[1] ?? null;
  }

  async #ask(typed) {
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const page = await get("tags", { prefix: typed, limit: MAX_OFFERS + 1 });
      if (asked !== this.#asked) return;
      const same = typed.toLocaleLowerCase();
      this.#show(page.items.filter((tag) => tag.name !== same && !/\s/.test(tag.display)).slice(0, MAX_OFFERS));
    } catch {
      this.#show([]); // typing goes on without
    }
  }

  #show(offers) {
    this.#offers = offers;
    this.#chosen = -1;
    this.#list.hidden = offers.length === 0;
    fill(
      this.#list,
      offers.map((tag, place) =>
        el(
          "li",
          { role: "option", id: `${this.#list.id}-${place}`, "aria-selected": false, on: { click: () => this.#take(place) } },
          el("span", { dir: "auto", text: `#${tag.display}` }),
          el("span", { class: "count", text: t("photos", { n: tag.photos }) }),
        ),
      ),
    );
    this.#said.textContent = offers.length ? t("tags.offered", { n: offers.length }) : "";
    this.#mark();
  }

  #mark() {
    for (const [place, option] of [...this.#list.children].entries()) option.setAttribute("aria-selected", String(place === this.#chosen));
    if (this.#chosen < 0) this.#area.removeAttribute("aria-activedescendant");
    else this.#area.setAttribute("aria-activedescendant", `${this.#list.id}-${this.#chosen}`);
  }

  #onKey(event) {
    if (this.#offers.length === 0) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      const count = this.#offers.length;
      this.#chosen = this.#chosen < 0 && step < 0 ? count - 1 : (this.#chosen + step + count) % count;
      this.#mark();
    } else if ((event.key === "Enter" && this.#chosen >= 0) || event.key === "Tab") {
      this.#take(Math.max(this.#chosen, 0));
    } else if (event.key === "Escape") {
      this.close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #take(place) {
    const typed = this.#typed();
    const tag = this.#offers[place];
    this.close();
    if (typed === null || !tag) return;
    const end = this.#area.selectionStart;
    this.#area.setSelectionRange(end - typed.length, end);
    typeInto(this.#area, `${tag.display} `);
  }
}

/** Put text in the place of the selection as if it were typed, so that the browser can undo it. */
export function typeInto(area, text) {
  area.focus();
  // the only way in which the field's own undo keeps working
  if (document.execCommand?.("insertText", false, text)) return;
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
