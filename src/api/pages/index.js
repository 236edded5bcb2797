// The page at `/`: a form of the table's fields. It asks while the reader types, and stores only when told to.

import { ask, element, place, send, showRecord, wantKey } from "./client.js";

const TABLE = JSON.parse(document.getElementById("table").textContent);
// A comma may stand for the point, unless it may as well part thousands: "1,000" could be one or a thousand.
const NUMBER = /^-?\d+([.,]\d+)?$/;
const MAYBE_THOUSANDS = /^-?[1-9]\d{0,2},\d{3}$/;
const TYPING_MS = 150;
const STORED = `lifeboat-stored-${TABLE.name}`;
const MOST_STORED = 10;
// Of more classes, an outcome is picked from a list, not by a button each.
const MOST_BUTTONS = 5;
// Longer texts, in characters, have a line of their own.
const SHORT = 20;
// Of more contributions, the smallest are shown together; of more classes, the least likely are left out.
const MOST_BARS = 12;
const MOST_CLASSES = 5;

const at = (id) => document.getElementById(id);
const percent = (probability) => `${(100 * probability).toFixed(1)}\u00a0%`;
const odds = (logOdds) => 1 / (1 + Math.exp(-logOdds));
const rounded = (number, maximumSignificantDigits) =>
  number.toLocaleString("en", { maximumSignificantDigits, useGrouping: false });
// So many decimals that the largest of some amounts has three digits.
const decimals = (most) => Math.min(Math.max(2 - Math.floor(Math.log10(most)), 0), 12);
const signed = (number, shown) => (number < 0 ? "−" : "+") + shown(Math.abs(number));
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const input = (name) => at("record-form").elements.namedItem(name);

let asked;
let timer;

/** Makes the form, and says what it is of. */
function build() {
  document.title = `lifeboat: ${TABLE.title}`;
  at("title").textContent = TABLE.title;
  at("description").textContent = TABLE.description;
  at("compared").textContent = `${capital(TABLE.compared)}.`;
  at("noun").textContent = capital(TABLE.noun);
  at("store").textContent = `Store the prediction of this ${TABLE.noun}`;
  at("stored-noun").textContent = capital(TABLE.noun);
  if (TABLE.positive !== null) at("stored-label").textContent = capital(said(TABLE.positive));
  at("fields").replaceChildren(...TABLE.fields.map(control));
  for (const example of TABLE.examples) {
    const button = element("button", { type: "button", "data-example": example.title }, example.title);
    button.onclick = () => fill(example.record);
    at("examples").append(button);
  }
}

function control(field, index) {
  const id = `field-${index}`;
  const mode = { integer: "numeric", number: "decimal" }[field.type] ?? "text";
  const named = { id, name: field.name, ...(field.description ? { title: field.description } : {}) };
  const box = field.categories
    ? element("select", named, ...options(field))
    : element("input", { ...named, inputmode: mode });
  return element("div", { class: isLong(field) ? "field wide" : "field" }, element("label", { for: id }, field.title), box);
}

/** Whether a text needs a line of its own, by its example. */
const isLong = ({ type, categories, example }) => type === "string" && !categories && String(example ?? "").length > SHORT;

function options(field) {
  const unknown = field.required ? [] : [element("option", { value: "" }, "unknown")];
  return [...unknown, ...field.categories.map(({ value, label }) => element("option", { value: String(value) }, capital(label)))];
}

/** Returns the record as the form has it; what is no number is sent as it stands, so that the service says what is wrong. */
function record() {
  return Object.fromEntries(TABLE.fields.map((field) => [field.name, valueOf(field, input(field.name).value.trim())]));
}

function valueOf(field, text) {
  if (text === "") return null;
  if (field.categories) return field.categories.find(({ value }) => String(value) === text)?.value ?? text;
  const isNumber = ["integer", "number"].includes(field.type) && NUMBER.test(text) && !MAYBE_THOUSANDS.test(text);
  return isNumber ? Number(text.replace(",", ".")) : text;
}

function fill(values) {
  for (const { name } of TABLE.fields) input(name).value = values[name] ?? "";
  preview();
}

/** Asks what the model says, and shows it; of several questions only the last is answered. */
async function preview() {
  asked?.abort();
  asked = new AbortController();
  const answer = await post("/predict?explain=true&store=false", asked.signal, preview);
  if (answer) show(answer);
}

/** Posts the record. What goes wrong is shown where it belongs; nothing is returned then. */
async function post(path, signal, again) {
  clearTimeout(timer);
  try {
    const response = await send("POST", path, record(), signal);
    if (response.ok) {
      clearFaults();
      return await response.json();
    }
    await explain(response, again);
  } catch (error) {
    if (error.name !== "AbortError") say("The service cannot be reached.");
  }
}

