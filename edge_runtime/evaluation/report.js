"use strict";
// Everything that came from a data set or a model is set as text, never as HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 48;
const ENDS = 12;
const form = document.querySelector("form");
const place = document.getElementById("photos");
const more = document.getElementById("more");
const count = document.getElementById("count");
let shown = PAGE;

function element(tag, kind, text) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
}

function marked(line, text, doubted) {
  const words = new Set(doubted.map((word) => word.toLowerCase()));
  for (const part of text.split(/([\p{L}\p{N}'’-]+)/u)) {
    line.append(words.has(part.toLowerCase()) ? element("mark", "", part) : part);
  }
  return line;
}

function captionOf(answer) {
  if (answer.caption) return marked(element("p", "caption"), answer.caption, answer.doubted);
  return element("p", "caption empty", "(no caption)");
}

function answerOf(answer, model) {
  const block = element("div", "answer");
  if (data.models.length > 1) block.append(element("p", "name", model));
  block.append(captionOf(answer));
  if (answer.raw) {
    const line = marked(element("p", "raw", "own words: "), answer.raw, answer.doubted);
    line.append(` (CIDEr-D ${answer.rawScore.toFixed(2)})`);
    block.append(line);
  }
  const facts = element("p", "facts");
  facts.append(`CIDEr-D ${answer.score.toFixed(2)} · `);
  facts.append(element("span", answer.verdict, answer.verdict));
  if (answer.doubted.length) facts.append(` · doubted: ${answer.doubted.join(", ")}`);
  if (answer.imageText !== null) facts.append(` · image-text ${answer.imageText.toFixed(3)}`);
  if (answer.seconds !== null) facts.append(` · ${answer.seconds.toFixed(2)} s`);
  block.append(facts);
  if (answer.error) block.append(element("p", "error", answer.error));
  return block;
}

function cardOf(photo) {
  const card = element("article");
  const isInside = photo.src.startsWith("data:"); // browsers open no such address
  const link = element(isInside ? "div" : "a");
  if (!isInside) Object.assign(link, { href: photo.src, target: "_blank", rel: "noopener" });
  const image = element("img");
  image.loading = "lazy";
  image.decoding = "async";
  image.src = photo.src;
  image.alt = photo.name;
  link.append(image);
  const body = element("div", "body");
  photo.answers.forEach((answer, index) => body.append(answerOf(answer, data.models[index])));
  const references = element("details");
  references.open = true;
  references.append(element("summary", "", `${photo.references.length} references`));
  const list = element("ul");
  for (const text of photo.references) list.append(element("li", "", text));
  references.append(list);
  body.append(references, element("p", "name", photo.name));
  card.append(link, body);
  return card;
}

function chosen() {
  const model = Number(form.elements.model.value);
  const words = form.elements.search.value.trim().toLowerCase();
  const verdict = form.elements.verdict.value;
  return data.photos.filter((photo) => {
    const answer = photo.answers[model];
    if (verdict === "failed" ? !answer.error : verdict && (answer.error || answer.verdict !== verdict)) return false;
    if (!words) return true;
    const texts = [photo.name, ...photo.references, ...photo.answers.map((each) => each.caption)];
    return texts.some((text) => text.toLowerCase().includes(words));
  });
}

function ordered(photos) {
  const model = Number(form.elements.model.value);
  const of = (photo) => photo.answers[model];
  const last = (value) => (value === null ? Infinity : value);
  const orders = {
    best: (a, b) => of(b).score - of(a).score,
    worst: (a, b) => of(a).score - of(b).score,
    slowest: (a, b) => (of(b).seconds ?? -1) - (of(a).seconds ?? -1),
    image: (a, b) => last(of(a).imageText) - last(of(b).imageText),
    name: (a, b) => (a.name < b.name ? -1 : 1),
  };
  const order = orders[form.elements.order.value];
  return order ? [...photos].sort(order) : photos;
}

function group(title, photos) {
  const cards = element("div", "cards");
  cards.append(...photos.map(cardOf));
  if (title) place.append(element("h2", "", title));
  place.append(cards);
}

function draw() {
  const photos = chosen();
  place.replaceChildren();
  more.hidden = true;
  count.textContent = `${photos.length} of ${data.photos.length} photos`;
  if (form.elements.order.value === "ends") {
    const model = Number(form.elements.model.value);
    const ranked = [...photos].sort((a, b) => b.answers[model].score - a.answers[model].score);
    const best = Math.min(ENDS, Math.ceil(ranked.length / 2));
    const worst = Math.min(ENDS, ranked.length - best);
    if (best) group("Best by CIDEr-D", ranked.slice(0, best));
    if (worst) group("Worst by CIDEr-D", ranked.slice(-worst).reverse());
    return;
  }
  group("", ordered(photos).slice(0, shown));
  more.hidden = photos.length <= shown;
}

function restart() {
  shown = PAGE;
  draw();
}

form.addEventListener("input", restart);
form.addEventListener("submit", (event) => event.preventDefault());
more.addEventListener("click", () => {
  shown += PAGE;
  draw();
});
draw();
