// What a study says, as a chart and as numbers.

import { el, svg } from "../core/dom.js";
import { formatNumber, formatSeconds, t } from "../core/i18n.js";

const MOST_STARS = 5;

/** Return the chart of a study's results. */
export function studyChart(results) {
  return [figures(results), starChart(results), scoreChart(results), el("details", {}, el("summary", { text: t("study.numbers") }), numbers(results), pairs(results))];
}

function figures({ respondents, ratings, agreement, score_correlation: correlation }) {
  const rows = [
    [t("study.respondents"), formatNumber(respondents)],
    [t("study.ratings"), formatNumber(ratings)],
    [t("study.agreement"), number(agreement), t("study.agreement.long")],
    [t("study.correlation"), number(correlation), t("study.correlation.long")],
  ];
  return el("dl", { class: "figures" }, rows.map(([name, words, title]) => el("div", { title }, el("dt", { text: name }), el("dd", { text: words }))));
}

/** Stars from 1 to 5: a bar to the mean, a line over its confidence interval. */
function starChart({ variants }) {
  const share = (stars) => (100 * (stars - 1)) / (MOST_STARS - 1);
  return el(
    "section",
    { class: "chart" },
    el("h3", { class: "label", text: t("study.stars") }),
    variants.map((variant) => {
      const words = variant.mean === null ? t("study.no_ratings") : withInterval(variant);
      const marks = variant.mean === null ? [] : [svg("rect", { class: "mean", height: 16, y: 6, width: `${share(variant.mean)}%`, rx: 4 })];
      if (variant.low !== null) {
        const [low, high] = [variant.low, variant.high].map((stars) => `${share(Math.min(Math.max(stars, 1), MOST_STARS))}%`);
        marks.push(line(low, high, 14, 14), line(low, low, 8, 20), line(high, high, 8, 20));
      }
      return row(variant.name, `${variant.name}: ${words}`, marks, words);
    }),
  );
}

/** How well the photos support the captions, beside what people think of them. */
function scoreChart({ variants, scorer }) {
  const most = Math.max(...variants.map((variant) => variant.image_text_score ?? 0));
  if (!scorer || !(most > 0)) return el("p", { class: "hint", text: t("study.no_scores") });
  return el(
    "section",
    { class: "chart" },
    el("h3", { class: "label", text: t("study.scores", { scorer }) }),
    variants.map(({ name, image_text_score: score }) => {
      const words = number(score);
      const marks = score > 0 ? [svg("rect", { class: "score", height: 16, y: 6, width: `${(100 * score) / most}%`, rx: 4 })] : [];
      return row(name, `${name}: ${words}`, marks, words);
    }),
  );
}

function row(name, label, marks, words) {
  const picture = svg("svg", { role: "img", "aria-label": label }, svg("rect", { class: "track", width: "100%", height: 16, y: 6, rx: 4 }), ...marks);
  return el("div", { class: "chart-row" }, el("span", { class: "chart-name", dir: "auto", text: name }), picture, el("span", { class: "chart-value hint", text: words }));
}

const line = (x1, x2, y1, y2) => svg("line", { class: "interval", x1, x2, y1, y2 });

function numbers({ variants }) {
  const head = [t("study.variant"), t("study.mean"), t("study.interval"), "1★", "2★", "3★", "4★", "5★", t("study.score"), t("study.time")];
  return table(
    head,
    variants.map((one) => [one.name, number(one.mean), one.low === null ? "–" : `${number(one.low)} – ${number(one.high)}`, ...one.stars.map((n) => formatNumber(n)), number(one.image_text_score), one.seconds === null ? "–" : formatSeconds(one.seconds)]),
  );
}

function pairs(results) {
  if (results.pairs.length === 0) return null;
  const head = [t("study.pair"), t("study.first_wins"), t("study.ties"), t("study.second_wins")];
  return table(
    head,
    results.pairs.map((pair) => [`${pair.first} / ${pair.second}`, ...[pair.first_wins, pair.ties, pair.second_wins].map((n) => formatNumber(n))]),
  );
}

function table(head, rows) {
  return el(
    "div",
    { class: "table-box", tabindex: "0", role: "region", "aria-label": head[0] },
    el("table", {}, el("thead", {}, el("tr", {}, head.map((words) => el("th", { scope: "col", text: words })))), el("tbody", {}, rows.map(([name, ...cells]) => el("tr", {}, el("th", { scope: "row", dir: "auto", text: name }), cells.map((words) => el("td", { text: words })))))),
  );
}

const number = (value) => (value === null ? "–" : formatNumber(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 }));

function withInterval({ mean, low, high }) {
  return low === null ? number(mean) : `${number(mean)} (${number(low)} – ${number(high)})`;
}
