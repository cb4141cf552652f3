// The queue of suggestions that wait for a person, one large photo at a time.

import { ApiError, get, inWords, post } from "../core/api.js";
import { draftOf, dropDraft, keepDraft } from "../core/drafts.js";
import { el, fill } from "../core/dom.js";
import { formatDay, t } from "../core/i18n.js";
import { bind } from "../core/keys.js";
import { live } from "../core/live.js";
import { link } from "../core/router.js";
import { session } from "../core/session.js";
import { waiting } from "../core/waiting.js";
import { button, buttonLink, choices, emptyState, failure, pageTitle, skeleton } from "../parts/controls.js";
import { Editor } from "../parts/editor.js";
import { photoImage, preloadPicture } from "../parts/image.js";
import { toast } from "../parts/toast.js";
import { markDoubted, verdictBadge, verdictSentence } from "../parts/verdict.js";
import { provenance } from "../parts/wand.js";
import { captionText } from "../parts/words.js";
import { acceptSure, takeBack } from "./accept-all.js";
import { ReviewQueue } from "./review-queue.js";

/** Shows one suggestion after the other: accept, change, reject, skip, take back. */
export class ReviewView {
  #queue;
  #editor = null;
  #isBusy = false;
  #undoable = [];
  #stops = [];
  #count = el("span", { class: "count" });
  #card = el("div", { class: "review" });
  #details = new Map();
  #all = button(t("review.all_sure"), () => this.#acceptAll(), { kind: "small review-all", symbol: "check" });

  constructor(_argument, query) {
    this.#queue = new ReviewQueue(query.verdict ?? null);
  }

  get title() {
    return t("nav.review");
  }

