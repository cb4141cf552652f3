// This browser, the devices that may come in, links that were given away, and facts.

import { BASE, call, get, inWords, post, remove } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { LANGUAGES, chooseLanguage, chosenLanguage, formatAgo, formatBytes, formatDay, formatNumber, t } from "../core/i18n.js";
import { live } from "../core/live.js";
import { link } from "../core/router.js";
import { session } from "../core/session.js";
import { setTheme, theme } from "../core/storage.js";
import { ConnectorsPanel } from "../parts/connectors-panel.js";
import { button, buttonLink, choices, pageTitle } from "../parts/controls.js";
import { confirm, dialog } from "../parts/dialog.js";
import { FoldersPanel } from "../parts/folders-panel.js";
import { icon } from "../parts/icons.js";
import { keyHelp, keySwitch } from "../parts/key-help.js";
import { ServiceSettings } from "../parts/service-settings.js";
import { copy, madeLink } from "../parts/share.js";
import { toast } from "../parts/toast.js";

/** Settings of the page, and what a person rules over the service with. */
export class SettingsView {
  #pairings = el("div");
  #devices = el("div");
  #shares = el("div");
  #facts = el("div");
  #service = new ServiceSettings();
  #folders = new FoldersPanel();
  #connectors = new ConnectorsPanel();
  #stops = [];

  get title() {
    return t("nav.settings");
  }

