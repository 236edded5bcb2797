// The page at `/`: asks while the reader types, and stores only when told to.

import { ask, element, place, send, showRecord, wantKey } from "./client.js";

const FIELDS = ["PassengerId", "Pclass", "Name", "Sex", "Age", "SibSp", "Parch", "Ticket", "Fare", "Cabin", "Embarked"];
const NUMBERS = new Set(["PassengerId", "Pclass", "Age", "SibSp", "Parch", "Fare"]);
// A comma may stand for the point, unless it may as well part thousands: "1,000" could be one or a thousand.
const NUMBER = /^-?\d+([.,]\d+)?$/;
const MAYBE_THOUSANDS = /^-?[1-9]\d{0,2},\d{3}$/;
const FAMOUS = {
  "Molly Brown": [195, 1, "Brown, Mrs. James Joseph (Margaret Tobin)", "female", 44, 0, 0, "PC 17610", 27.7208, "B4", "C"],
  "Madeleine Astor": [701, 1, "Astor, Mrs. John Jacob (Madeleine Talmadge Force)", "female", 18, 1, 0, "PC 17757", 227.525, "C62 C64", "C"],
  "Captain Crosby": [746, 1, "Crosby, Capt. Edward Gifford", "male", 70, 1, 1, "WE/P 5735", 71, "B22", "S"],
  "Eva Hart": [536, 2, "Hart, Miss. Eva Miriam", "female", 7, 0, 2, "F.C.C. 13529", 26.25, "", "S"],
  "Bertram Dean": [789, 3, "Dean, Master. Bertram Vere", "male", 1, 1, 2, "C.A. 2315", 20.575, "", "S"],
  "Owen Braund": [1, 3, "Braund, Mr. Owen Harris", "male", 22, 1, 0, "A/5 21171", 7.25, "", "S"],
};
const GROUPS = {
  class: "Class",
  sex_and_title: "Sex and title",
  age: "Age",
  family: "Family",
  fare: "Fare",
  port: "Port",
  cabin: "Cabin",
  ticket: "Ticket",
  party: "Others of the party",
};
const TYPING_MS = 150;
const STORED = "lifeboat-stored";
const MOST_STORED = 10;

const at = (id) => document.getElementById(id);
const percent = (probability) => `${(100 * probability).toFixed(1)} %`;
const odds = (logOdds) => 1 / (1 + Math.exp(-logOdds));
const signed = (number) => (number < 0 ? "−" : "+") + Math.abs(number).toFixed(2);

let asked;
let timer;

/** Returns the passenger as the form has it; what is no number is sent as it stands, so that the service says what is wrong. */
function passenger() {
  return Object.fromEntries(FIELDS.map((name) => [name, valueOf(name, at(name).value.trim())]));
}

function valueOf(name, text) {
  if (text === "") return null;
  const isNumber = NUMBERS.has(name) && NUMBER.test(text) && !MAYBE_THOUSANDS.test(text);
  return isNumber ? Number(text.replace(",", ".")) : text;
}

function fill(values) {
  FIELDS.forEach((name, index) => (at(name).value = values[index]));
  preview();
}

/** Asks what the model says, and shows it; of several questions only the last is answered. */
async function preview() {
  asked?.abort();
  asked = new AbortController();
  const answer = await post("/predict?explain=true&store=false", asked.signal, preview);
  if (answer) show(answer);
}

/** Posts the passenger. What goes wrong is shown where it belongs; nothing is returned then. */
async function post(path, signal, again) {
  clearTimeout(timer);
  try {
    const response = await send("POST", path, passenger(), signal);
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
  const field = at(pointer?.slice(1));
  if (!field || !FIELDS.includes(field.id)) return false;
  const note = element("span", { class: "fault", id: `${field.id}-fault` }, detail);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", note.id);
  field.after(note);
  return true;
}

function clearFaults() {
  document.querySelectorAll(".fault").forEach((note) => note.remove());
  for (const field of document.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
  say("");
}

function say(text) {
  at("message").textContent = text;
  at("message").hidden = !text;
  at("answer").classList.toggle("faint", Boolean(text));
}

function show(answer) {
  const mood = answer.Survived ? "alive" : "dead";
  at("probability").textContent = percent(answer.probability);
  at("probability").className = `probability ${mood}`;
  at("meter").parentElement.className = `meter ${mood}`;
  at("meter").style.width = percent(answer.probability).replace(" ", "");
  const verdict = answer.Survived ? "Predicted to survive." : "Predicted not to survive.";
  if (at("verdict").textContent !== verdict) at("verdict").textContent = verdict;
  const most = Math.max(1, ...answer.contributions.map(({ log_odds }) => Math.abs(log_odds)));
  at("contributions").replaceChildren(...answer.contributions.map((part) => bar(part, most)));
  at("baseline").textContent =
    `The average passenger starts at ${percent(odds(answer.baseline_log_odds))}; the bars lead to ${percent(odds(answer.log_odds))}.`;
}

function bar({ group, log_odds }, most) {
  const length = element("div", { class: log_odds < 0 ? "dead" : "alive" });
  const width = (50 * Math.abs(log_odds)) / most;
  length.style.width = `${width}%`;
  length.style.left = `${log_odds < 0 ? 50 - width : 50}%`;
  const track = element("div", { class: "track", "aria-hidden": "true" }, length);
  return element(
    "tr",
    { "data-group": group, "data-log-odds": log_odds },
    element("th", { scope: "row" }, GROUPS[group] ?? group),
    element("td", { class: "bar" }, track),
    element("td", { class: "number" }, signed(log_odds)),
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

function row(prediction) {
  const { id, passenger, probability, created_at, outcome } = prediction;
  const name = passenger.Name ?? (passenger.Sex === "female" ? "A woman or girl" : "A man or boy");
  const really = element("td");
  if (outcome) really.append(outcome.Survived ? "survived" : "died");
  else really.append(teller(id, 1, "survived", name), " ", teller(id, 0, "died", name));
  return element(
    "tr",
    { "data-id": id },
    element("th", { scope: "row" }, keyed(element("a", { href: place(`/predictions/${id}`) }, name))),
    element("td", {}, String(passenger.Pclass)),
    element("td", { class: "number" }, percent(probability)),
    element("td", {}, new Date(created_at).toLocaleString()),
    really,
  );
}

/** Lets a link be followed with the key, which a browser does not send by itself. */
function keyed(link) {
  link.addEventListener("click", (event) => showRecord(event, at("record")));
  return link;
}

function teller(id, survived, word, name) {
  const button = element("button", { type: "button", "data-outcome": survived, "aria-label": `${name} ${word}` }, word);
  button.onclick = async () => {
    const response = await send("PUT", `/predictions/${id}/outcome`, { Survived: survived });
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
    "Trained on": model.training && `${model.training.rows} passengers`,
    Accuracy: chosen.accuracy,
    AUC: chosen.auc,
    "Log loss": chosen.log_loss,
  };
  const shown = Object.entries(facts).filter(([, value]) => value !== undefined);
  at("figures").replaceChildren(
    ...shown.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, String(value)))),
  );
}

document.querySelectorAll("a[data-keyed]").forEach(keyed);
for (const [name, values] of Object.entries(FAMOUS)) {
  const button = element("button", { type: "button", "data-famous": name }, name);
  button.onclick = () => fill(values);
  at("famous").append(button);
}
at("passenger-form").addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(preview, TYPING_MS);
});
at("passenger-form").addEventListener("submit", store);
fill(Object.values(FAMOUS)[0]);
figures();
list();