  mount(root) {
    const verdicts = [[null, t("all")], ...["sure", "unsure", "none", "unchecked"].map((one) => [one, t(`verdict.${one}`)])];
    root.append(
      el(
        "header",
        { class: "page-head" },
        el("div", { class: "page-head-row wrap" }, pageTitle(t("nav.review")), this.#count, session.may("write") && this.#all),
        choices(t("review.filter"), verdicts, this.#queue.verdict, (verdict) => this.#filter(verdict)),
      ),
      this.#card,
    );
    this.#stops.push(
      bind(this.#keys()),
      live.on("suggestion.added", () => this.#lookForNew()),
      live.on("suggestion.changed", ({ id, state }) => this.#changedElsewhere(id, state)),
      live.on("photo.forgotten", ({ id }) => this.#queue.dropPhoto(id) && this.#render()),
      live.on("reset", () => this.refresh()),
      waiting.on("change", () => this.#showCount()),
    );
    this.refresh();
  }

  unmount() {
    for (const stop of this.#stops) stop();
  }

  /** Begin anew with what waits now. */
  async refresh() {
    if (this.#editor) return; // what is being typed matters more
    if (!this.#queue.current) fill(this.#card, skeleton("review-picture", "line", "line short"));
    try {
      await this.#queue.load();
      this.#render();
    } catch (error) {
      fill(this.#card, failure(inWords(error), () => this.refresh()));
    }
  }

  #filter(verdict) {
    this.#editor = null;
    this.#queue = new ReviewQueue(verdict);
    this.refresh();
  }

  async #lookForNew() {
    const before = this.#queue.current?.id;
    await this.#queue.addNew().catch(() => {});
    // a newer suggestion for the photo that is shown takes the place of the one before
    if (this.#queue.current?.id !== before && !this.#editor) this.#render();
    else this.#showCount();
  }

  #changedElsewhere(id, state) {
    if (state === "pending") {
      this.#lookForNew();
      return;
    }
    if (this.#isBusy) return; // our own decision
    const isCurrent = this.#queue.current?.id === id;
    if (!this.#queue.drop(id)) return;
    if (isCurrent && !this.#editor) {
      toast(t("review.elsewhere"));
      this.#render();
    }
    this.#showCount();
  }

  #render() {
    this.#editor = null;
    this.#showCount();
    const suggestion = this.#queue.current;
    if (!suggestion) {
      fill(this.#card, this.#nothing());
      return;
    }
    const draft = draftOf(suggestion.photo_id, suggestion.language);
    const words = el("div", { class: "review-words" });
    const image = photoImage(suggestion.photo_id, { size: 1280, alt: suggestion.text, lazy: false, className: "review-photo" });
    fill(
      this.#card,
      el("a", { class: "review-picture", href: link("photo", suggestion.photo_id), "aria-label": t("review.open") }, image),
      el("div", { class: "review-side" }, words, this.#actions()),
    );
    this.#showWords(words, suggestion);
    this.#showDetails(suggestion, image);
    const next = this.#queue.next;
    if (next) {
      preloadPicture(next.photo_id);
      this.#detailsOf(next).catch(() => {});
    }
    if (draft?.text && draft.text !== suggestion.text) this.#edit(draft);
  }

  #showWords(words, suggestion) {
    fill(
      words,
      el("div", { class: "review-verdict" }, verdictBadge(suggestion.verdict)),
      el("p", { class: "review-text", dir: "auto", lang: suggestion.language }, markDoubted(suggestion.text, suggestion.doubted)),
      el("p", { class: "hint", text: suggestion.stale ? t("suggestion.stale") : verdictSentence(suggestion) }),
      el("div", { class: "review-facts" }),
      el("p", { class: "provenance", text: provenance(suggestion.provenance) }),
    );
  }

  #actions() {
    if (!session.may("write")) return el("p", { class: "notice info", text: t("read_only") });
    return el(
      "div",
      { class: "review-actions" },
      button(t("accept"), () => this.#decide("accept"), { symbol: "check", kind: "primary big", hint: "a" }),
      button(t("edit"), () => this.#edit(), { symbol: "pencil", kind: "big", hint: "e" }),
      button(t("reject"), () => this.#decide("reject"), { symbol: "close", kind: "big", hint: "r" }),
      button(t("skip"), () => this.#step(1), { symbol: "right", kind: "quiet big", hint: "n" }),
    );
  }

  async #showDetails(suggestion, image) {
    const photo = await this.#detailsOf(suggestion).catch(() => null);
    if (!photo || this.#queue.current?.id !== suggestion.id) return;
    if (photo.height > 0) image.style.setProperty("--ratio", photo.width / photo.height);
    const own = photo.captions.find((one) => one.language === suggestion.language);
    const facts = [photo.taken_at && formatDay(photo.taken_at), photo.camera, photo.files[0]?.path.split("/").at(-1)];
    const place = this.#card.querySelector(".review-facts");
    if (!place) return;
    fill(
      place,
      own && el("div", { class: "notice info" }, el("strong", { text: t("review.has_caption") }), captionText(own.text, own.language)),
      el("p", { class: "hint", dir: "auto", text: facts.filter(Boolean).join(" · ") }),
    );
  }

  async #detailsOf(suggestion) {
    const id = suggestion.photo_id;
    if (!this.#details.has(id)) {
      if (this.#details.size > 20) this.#details.clear();
      this.#details.set(id, get(`photos/${id}`));
      this.#details.get(id).catch(() => this.#details.delete(id));
    }
    return this.#details.get(id);
  }

  #edit(draft = null) {
    const suggestion = this.#queue.current;
    if (!suggestion || this.#editor || !session.may("write")) return;
    const { photo_id: photo, language, text } = suggestion;
    this.#editor = new Editor({
      text: draft?.text ?? text,
      language,
      label: t("caption"),
      onType: (words) => keepDraft(photo, language, words, draft?.base ?? null),
      onSave: (words) => this.#decide(words === text ? "accept" : "edit", words),
      onCancel: () => {
        dropDraft(photo, language);
        this.#render();
        this.#card.querySelector(".review-actions button")?.focus({ preventScroll: true });
      },
    });
    const side = this.#card.querySelector(".review-side");
    fill(side, draft && el("p", { class: "notice info", text: t("draft.found_here") }), this.#editor.node);
    this.#editor.focus();
  }

  async #decide(what, text = null) {
    const suggestion = this.#queue.current;
    if (!suggestion || this.#isBusy || !session.may("write")) return;
    this.#setBusy(true);
    try {
      await post(`suggestions/${suggestion.id}/${what}`, what === "edit" ? { text } : {});
      if (this.#editor) dropDraft(suggestion.photo_id, suggestion.language);
      this.#details.delete(suggestion.photo_id);
      this.#undoable.push(suggestion);
      this.#next(suggestion);
      toast(t(`review.${what}ed`), { action: { words: t("undo"), run: () => this.#undo() } });
    } catch (error) {
      this.#refused(error, suggestion);
    } finally {
      this.#setBusy(false);
    }
  }

  #refused(error, suggestion) {
    const isGone = error instanceof ApiError && [404, 409].includes(error.status);
    if (isGone && this.#editor) {
      // keep the words: they wait in the photo's own view
      toast(t("review.elsewhere_draft"), { isError: true, action: { words: t("review.open"), run: () => (location.hash = link("photo", suggestion.photo_id)) } });
    } else if (isGone) {
      toast(t("review.elsewhere"));
    } else {
      toast(inWords(error), { isError: true });
      return;
    }
    this.#next(suggestion);
  }

  #next(suggestion) {
    this.#queue.drop(suggestion.id);
    this.#render();
    this.#queue.fillUp().then(() => this.#showCount(), () => {});
  }

  async #acceptAll() {
    if (this.#isBusy || this.#editor) return;
    this.#isBusy = true; // what is decided now was decided here
    this.#all.disabled = true;
    try {
      const ids = await acceptSure();
      const back = () => takeBack(ids).catch((error) => toast(inWords(error), { isError: true })).then(() => this.refresh());
      if (ids.length > 0) toast(t("review.accepted_all", { n: ids.length }), { action: { words: t("undo"), run: back }, shownMs: 15_000 });
    } catch (error) {
      toast(inWords(error), { isError: true });
    } finally {
      this.#isBusy = false;
      this.#all.disabled = false;
      this.refresh();
    }
  }

  async #undo() {
    const suggestion = this.#undoable.pop();
    if (!suggestion || this.#isBusy) return;
    this.#setBusy(true);
    try {
      const { suggestion: back } = await post(`suggestions/${suggestion.id}/undo`);
      this.#details.delete(suggestion.photo_id);
      this.#queue.putBack(back);
      this.#render();
      toast(t("review.undone"));
    } catch (error) {
      toast(inWords(error), { isError: true });
    } finally {
      this.#setBusy(false);
    }
  }

  #step(by) {
    if (this.#editor || !this.#queue.step(by)) return;
    this.#render();
    this.#queue.fillUp().catch(() => {});
  }

  #setBusy(busy) {
    this.#isBusy = busy;
    if (this.#editor) this.#editor.isBusy = busy;
    for (const one of this.#card.querySelectorAll(".review-actions button")) one.disabled = busy;
  }

  #showCount() {
    const { current, place, total, isWhole, verdict } = this.#queue;
    const atLeast = verdict === null && waiting.count > total ? waiting.count : `${total}+`;
    this.#count.textContent = current ? t("review.place", { place: place + 1, total: isWhole ? total : atLeast }) : "";
  }

  #nothing() {
    const { verdict, skipped } = this.#queue;
    if (skipped > 0) {
      return emptyState("review", t("review.end"), t("review.skipped", { n: skipped }), button(t("review.again"), () => this.refresh(), { symbol: "refresh", kind: "primary" }));
    }
    const words = verdict ? t("review.empty.filtered") : t("review.empty.words");
    return emptyState("tick", t("review.empty"), words, buttonLink(t("nav.library"), link("library"), { symbol: "library" }));
  }

  #keys() {
    return [
      { keys: ["a"], words: "key.accept", run: () => !this.#editor && this.#decide("accept") },
      { keys: ["e"], words: "key.edit", run: () => this.#edit() },
      { keys: ["r", "x"], words: "key.reject", run: () => !this.#editor && this.#decide("reject") },
      { keys: ["n", "j", "ArrowRight"], words: "key.skip", run: () => this.#step(1) },
      { keys: ["k", "ArrowLeft"], words: "key.previous", run: () => this.#step(-1) },
      { keys: ["u"], words: "key.undo", run: () => this.#undo() },
    ];
  }
}