  mount(root) {
    const isAdmin = session.may("admin");
    root.append(
      el("header", { class: "page-head" }, el("div", { class: "page-head-row" }, pageTitle(t("nav.settings")))),
      el(
        "div",
        { class: "settings" },
        this.#page(),
        section(t("folders"), t("folders.words"), this.#folders.node, isAdmin && buttonLink(t("folders.add"), link("welcome", "", { new: 1 }), { symbol: "plus", kind: "small" })),
        section(t("connectors"), t("connectors.words"), this.#connectors.node),
        section(t("service"), t(isAdmin ? "service.words" : "service.words.locked"), this.#service.node),
        isAdmin && section(t("devices"), t("devices.words"), this.#pairings, this.#devices, button(t("devices.add"), () => this.#addDevice(), { symbol: "phone", kind: "small" })),
        section(t("shares"), t("shares.words"), this.#shares),
        section(t("about"), null, this.#facts),
      ),
    );
    for (const type of ["pairing.opened", "pairing.closed", "share.created", "share.changed", "share.revoked", "reset"]) {
      this.#stops.push(live.on(type, () => this.refresh()));
    }
    this.#folders.start();
    this.#connectors.start();
    this.#service.start();
    this.refresh();
  }

  unmount() {
    this.#folders.stop();
    this.#connectors.stop();
    this.#service.stop();
    for (const stop of this.#stops) stop();
  }

  async refresh() {
    const parts = [[this.#shares, () => this.#showShares()], [this.#facts, () => this.#showFacts()]];
    if (session.may("admin")) parts.push([this.#devices, () => this.#showDevices()], [this.#pairings, () => this.#showPairings()]);
    await Promise.all(
      parts.map(async ([place, show]) => {
        try {
          await show();
        } catch (error) {
          fill(place, el("p", { class: "problem", text: inWords(error) }));
        }
      }),
    );
  }

  #page() {
    const themes = [["", t("theme.auto")], ["light", t("theme.light")], ["dark", t("theme.dark")]];
    const languages = [["", t("language.auto")], ...Object.entries(LANGUAGES)];
    const choose = (name) => {
      chooseLanguage(name);
      location.reload();
    };
    return section(
      t("this_browser"),
      null,
      row(t("theme"), choices(t("theme"), themes, theme(), setTheme)),
      row(t("language"), choices(t("language"), languages, chosenLanguage(), choose)),
      el("div", { class: "row between" }, keySwitch(), button(t("keys.title"), keyHelp, { symbol: "keyboard", kind: "small quiet", hint: "?" })),
      el("div", { class: "row between" }, el("span", { class: "hint", text: t("signed_in", { scope: t(`scope.${session.scope}`) }) }), button(t("sign_out"), () => this.#signOut(), { kind: "small quiet" })),
    );
  }

  async #signOut() {
    try {
      await session.signOut();
      if (session.may("read")) toast(t("sign_out.none"));
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
  }

  async #showPairings() {
    const { items } = await get("pairings");
    const decide = async (what, pairing) => {
      try {
        await post(`pairings/${what}`, { code: pairing.code });
        await this.refresh();
      } catch (error) {
        toast(inWords(error), { isError: true });
      }
    };
    fill(
      this.#pairings,
      items.map((pairing) =>
        el(
          "div",
          { class: "notice info" },
          el("p", { text: t("pairing.asks", { name: pairing.name }) }),
          el("p", { class: "code", text: pairing.code }),
          el("div", { class: "row" }, button(t("pairing.approve"), () => decide("approvals", pairing), { kind: "small primary" }), button(t("pairing.deny"), () => decide("denials", pairing), { kind: "small" })),
        ),
      ),
    );
  }

  async #showDevices() {
    const items = (await get("tokens")).items.filter((token) => token.revoked_at === null);
    fill(
      this.#devices,
      items.length === 0 && el("p", { class: "hint", text: t("devices.none") }),
      el(
        "ul",
        { class: "lines" },
        items.map((token) =>
          el(
            "li",
            { class: "row between" },
            el("span", {}, el("strong", { dir: "auto", text: token.name }), el("span", { class: "hint", text: ` ${t(`scope.${token.scope}`)} · ${token.last_used_at ? t("devices.used", { when: formatAgo(token.last_used_at) }) : t("devices.unused")}` })),
            button(t("devices.revoke"), () => this.#revoke(token), { kind: "small quiet" }),
          ),
        ),
      ),
    );
  }

  async #revoke(token) {
    if (!(await confirm(t("devices.revoke.title", { name: token.name }), t("devices.revoke.words"), t("devices.revoke"), { isDanger: true }))) return;
    await this.#change(() => remove(`tokens/${token.id}`));
  }

  #addDevice() {
    return dialog(t("devices.add"), () => {
      const name = el("input", { type: "text", maxlength: 100, required: true, value: t("devices.phone"), "aria-label": t("devices.name") });
      const scope = el("select", { "aria-label": t("scope") }, ["write", "read", "admin"].map((one) => el("option", { value: one, text: t(`scope.${one}`) })));
      const body = el("div", { class: "dialog-body" });
      const make = async () => {
        try {
          const made = await post("sign-in-links", { name: name.value.trim() || t("devices.phone"), scope: scope.value });
          const href = made.urls[0] ?? new URL(made.path, BASE).href;
          fill(body, el("p", { text: made.urls.length ? t("devices.link") : t("devices.only_here") }), madeLink(href));
        } catch (error) {
          toast(inWords(error), { isError: true });
        }
      };
      fill(
        body,
        el("label", { class: "field" }, el("span", { text: t("devices.name") }), name),
        el("label", { class: "field" }, el("span", { text: t("scope") }), scope),
        el("div", { class: "row end" }, button(t("devices.make"), make, { kind: "primary", symbol: "link" })),
      );
      return body;
    });
  }

  async #showShares() {
    const now = Date.now();
    const items = (await get("shares")).items.filter((share) => !share.revoked_at && (!share.expires_at || new Date(share.expires_at).getTime() > now));
    fill(
      this.#shares,
      items.length === 0 && el("p", { class: "hint", text: t("shares.none") }),
      el(
        "ul",
        { class: "lines" },
        items.map((share) =>
          el(
            "li",
            { class: "row between" },
            el("span", {}, el("strong", { dir: "auto", text: share.name || t(`share.${share.target}`) }), el("span", { class: "hint", text: ` ${share.expires_at ? t("shared.until", { date: formatDay(share.expires_at) }) : t("share.days.never")}` })),
            session.may("write") && captionSwitch(share, (captions) => this.#change(() => call("PATCH", `shares/${share.id}`, { body: { captions } }))),
            session.may("write") && button(t("shares.end"), () => this.#change(() => remove(`shares/${share.id}`)), { kind: "small quiet" }),
          ),
        ),
      ),
    );
  }

  async #change(ask) {
    try {
      await ask();
      await this.refresh();
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
  }

  async #showFacts() {
    const stats = await get("stats");
    const { counters, stored } = stats;
    const rows = [
      [t("about.version"), `${stats.version} · Python ${stats.python} · ${stats.system}`],
      [t("about.board"), stats.board],
      [t("about.photos"), formatNumber(stored.photos ?? 0)],
      [t("about.storage"), formatBytes(stored.database_bytes)],
      [t("about.memory"), formatBytes(stats.rss_bytes)],
      [t("about.captions"), formatNumber(counters.captions_answered ?? 0)],
      [t("about.outside"), formatBytes(counters.bytes_outside ?? 0)],
    ].filter(([, words]) => words);
    fill(
      this.#facts,
      el("dl", { class: "rows" }, rows.map(([name, words]) => el("div", {}, el("dt", { text: name }), el("dd", { text: words })))),
      el("div", { class: "row" }, button(t("about.copy"), () => copy(JSON.stringify(stats, null, 2)), { symbol: "copy", kind: "small quiet" }), downloadLink(stats)),
    );
  }
}

/** The same facts as a file: a blob, because the page lets nothing else be made. */
function downloadLink(stats) {
  const href = URL.createObjectURL(new Blob([JSON.stringify(stats, null, 2)], { type: "application/json" }));
  return el("a", { class: "button small quiet", href, download: "edge-captions-facts.json" }, icon("download"), el("span", { text: t("about.download") }));
}

function captionSwitch(share, onChange) {
  const box = el("input", { type: "checkbox", checked: share.captions, on: { change: () => onChange(box.checked) } });
  return el("label", { class: "check small" }, box, el("span", { text: t("share.captions") }));
}

function section(title, words, ...children) {
  return el("section", { class: "panel" }, el("h2", { text: title }), words && el("p", { class: "hint", text: words }), children);
}

const row = (name, field) => el("div", { class: "row between wrap" }, el("span", { text: name }), field);
