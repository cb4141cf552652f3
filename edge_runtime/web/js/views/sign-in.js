// For a browser that the service doesn't know.

import { ApiError, inWords } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { go, link, parse } from "../core/router.js";
import { session } from "../core/session.js";
import { button } from "../parts/controls.js";
import { logo } from "../parts/logo.js";

/** Says how to sign in, and takes a token. */
export class SignInView {
  mount(root) {
    document.title = `${t("sign_in")} · Edge Captions`;
    const { name, query } = parse(location.hash);
    const hasLink = name === "sign-in" && query.id && query.secret;
    const problem = el("p", { class: "problem", role: "alert" });
    const field = el("input", { type: "password", name: "token", autocomplete: "current-password", required: true, placeholder: "ec_…", "aria-label": t("sign_in.token"), spellcheck: "false" });
    const submit = async (event) => {
      event.preventDefault();
      problem.textContent = "";
      try {
        await session.signIn(field.value.trim());
      } catch (error) {
        problem.textContent = error instanceof ApiError && error.status === 401 ? t("sign_in.wrong") : inWords(error);
        field.select();
      }
    };
    fill(
      root,
      el(
        "main",
        { class: "sign-in" },
        el("div", { class: "brand large" }, logo(), el("span", { text: "Edge Captions" })),
        el("h1", { tabindex: "-1", class: "page-title", text: t("sign_in") }),
        session.wasSignedOut && el("p", { class: "notice warning", role: "alert", text: t("sign_in.ended") }),
        hasLink ? this.#byLink(query) : [el("p", { text: t("sign_in.link") }), el("pre", { tabindex: "0" }, el("code", { text: "edge-captions token create PHONE --qr" }))],
        el("form", { class: "sign-in-form", on: { submit } }, el("label", { class: "field" }, el("span", { text: t("sign_in.token") }), field), problem, button(t("sign_in"), () => {}, { kind: "primary big", type: "submit" })),
      ),
    );
  }

  /** The button is there so that only a person uses the link up: previews open links, too. */
  #byLink(query) {
    const problem = el("p", { class: "problem", role: "alert" });
    const submit = async () => {
      try {
        go(link("library"), { replace: true }); // the secret leaves the address
        await session.signInByLink(query);
      } catch (error) {
        problem.textContent = error instanceof ApiError && error.status === 404 ? t("sign_in.used") : inWords(error);
      }
    };
    return [button(t("sign_in.here"), submit, { kind: "primary big" }), problem];
  }
}
