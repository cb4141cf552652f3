// Photos that are dropped on the page or chosen: sent two at a time, stored and described.

import { ApiError, GoneError, address, inWords } from "../core/api.js";
import { connection } from "../core/connection.js";
import { el, fill } from "../core/dom.js";
import { formatBytes, t } from "../core/i18n.js";
import { session } from "../core/session.js";
import { iconButton, progressBar } from "./controls.js";
import { icon } from "./icons.js";

const AT_ONCE = 2;
const MAX_TRIES = 60;
const IMAGES = "image/*,.heic,.heif,.avif";

/** Takes photos and shows how far they are. */
export class UploadTray {
  #waiting = [];
  #running = 0;
  #done = 0;
  #failed = [];
  #total = 0;
  #bytes = new Map();
  #input = el("input", { type: "file", accept: IMAGES, multiple: true, hidden: true });
  #box = el("section", { class: "upload-tray", hidden: true, "aria-label": t("uploads") });
  #drop = el("div", { class: "drop-here", hidden: true }, icon("upload"), el("p", { text: t("upload.drop") }));
  node = el("div", {}, this.#input, this.#box, this.#drop);

  constructor() {
    this.#input.addEventListener("change", () => {
      this.add(this.#input.files);
      this.#input.value = "";
    });
  }

  choose() {
    this.#input.click();
  }

  /** Take what is dropped anywhere on the page, until the signal ends it. */
  listen(target, signal) {
    document.addEventListener("choose-photos", () => this.choose(), { signal });
    let depth = 0;
    const isFiles = (event) => session.may("write") && event.dataTransfer?.types.includes("Files");
    const on = (name, run) => target.addEventListener(name, (event) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      run(event);
      this.#drop.hidden = depth <= 0;
    }, { signal });
    on("dragenter", () => (depth += 1));
    on("dragleave", () => (depth -= 1));
    on("dragover", () => {});
    on("drop", (event) => {
      depth = 0;
      this.add(event.dataTransfer.files);
    });
    target.addEventListener("paste", (event) => {
      if (event.clipboardData?.files.length && session.may("write")) this.add(event.clipboardData.files);
    }, { signal });
    addEventListener("beforeunload", (event) => {
      if (this.#running + this.#waiting.length > 0) event.preventDefault();
    }, { signal });
  }

  /** Send photos, one after the other. */
  add(files) {
    const photos = [...files].filter((file) => file.type.startsWith("image/") || /\.(heic|heif|avif|jpe?g|png|webp|tiff?)$/i.test(file.name));
    const rest = files.length - photos.length;
    if (this.#running + this.#waiting.length === 0) this.#reset();
    const taken = photos.filter((file) => file.size <= session.maxUpload);
    for (const file of taken) this.#waiting.push({ file, tries: 0 });
    for (const file of photos.filter((one) => !taken.includes(one))) this.#failed.push([file.name, t("upload.too_large", { size: formatBytes(file.size), most: formatBytes(session.maxUpload) })]);
    this.#total += taken.length;
    if (rest > 0) this.#failed.push([t("upload.others", { n: rest }), t("upload.no_photo")]);
    this.#go();
  }

  #reset() {
    this.#done = 0;
    this.#total = 0;
    this.#failed = [];
    this.#bytes.clear();
  }

  #go() {
    while (this.#running < AT_ONCE && this.#waiting.length > 0) this.#send(this.#waiting.shift());
    this.#render();
  }

  async #send(item) {
    this.#running += 1;
    try {
      await upload(item.file, (share) => {
        this.#bytes.set(item.file, share);
        this.#render();
      });
      this.#done += 1;
    } catch (error) {
      if (!(await this.#later(item, error))) this.#failed.push([item.file.name, inWords(error)]);
    } finally {
      this.#bytes.delete(item.file);
      this.#running -= 1;
      this.#go();
    }
  }

  /** Wait and try again where that helps: a full queue, a service that is away. */
  async #later(item, error) {
    item.tries += 1;
    if (item.tries > MAX_TRIES) return false;
    if (error instanceof GoneError) {
      if (!connection.isUp) await new Promise((resolve) => { const stop = connection.on("restored", () => { stop(); resolve(); }); });
    } else if (error instanceof ApiError && error.status === 429) {
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.min(error.retryAfter ?? 5, 30)));
    } else {
      return false;
    }
    this.#waiting.unshift(item);
    return true;
  }

  #render() {
    const left = this.#running + this.#waiting.length;
    const isOver = left === 0;
    this.#box.hidden = this.#total === 0 && this.#failed.length === 0;
    const sent = this.#total - left + [...this.#bytes.values()].reduce((sum, share) => sum + share, 0);
    const words = isOver ? t("upload.done", { n: this.#done }) : t("upload.going", { n: this.#total, done: this.#done });
    fill(
      this.#box,
      el("div", { class: "row between" }, el("strong", { role: "status", text: words }), isOver && iconButton(t("close"), "close", () => { this.#reset(); this.#render(); }, { class: "icon-button small" })),
      !isOver && progressBar(sent, this.#total, words),
      isOver && this.#done > 0 && el("p", { class: "hint", text: t("upload.described") }),
      this.#failed.length > 0 && el("ul", { class: "upload-failed" }, this.#failed.map(([name, why]) => el("li", {}, el("strong", { dir: "auto", text: name }), ` ${why}`))),
    );
  }
}

/** Send one photo; `onShare` hears which part is sent. fetch() can't tell, so XMLHttpRequest. */
function upload(file, onShare) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("store", "true");
    form.append("language", session.language);
    form.append("image", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", address("captions"));
    request.setRequestHeader("Prefer", "respond-async");
    request.setRequestHeader("X-Requested-With", "fetch");
    request.upload.addEventListener("progress", ({ loaded, total }) => onShare(total ? loaded / total : 0));
    request.addEventListener("error", () => {
      // the same as for every other request: somebody has to notice
      fetch(address("info")).then(() => reject(new ApiError(400, { error: { code: "upload_cut", message: t("upload.cut") } }, new Headers())), () => reject(new GoneError("gone")));
    });
    request.addEventListener("load", () => {
      if (request.status < 300) return resolve();
      const headers = new Headers({ "Retry-After": request.getResponseHeader("Retry-After") ?? "" });
      return reject(new ApiError(request.status, parsed(request.responseText), headers));
    });
    request.send(form);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
