// One photo, over the list that it was opened from.

import { get, inWords, remove } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { formatDay, languageName, t } from "../core/i18n.js";
import { bind } from "../core/keys.js";
import { live } from "../core/live.js";
import { go, link } from "../core/router.js";
import { session } from "../core/session.js";
import { askBox } from "../parts/ask-box.js";
import { CaptionPanel } from "../parts/caption-panel.js";
import { button, failure, iconButton, skeleton } from "../parts/controls.js";
import { confirm } from "../parts/dialog.js";
import { knownFacts, photoFacts } from "../parts/facts.js";
import { altOf, photoImage, preloadPicture } from "../parts/image.js";
import { anotherLanguage, languageBar } from "../parts/language-bar.js";
import { shareDialog } from "../parts/share.js";
import { starField } from "../parts/stars.js";
import { tagField } from "../parts/tag-field.js";
import { toast } from "../parts/toast.js";
import { Wand } from "../parts/wand.js";
import { captionText } from "../parts/words.js";
import { sequence } from "./sequence.js";

const OF_THIS_PHOTO = ["suggestion.added", "suggestion.changed", "caption.changed", "caption.enriched", "photo.changed", "tag.changed"];

/** Shows a photo with its caption, the wand, tags and facts. */
export class PhotoView {
  #id;
  #language = session.language;
  #photo = null;
  #onClose;
  #stops = [];
  #panel;
  #wand;
  #title = el("h1", { class: "photo-title", tabindex: "-1", text: t("photo") });
  #stage = el("div", { class: "stage" });
  #previous = iconButton(t("previous"), "left", () => this.#step(-1), { class: "icon-button on-stage stage-previous" });
  #next = iconButton(t("next"), "right", () => this.#step(1), { class: "icon-button on-stage stage-next" });
  #languages = el("div", { class: "languages" });
  #ask;
  #more = el("div", { class: "photo-more" });
  #side = el("aside", { class: "photo-side", "aria-label": t("photo.words") });
  #isShown = false;
  #refreshing = null;

  constructor(photoId, onClose) {
    this.#id = photoId;
    this.#onClose = onClose;
    this.#ask = askBox(photoId);
    this.#write(session.language);
  }

