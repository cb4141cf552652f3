// Who we are to the service, and what it said of itself.

import { BASE, call, get, refusal } from "./api.js";
import { Emitter } from "./emitter.js";

const RANK = { public: 0, read: 1, write: 2, admin: 3 };

/** Emits "change". */
export const session = Object.assign(new Emitter(), {
  info: null,
  scope: "public",
  /** The language that captions are written in. */
  language: "en",
  /** Whether names of people are switched on. */
  knowsPeople: false,
  /** The largest file, in bytes, that the service takes. */
  maxUpload: Infinity,
  /** The token has ended while the page was open. */
  wasSignedOut: false,
  may,
  load,
  learn,
  signIn,
  signInByLink,
  signOut,
});

/** Return whether the person may do what needs a scope: read, write or admin. */
function may(scope) {
  return RANK[session.scope] >= RANK[scope];
}

/** Ask the service who we are. */
async function load() {
  session.info = await get("info");
  session.scope = session.info.scope;
  if (may("read")) await learn();
  session.emit("change");
}

/** Ask the service what it is set to. */
async function learn() {
  const { settings } = await get("stats");
  session.language = settings.language;
  session.knowsPeople = settings.people === true;
  session.maxUpload = (settings.max_upload_mib ?? Infinity) * 2 ** 20;
}

/** Sign in with a token; raises what is wrong with it. */
async function signIn(token) {
  await call("POST", "sign-in", { headers: { Authorization: `Bearer ${token}` } });
  await load();
}

/** Sign in with a link that works once; raises an ApiError where it doesn't any more. */
async function signInByLink({ id, secret }) {
  const url = new URL("sign-in", BASE);
  url.search = String(new URLSearchParams({ id, secret }));
  // the answer is a redirect to the page that is here already
  const response = await fetch(url, { method: "POST", redirect: "manual", headers: { "X-Requested-With": "fetch" } });
  if (response.type !== "opaqueredirect" && !response.ok) throw await refusal(response);
  await load();
}

async function signOut() {
  await call("POST", "sign-out");
  await load();
}
