// Views whose scripts come when somebody goes there: the first view needs to wait for less.

import { el, fill } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { failure, pageTitle, skeleton } from "../parts/controls.js";

/** Return a view that loads another one; `words` is the key of its title. */
export function later(words, load) {
  return class {
    #given;
    #inner = null;
    #isLeft = false;

    constructor(...given) {
      this.#given = given;
    }

    get title() {
      return t(words);
    }

    mount(root) {
      const title = pageTitle(this.title);
      root.append(el("header", { class: "page-head" }, el("div", { class: "page-head-row" }, title)), skeleton("card", "card"));
      load().then(
        (View) => {
          if (this.#isLeft) return;
          const hadFocus = document.activeElement === title;
          fill(root);
          this.#inner = new View(...this.#given);
          this.#inner.mount(root);
          if (hadFocus) root.querySelector(".page-title")?.focus({ preventScroll: true });
        },
        // the service is away, or has another version of the page by now
        () => this.#isLeft || fill(root, failure(t("failed.start"), () => location.reload())),
      );
    }

    unmount() {
      this.#isLeft = true;
      this.#inner?.unmount();
    }

    refresh() {
      this.#inner?.refresh?.();
    }
  };
}