  /** Let the panel and the wand speak a language. */
  #write(language) {
    this.#language = language;
    this.#wand?.leave();
    this.#panel = new CaptionPanel(this.#id, language, { onSaved: () => this.refresh() });
    this.#wand = new Wand(this.#id, language, { onUse: (suggestion) => this.#panel.use(suggestion), onChange: () => this.refresh() });
  }

  #turnTo(language) {
    this.#write(language);
    this.#layOut();
    this.#show(this.#photo);
  }

  get title() {
    return t("photo");
  }

  mount(root) {
    this.#showPicture("");
    fill(this.#side, skeleton("line", "line", "line short"));
    root.append(this.#stageBox(), this.#side);
    this.#showSteps();
    this.#stops.push(bind(this.#keys()), sequence.on("change", () => this.#showSteps()));
    for (const type of OF_THIS_PHOTO) {
      this.#stops.push(live.on(type, (data) => data.photo_id === this.#id || data.id === this.#id ? this.refresh() : null));
    }
    this.#stops.push(live.on("photo.forgotten", (data) => data.id === this.#id && this.#onClose()));
    this.#stops.push(live.on("reset", () => this.refresh()));
    this.refresh();
  }

  unmount() {
    this.#wand.leave();
    for (const stop of this.#stops) stop();
  }

  focus() {
    this.#title.focus({ preventScroll: true });
  }

  /** Ask for what the service knows now; calls while one is on its way become one. */
  async refresh() {
    if (this.#refreshing) {
      this.#refreshing.again = true;
      return;
    }
    const turn = { again: false };
    this.#refreshing = turn;
    try {
      this.#show(await get(`photos/${this.#id}`));
    } catch (error) {
      if (!this.#isShown) fill(this.#side, failure(inWords(error), () => this.refresh()));
      else toast(inWords(error), { isError: true });
    } finally {
      this.#refreshing = null;
    }
    if (turn.again) this.refresh();
  }

  #show(photo) {
    this.#photo = photo;
    const caption = photo.captions.find((one) => one.language === this.#language) ?? null;
    const pending = photo.suggestions.find((one) => one.state === "pending" && one.language === this.#language) ?? null;
    if (!this.#isShown) this.#layOut();
    this.#isShown = true;
    this.#title.textContent = photo.taken_at ? formatDay(photo.taken_at) : t("photo");
    fill(this.#languages, languageBar(photo, this.#language, (language) => this.#turnTo(language)));
    this.#panel.show(caption);
    this.#wand.show(pending);
    const image = this.#stage.querySelector("img");
    if (image) {
      image.alt = altOf({ ...photo, caption: caption?.text ?? photo.captions[0]?.text ?? pending?.text });
      image.style.setProperty("aspect-ratio", `${photo.width} / ${photo.height}`);
    }
    this.#showMore(photo);
  }

  #layOut() {
    fill(
      this.#side,
      el("header", { class: "photo-head" }, this.#title),
      this.#languages,
      this.#panel.node,
      el("div", { class: "wand-box" }, session.may("write") && this.#wand.button, this.#wand.node),
      this.#ask,
      this.#more,
    );
  }

  async #showMore(photo) {
    const canWrite = session.may("write");
    const others = photo.captions.filter((one) => one.language !== this.#language);
    const ratings = await get(`photos/${this.#id}/ratings`).catch(() => ({ items: [] }));
    const field = tagField(this.#id, photo.tags, () => this.refresh());
    const typed = this.#more.querySelector(".tag-field")?.value ?? "";
    const hadFocus = this.#more.querySelector(".tags")?.contains(document.activeElement);
    fill(
      this.#more,
      others.map((one) => el("section", {}, el("h2", { class: "label", text: languageName(one.language) }), captionText(one.text, one.language))),
      el("section", {}, el("h2", { class: "label", text: t("tags") }), field),
      canWrite && (photo.has_caption || photo.suggestions.length > 0) && starField(this.#id, ratings.items[0]?.stars ?? 0),
      el("section", {}, el("h2", { class: "label", text: t("facts") }), photoFacts(photo)),
      knownFacts(photo),
      canWrite &&
        el(
          "div",
          { class: "row photo-actions" },
          anotherLanguage(photo, this.#language, (language) => this.#turnTo(language)),
          button(t("share"), () => shareDialog("photo", this.#id), { symbol: "share", kind: "small quiet" }),
          button(t("photo.forget"), () => this.#forget(), { symbol: "trash", kind: "small quiet danger-text" }),
        ),
    );
    const tagInput = field.querySelector(".tag-field");
    if (tagInput) tagInput.value = typed;
    if (hadFocus) tagInput?.focus();
  }

  #stageBox() {
    const back = iconButton(t("back"), "left", this.#onClose, { class: "icon-button on-stage stage-back" });
    return el("div", { class: "stage-box" }, this.#stage, back, this.#previous, this.#next);
  }

  #showSteps() {
    const { previous, next } = sequence.neighbours(this.#id);
    this.#previous.hidden = previous === null;
    this.#next.hidden = next === null;
    for (const id of [next, previous]) if (id) preloadPicture(id);
  }

  #showPicture(alt) {
    const small = photoImage(this.#id, { size: 320, lazy: false, className: "stage-blur" });
    small.setAttribute("aria-hidden", "true");
    const large = photoImage(this.#id, { size: 1280, alt, lazy: false, className: "stage-photo" });
    large.addEventListener("error", () => fill(this.#stage, el("p", { class: "stage-missing", text: t("photo.no_picture") })));
    fill(this.#stage, small, large);
  }

  #step(by) {
    const { previous, next } = sequence.neighbours(this.#id);
    const id = by < 0 ? previous : next;
    if (id) go(link("photo", id), { replace: true });
  }

  async #forget() {
    if (!(await confirm(t("photo.forget.title"), t("photo.forget.words"), t("photo.forget"), { isDanger: true }))) return;
    try {
      await remove(`photos/${this.#id}`);
      this.#onClose();
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
  }

  #keys() {
    return [
      { keys: ["ArrowLeft", "k"], words: "key.previous", run: () => this.#step(-1) },
      { keys: ["ArrowRight", "j"], words: "key.next", run: () => this.#step(1) },
      { keys: ["w"], words: "key.wand", run: () => this.#wand.ask() },
      { keys: ["t"], words: "key.use", run: () => this.#wand.suggestion && this.#panel.use(this.#wand.suggestion) },
      { keys: ["e"], words: "key.edit", run: () => this.#panel.edit() },
      { keys: ["u"], words: "key.undo_caption", run: () => this.#panel.undo() },
      { keys: ["Escape"], words: "key.close", run: () => this.#onClose() },
    ];
  }
}

