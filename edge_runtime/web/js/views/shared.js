// What somebody sees who was given a link: photos and their captions, nothing else.

import { BASE, inWords, refusal } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { formatDay, t } from "../core/i18n.js";
import { button, emptyState, skeleton } from "../parts/controls.js";
import { altOf } from "../parts/image.js";
import { captionText } from "../parts/words.js";

/** The page of a read-only link. */
export class SharedView {
  #secret;
  #list = el("ul", { class: "shared" });
  #foot = el("div");
  #title = el("h1", { class: "page-title", text: t("shared") });
  #until = el("p", { class: "hint" });

  constructor(secret) {
    this.#secret = secret;
  }

  async mount(root) {
    document.title = `${t("shared")} · Edge Captions`;
    fill(root, el("main", { class: "shared-page" }, el("header", { class: "page-head" }, this.#title, this.#until), this.#list, this.#foot));
    fill(this.#foot, skeleton("grid-line", "grid-line"));
    await this.#load(null);
  }

  async #load(cursor) {
    const url = new URL(`s/${encodeURIComponent(this.#secret)}`, BASE);
    if (cursor) url.searchParams.set("cursor", cursor);
    try {
      const response = await fetch(url, { headers: { Accept: "application/json" } });
      if (!response.ok) throw await refusal(response);
      this.#show(await response.json());
    } catch (error) {
      fill(this.#foot, error.status === 404 ? emptyState("link", t("shared.gone"), t("shared.gone.words")) : emptyState("warning", t("failed.title"), inWords(error), button(t("again"), () => this.#load(cursor))));
    }
  }

  #show(page) {
    if (page.name) this.#title.textContent = page.name;
    this.#until.textContent = page.expires_at ? t("shared.until", { date: formatDay(page.expires_at) }) : "";
    for (const photo of page.items) this.#list.append(this.#item(photo));
    fill(this.#foot, page.next_cursor && el("div", { class: "row center" }, button(t("more"), () => this.#load(page.next_cursor))));
  }

  #item(photo) {
    const image = el("img", { alt: photo.captions[0]?.text ?? altOf(photo), loading: "lazy", decoding: "async", class: "is-loaded", style: { "aspect-ratio": `${photo.width} / ${photo.height}` } });
    image.src = new URL(`s/${encodeURIComponent(this.#secret)}/photos/${photo.id}/thumbnail?size=1280`, BASE).href;
    return el("li", {}, el("figure", {}, image, el("figcaption", {}, photo.captions.map((one) => captionText(one.text, one.language, { isLinked: false })), photo.taken_at && el("p", { class: "hint", text: formatDay(photo.taken_at) }))));
  }
}
