// The person's caption: read, write, undo; drafts and changes by others.

import { ApiError, get, inWords, post, put, remove } from "../core/api.js";
import { draftOf, dropDraft, keepDraft } from "../core/drafts.js";
import { el, fill } from "../core/dom.js";
import { formatAgo, t } from "../core/i18n.js";
import { go, link } from "../core/router.js";
import { session } from "../core/session.js";
import { button } from "./controls.js";
import { Editor } from "./editor.js";
import { captionHistory } from "./history.js";
import { toast } from "./toast.js";
import { captionText } from "./words.js";

/** Shows one photo's caption in one language and lets a person write it. */
export class CaptionPanel {
  #photoId;
  #language;
  #on;
  #caption = null;
  /** The suggestion whose text was taken into the editor. */
  #used = null;
  #editor = null;
  /** The caption's time when typing began: another one now means somebody else wrote. */
  #base = null;
  #notice = el("div");
  #body = el("div");
  node = el("section", { class: "caption-panel" });

  /** handlers: onSaved() after every change that the service took. */
  constructor(photoId, language, { onSaved }) {
    this.#photoId = photoId;
    this.#language = language;
    this.#on = { onSaved };
    this.node.append(this.#notice, this.#body);
  }

  get isEditing() {
    return this.#editor !== null;
  }

  /** Show what the service has now; what is being typed stays. */
  show(caption) {
    this.#caption = caption;
    if (this.#editor) {
      this.#checkConflict();
      return;
    }
    const draft = draftOf(this.#photoId, this.#language);
    if (draft && session.may("write") && draft.text.trim() !== (caption?.text ?? "")) {
      this.#open(draft.text, draft.base);
      this.#sayDraft(draft);
      this.#checkConflict();
    } else {
      this.#read();
    }
  }

  /** Begin to write. */
  edit() {
    if (!session.may("write")) return;
    if (!this.#editor) this.#open(this.#caption?.text ?? "", this.#caption?.created_at ?? null);
    this.#editor.focus();
  }

  /** Take a suggestion's words into the editor. */
  use(suggestion) {
    this.edit();
    this.#used = suggestion;
    this.#editor.replace(suggestion.text);
  }

  #useText(text) {
    this.edit();
    this.#editor.replace(text);
  }

  async undo() {
    if (!session.may("write") || this.#editor) return;
    try {
      await post(`photos/${this.#photoId}/caption/undo`, { language: this.#language });
      toast(t("caption.undone"));
      this.#on.onSaved();
    } catch (error) {
      const isNothing = error.code === "nothing_to_undo";
      toast(isNothing ? t("caption.nothing_to_undo") : inWords(error), { isError: !isNothing });
    }
  }

  #read() {
    const caption = this.#caption;
    const canWrite = session.may("write");
    fill(this.#notice);
    fill(
      this.#body,
      caption
        ? captionText(caption.text, caption.language)
        : el("p", { class: "caption-text is-empty", text: t("caption.none") }),
      caption && el("p", { class: "hint", text: t(`caption.${caption.origin}`, { when: formatAgo(caption.created_at) }) }),
      canWrite &&
        el(
          "div",
          { class: "row" },
          button(caption ? t("edit") : t("caption.write"), () => this.edit(), { symbol: "pencil", kind: "small", hint: "e" }),
          caption && button(t("undo"), () => this.undo(), { symbol: "undo", kind: "quiet small", hint: "u" }),
          caption && button(t("remove"), () => this.#remove(), { symbol: "trash", kind: "quiet small" }),
        ),
      caption && captionHistory(this.#photoId, this.#language, (text) => this.#useText(text)),
    );
  }

  #open(text, base) {
    this.#base = base;
    this.#editor = new Editor({
      text,
      language: this.#language,
      label: t("caption"),
      onType: (words) => this.#typed(words),
      onSave: (words) => this.#save(words),
      onCancel: () => this.#cancel(),
    });
    fill(this.#body, this.#editor.node);
  }

  #typed(text) {
    if (!keepDraft(this.#photoId, this.#language, text, this.#base)) {
      this.#say("warning", t("draft.not_kept"));
    }
  }

  #close() {
    this.#editor = null;
    this.#used = null;
    dropDraft(this.#photoId, this.#language);
    this.#read();
  }

  #cancel() {
    const dropped = this.#editor.text;
    const base = this.#base;
    const isChanged = dropped.trim() !== (this.#caption?.text ?? "");
    this.#close();
    if (!isChanged || dropped.trim() === "") return;
    const back = () => {
      keepDraft(this.#photoId, this.#language, dropped, base);
      if (this.node.isConnected) {
        this.#open(dropped, base);
        this.#editor.focus();
      } else {
        go(link("photo", this.#photoId)); // it opens with the draft
      }
    };
    toast(t("draft.dropped"), { action: { words: t("undo"), run: back } });
  }

  async #save(text, { overwrite = false } = {}) {
    const editor = this.#editor;
    editor.isBusy = true;
    try {
      await this.#look();
      if (overwrite) this.#base = this.#caption?.created_at ?? null;
      if (this.#checkConflict()) {
        editor.isBusy = false;
        return;
      }
      await this.#send(text);
      await this.#look().catch(() => {}); // the next edit begins at what was just saved
      this.#close();
      toast(t("caption.saved"), { action: { words: t("undo"), run: () => this.undo() } });
      this.#on.onSaved();
    } catch (error) {
      editor.isBusy = false;
      if (error.code === "caption_changed" && (await this.#look().then(() => this.#checkConflict(), () => false))) return;
      this.#say("warning", t("draft.safe", { why: inWords(error) }));
    }
  }

  /** Ask for the caption that is there now. */
  async #look() {
    const details = await get(`photos/${this.#photoId}`);
    this.#caption = details.captions.find((one) => one.language === this.#language) ?? null;
  }

  /** Save as what it is: a suggestion as it was, one that was changed, or own words. */
  async #send(text) {
    const used = this.#used?.language === this.#language ? this.#used : null;
    if (used) {
      try {
        const path = `suggestions/${used.id}`;
        await (text === used.text ? post(`${path}/accept`) : post(`${path}/edit`, { text }));
        return;
      } catch (error) {
        if (!(error instanceof ApiError && [404, 409].includes(error.status))) throw error;
        // decided or replaced elsewhere: the words are the person's own now
      }
    }
    await put(`photos/${this.#photoId}/caption`, { text, language: this.#language, replaces: this.#base });
  }

  async #remove() {
    try {
      await remove(`photos/${this.#photoId}/caption`, { language: this.#language });
      toast(t("caption.removed"), { action: { words: t("undo"), run: () => this.undo() } });
      this.#on.onSaved();
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
  }

  /** Show that somebody else wrote meanwhile; return whether they did. */
  #checkConflict() {
    const now = this.#caption?.created_at ?? null;
    if (now === this.#base || this.#caption?.text === this.#editor.text.trim()) return false;
    const theirs = this.#caption;
    fill(
      this.#notice,
      el(
        "div",
        { class: "notice warning", role: "alert" },
        el("strong", { text: t("conflict.title") }),
        theirs
          ? captionText(theirs.text, theirs.language, { className: "conflict-text" })
          : el("p", { text: t("conflict.removed") }),
        el(
          "div",
          { class: "row" },
          button(t("conflict.mine"), () => this.#save(this.#editor.text.trim(), { overwrite: true }), { kind: "small" }),
          button(t("conflict.theirs"), () => this.#cancel(), { kind: "small quiet" }),
        ),
      ),
    );
    return true;
  }

  #sayDraft(draft) {
    this.#say("info", t("draft.found", { when: formatAgo(draft.at) }), button(t("draft.discard"), () => this.#cancel(), { kind: "small quiet" }));
  }

  #say(kind, words, ...more) {
    fill(this.#notice, el("div", { class: `notice ${kind}`, role: "status" }, el("p", { text: words }), more));
  }
}