async function explain(response, again) {
  clearFaults();
  if (response.status === 401) return wantKey(at("key-form"), again);
  const problem = await response.json().catch(() => ({ title: `Answered ${response.status}` }));
  const unplaced = (problem.errors ?? []).filter((fault) => !mark(fault));
  if (problem.errors && !unplaced.length) return say("Please mend what is marked.");
  const wait = Number(response.headers.get("retry-after"));
  if (wait) timer = setTimeout(again, 1000 * wait);
  say([problem.title, problem.detail, ...unplaced.map((fault) => fault.detail)].filter(Boolean).join(": "));
}

/** Shows a fault at its field; tells whether there is one. */
function mark({ pointer, detail }) {
  const name = pointer?.slice(1).replaceAll("~1", "/").replaceAll("~0", "~");
  const box = TABLE.fields.some((field) => field.name === name) && input(name);
  if (!box) return false;
  const note = element("span", { class: "fault", id: `${box.id}-fault` }, detail);
  box.setAttribute("aria-invalid", "true");
  box.setAttribute("aria-describedby", note.id);
  box.after(note);
  return true;
}

function clearFaults() {
  document.querySelectorAll(".fault").forEach((note) => note.remove());
  for (const box of document.querySelectorAll("[aria-invalid]")) {
    box.removeAttribute("aria-invalid");
    box.removeAttribute("aria-describedby");
  }
  say("");
}

function say(text) {
  at("message").textContent = text;
  at("message").hidden = !text;
  at("answer").classList.toggle("faint", Boolean(text));
}

/** Returns what a value of the label is called. */
function called(value) {
  return TABLE.label.categories?.find((category) => category.value === value)?.label ?? String(value);
}

/** Returns what a value of the label is called where nothing says of what it is. */
function said(value) {
  if (typeof value === "boolean") return value ? TABLE.label.title : `not ${TABLE.label.title}`;
  return typeof value === "string" || called(value) !== String(value) ? called(value) : `${TABLE.label.title} ${value}`;
}

/** Returns the answer in a few words: how likely it is, which class or which number. */
function inShort({ prediction, probability, probabilities }) {
  const value = prediction[TABLE.label.name];
  if (probability !== undefined) return percent(probability);
  return probabilities ? called(value) : rounded(value, 6);
}

/** Returns the answer in a sentence. */
function verdict({ prediction, probabilities }) {
  const value = prediction[TABLE.label.name];
  if (!probabilities) return TABLE.positive === null ? `${TABLE.label.title}, as predicted.` : `Predicted: ${said(value)}.`;
  const likely = Object.entries(probabilities).sort(([, one], [, other]) => other - one).slice(0, MOST_CLASSES);
  const known = new Map(TABLE.label.categories?.map((category) => [String(category.value), category.label]));
  return `${likely.map(([name, probability]) => `${known.get(name) ?? name} ${percent(probability)}`).join(", ")}.`;
}

function show(answer) {
  const isPositive = answer.prediction[TABLE.label.name] === TABLE.positive;
  const mood = answer.probability === undefined ? "neutral" : isPositive ? "for" : "against";
  at("of").hidden = answer.probability === undefined;
  at("of").textContent = `Probability of ${said(TABLE.positive)}`;
  at("figure").textContent = inShort(answer);
  at("figure").className = `probability ${mood}`;
  const meter = at("meter").parentElement;
  meter.hidden = answer.probability === undefined;
  meter.className = `meter ${mood}`;
  at("meter").style.width = `${100 * (answer.probability ?? 0)}%`;
  if (at("verdict").textContent !== verdict(answer)) at("verdict").textContent = verdict(answer);
  explained(answer.explanation);
}

function explained({ of, baseline, output, contributions, method }) {
  const inOdds = of !== undefined;
  const name = inOdds ? `the log-odds of “${said(of)}”` : TABLE.label.title;
  const shown = (amount) => (inOdds ? percent(odds(amount)) : rounded(amount, 6));
  at("moved").textContent = `What moved ${name}, largest first`;
  at("directions").textContent = inOdds ? "Against, for" : "Less, more";
  at("unit").textContent = inOdds ? "Log-odds" : TABLE.label.title;
  const most = Math.max(inOdds ? 1 : 1e-12, ...contributions.map(({ amount }) => Math.abs(amount)));
  at("contributions").replaceChildren(...largest(contributions).map((part) => bar(part, most, inOdds)));
  const estimated = method === "exact" ? "" : " The bars are estimates.";
  at("baseline").textContent = `The average ${TABLE.noun} starts at ${shown(baseline)}; the bars lead to ${shown(output)}.${estimated}`;
}

/** Returns the largest contributions; the others are one. */
function largest(contributions) {
  if (contributions.length <= MOST_BARS) return contributions;
  const others = contributions.slice(MOST_BARS - 1);
  const amount = others.reduce((sum, part) => sum + part.amount, 0);
  return [...contributions.slice(0, MOST_BARS - 1), { group: `${others.length} others together`, amount }];
}

/** Returns what a group of fields is called: a single field has its title. */
const titled = (group) => TABLE.fields.find(({ name }) => name === group)?.title ?? capital(group.replaceAll("_", " "));

