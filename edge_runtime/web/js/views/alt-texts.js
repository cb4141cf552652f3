// The captions of the photos on the screen, where the list doesn't hold them.

import { get } from "../core/api.js";
import { session } from "../core/session.js";

const AT_ONCE = 2;
const WAIT_MS = 150;

/** Looks up captions for tiles that are on the screen and stay there for a moment. */
export class AltTexts {
  #wanted = new Map();
  #known = new Map();
  #running = 0;

  /** Have `use(text)` called with the photo's caption, unless the tile goes away before. */
  want(photo, tile, use) {
    if (photo.caption !== undefined || !(photo.has_caption || photo.pending)) return;
    if (this.#known.has(photo.id)) use(this.#known.get(photo.id));
    else {
      this.#wanted.set(photo.id, { tile, use });
      setTimeout(() => this.#go(), WAIT_MS);
    }
  }

  /** Forget what a photo said; it may say something else now. */
  forget(photoId) {
    this.#known.delete(photoId);
  }

  async #go() {
    if (this.#running >= AT_ONCE) return;
    this.#running += 1;
    try {
      for (const [id, { tile, use }] of this.#wanted) {
        this.#wanted.delete(id);
        if (!tile.isConnected) continue;
        const text = textOf(await get(`photos/${id}`));
        if (text) {
          this.#known.set(id, text);
          use(text);
        }
      }
    } catch {
      this.#wanted.clear(); // the banner tells; the next tiles try again
    } finally {
      this.#running -= 1;
    }
  }
}

function textOf(photo) {
  const own = photo.captions.find((one) => one.language === session.language) ?? photo.captions[0];
  return own?.text ?? photo.suggestions.find((one) => one.state === "pending")?.text ?? null;
}
