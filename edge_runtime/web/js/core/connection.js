// Is the service there? While it is not, ask again and again, ever less often.

import { BASE, apiEvents } from "./api.js";
import { Emitter } from "./emitter.js";

const WAITS_S = [1, 2, 4, 8, 15];

/** "down" with {nextIn}, "restored". */
export const connection = Object.assign(new Emitter(), { isUp: true, tryNow });

let attempt = 0;
let timer = null;

apiEvents.on("down", lost);
apiEvents.on("up", found);
addEventListener("online", tryNow);

function lost() {
  if (!connection.isUp) return;
  connection.isUp = false;
  attempt = 0;
  plan();
}

function plan() {
  const wait = WAITS_S[Math.min(attempt, WAITS_S.length - 1)];
  attempt += 1;
  connection.emit("down", { nextIn: wait });
  clearTimeout(timer);
  timer = setTimeout(tryNow, wait * 1000);
}

async function tryNow() {
  if (connection.isUp) return;
  clearTimeout(timer);
  try {
    const response = await fetch(new URL("health", BASE), { signal: AbortSignal.timeout(5000) });
    if (response.ok) return found();
  } catch {
    // still gone
  }
  plan();
}

function found() {
  if (connection.isUp) return;
  clearTimeout(timer);
  connection.isUp = true;
  connection.emit("restored");
}
