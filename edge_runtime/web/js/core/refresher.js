// Looks again soon after something happened: once, however much happens until then.

import { live } from "./live.js";

/** Calls `refresh` when it starts, and soon after each event of these types. */
export class Refresher {
  #types;
  #afterMs;
  #refresh;
  #stops = [];
  #timer = null;

  constructor(types, afterMs, refresh) {
    this.#types = types;
    this.#afterMs = afterMs;
    this.#refresh = refresh;
  }

  start() {
    for (const type of this.#types) this.#stops.push(live.on(type, () => this.#soon()));
    this.now();
  }

  stop() {
    clearTimeout(this.#timer);
    for (const stop of this.#stops.splice(0)) stop();
  }

  now() {
    clearTimeout(this.#timer);
    this.#timer = null;
    return this.#refresh();
  }

  #soon() {
    this.#timer ??= setTimeout(() => this.now(), this.#afterMs);
  }
}
