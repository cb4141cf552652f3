// Starts the page.

import { apiEvents, call, inWords } from "./core/api.js";
import { dropOldDrafts } from "./core/drafts.js";
import { el, fill } from "./core/dom.js";
import { connection } from "./core/connection.js";
import { loadLanguage, t } from "./core/i18n.js";
import { live } from "./core/live.js";
import { parse } from "./core/router.js";
import { session } from "./core/session.js";
import { failure } from "./parts/controls.js";
import { Shell } from "./shell.js";
import { SignInView } from "./views/sign-in.js";

const root = document.getElementById("app");
/** What whoever has the link may see, without signing in. */
const FOR_GUESTS = {
  shared: async () => (await import("./views/shared.js")).SharedView,
  rate: async () => (await import("./views/rate.js")).RateView,
};

async function start() {
  await loadLanguage();
  const { name, argument } = parse(location.hash);
  const isGuest = name in FOR_GUESTS;
  addEventListener("hashchange", () => {
    if (isGuest || parse(location.hash).name in FOR_GUESTS) location.reload();
  });
  if (isGuest) {
    const View = await FOR_GUESTS[name]();
    await new View(argument).mount(root);
    return;
  }
  dropOldDrafts();
  apiEvents.on("unauthorized", signedOut);
  session.on("change", show);
  // what fails here is asked again with the next look at the page
  live.on("settings.changed", () => session.learn().catch(() => {}));
  await begin();
}

async function begin() {
  try {
    await session.load();
  } catch (error) {
    fill(root, el("main", { class: "plain" }, failure(inWords(error), begin)));
    const stop = connection.on("restored", () => {
      stop();
      begin();
    });
  }
}

let shown = null;

function show() {
  const Wanted = session.may("read") ? Shell : SignInView;
  if (shown instanceof Wanted) return;
  shown?.unmount?.();
  if (Wanted === Shell) live.start();
  else live.stop();
  shown = new Wanted();
  shown.mount(root);
}

/** The token was revoked or has ended: say so; what was typed waits as a draft. */
function signedOut() {
  if (!(shown instanceof Shell)) return;
  call("POST", "sign-out").catch(() => {}); // takes the dead cookie away
  session.scope = "public";
  session.wasSignedOut = true;
  session.emit("change");
}

start().catch((error) => {
  reportError(error);
  root.textContent = t("failed.start");
});