function bar({ group, amount }, most, inOdds) {
  const length = element("div", { class: amount < 0 ? "against" : "for" });
  const width = Math.min(50, (50 * Math.abs(amount)) / most);
  const shown = (size) => size.toFixed(inOdds ? 2 : decimals(most));
  length.style.width = `${width}%`;
  length.style.left = `${amount < 0 ? 50 - width : 50}%`;
  const track = element("div", { class: "track", "aria-hidden": "true" }, length);
  return element(
    "tr",
    { "data-group": group, "data-amount": amount },
    element("th", { scope: "row" }, titled(group)),
    element("td", { class: "bar" }, track),
    element("td", { class: "number" }, signed(amount, shown)),
  );
}

async function store(event) {
  event?.preventDefault();
  const answer = await post("/predict?explain=true", undefined, store);
  if (!answer) return;
  show(answer);
  keep([answer.id, ...stored().filter((id) => id !== answer.id)]);
  await list();
}

const stored = () => JSON.parse(localStorage.getItem(STORED) ?? "[]");
const keep = (ids) => localStorage.setItem(STORED, JSON.stringify(ids.slice(0, MOST_STORED)));

/** Lists what this browser has stored, as the service has it; what it has no more is forgotten. */
async function list() {
  const answers = await Promise.all(stored().map((id) => ask(`/predictions/${id}`).catch(() => undefined)));
  keep(stored().filter((_, index) => answers[index]?.status !== 404));
  const found = await Promise.all(answers.filter((answer) => answer?.ok).map((answer) => answer.json()));
  at("stored").replaceChildren(...found.map(row));
  at("stored-table").hidden = !found.length;
  at("none-stored").hidden = found.length > 0;
}

/** Returns what a prediction is about: its key, else the first text of its record. */
function subject({ id, key, record }) {
  const named = Object.values(key ?? {}).filter((value) => value !== null);
  const texts = TABLE.fields.filter((field) => field.type === "string" && !field.categories).map((field) => record[field.name]);
  return texts.find(Boolean) ?? `${capital(TABLE.noun)} ${named.length ? named.join(", ") : id.slice(-8)}`;
}

function row(prediction) {
  const { id, created_at, outcome, outcomes } = prediction;
  const name = subject(prediction);
  const really = element("td");
  if (outcome) really.append(said(outcome.outcome[TABLE.label.name]), outcomes.length > 1 ? " (corrected)" : "");
  else really.append(...tellers(id, name));
  return element(
    "tr",
    { "data-id": id },
    element("th", { scope: "row" }, keyed(element("a", { href: place(`/predictions/${id}`) }, name))),
    element("td", { class: "number" }, inShort(prediction)),
    element("td", {}, new Date(created_at).toLocaleString()),
    really,
  );
}

/** Lets a link be followed with the key, which a browser does not send by itself. */
function keyed(link) {
  link.addEventListener("click", (event) => showRecord(event, at("shown")));
  return link;
}

/** Returns what tells an outcome: a button for each class, a list of many, or a box for what is no class. */
function tellers(id, name) {
  const { categories } = TABLE.label;
  if (categories && categories.length <= MOST_BUTTONS) {
    return categories.flatMap(({ value }) => [teller(id, () => value, said(value), name, value), " "]);
  }
  const named = { class: "outcome", "aria-label": `What happened to ${name}` };
  const box = categories ? element("select", named, ...options({ ...TABLE.label, required: false })) : element("input", named);
  return [box, " ", teller(id, () => valueOf(TABLE.label, box.value.trim()), "tell", name, "")];
}

function teller(id, value, word, name, shown) {
  const button = element("button", { type: "button", "data-outcome": shown, "aria-label": `${name}: ${word}` }, word);
  button.onclick = async () => {
    const response = await send("PUT", `/predictions/${id}/outcome`, { [TABLE.label.name]: value() });
    if (!response.ok) await explain(response, list);
    await list();
  };
  return button;
}

async function figures() {
  const response = await ask("/model");
  if (!response.ok) return;
  const model = await response.json();
  const chosen = model.cross_validation?.models?.find((candidate) => candidate.chosen) ?? {};
  const facts = {
    Model: model.version,
    "Trained on": model.training?.rows && `${model.training.rows} ${TABLE.nouns}`,
    Accuracy: chosen.accuracy,
    AUC: chosen.auc,
    "Log loss": chosen.log_loss,
    RMSE: chosen.rmse,
    "History as of": model.snapshot?.as_of,
  };
  const shown = Object.entries(facts).filter(([, value]) => value !== undefined);
  at("figures").replaceChildren(
    ...shown.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, String(value)))),
  );
}

build();
document.querySelectorAll("a[data-keyed]").forEach(keyed);
at("record-form").addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(preview, TYPING_MS);
});
at("record-form").addEventListener("submit", store);
fill(TABLE.examples[0]?.record ?? {});
figures();
list();
