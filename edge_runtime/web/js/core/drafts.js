// Words that were typed and not saved yet. They outlive a crash, a reload and a sign-out.

import { keep, namesOf, recall } from "./storage.js";

const KEEP_MS = 90 * 24 * 3600 * 1000;

const nameOf = (photoId, language) => `draft.${photoId}.${language}`;

/** Return {text, base, at} or null; `base` is the caption's time when typing began. */
export const draftOf = (photoId, language) => recall(nameOf(photoId, language));

/** Keep what is being typed. Returns false where this browser can't. */
export function keepDraft(photoId, language, text, base) {
  return keep(nameOf(photoId, language), { text, base, at: new Date().toISOString() });
}

export const dropDraft = (photoId, language) => keep(nameOf(photoId, language), null);

/** Forget what nobody came back to for a season. */
export function dropOldDrafts(now = Date.now()) {
  for (const name of namesOf("draft.")) {
    const age = now - new Date(recall(name)?.at ?? 0).getTime();
    if (!(age < KEEP_MS)) keep(name, null);
  }
}
