// The page at `/docs`: shows the contract of /openapi.json, and sends what the reader would try.

import { ask, element, hasKey, place, wantKey } from "./client.js";

const contract = await (await ask("/openapi.json")).json();
const METHODS = ["get", "put", "post"];

/** Follows a reference into the document. */
const follow = (part) =>
  part?.$ref ? part.$ref.slice(2).split("/").reduce((inside, name) => inside[name], contract) : part;

const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

/** Makes code of what stands in backticks. */
const line = (text) => text.split("`").map((part, index) => (index % 2 ? element("code", {}, part) : part));

/** Makes paragraphs of a text. */
const prose = (text = "") => text.split(/\n\n/).map((paragraph) => element("p", {}, ...line(paragraph)));

function table(caption, heads, rows) {
  const head = element("tr", {}, ...heads.map((name) => element("th", { scope: "col" }, name)));
  const body = rows.map(([first, ...rest]) =>
    element("tr", {}, element("th", { scope: "row" }, first), ...rest.map((cell) => element("td", {}, cell))),
  );
  return element(
    "div",
    { class: "scroll" },
    element("table", {}, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, ...body)),
  );
}

/** Says in a few words what a schema allows. */
function words(schema) {
  if (!schema) return "anything";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices.map(words).join(" or ");
  if (schema.allOf) return schema.allOf.map(words).join(" and ");
  const types = [schema.type ?? "anything"].flat().join(" or ");
  const of = schema.items ? ` of ${words(schema.items)}` : "";
  const bounds = [
    schema.minimum !== undefined && `from ${schema.minimum}`,
    schema.maximum !== undefined && `to ${schema.maximum}`,
    schema.maxLength !== undefined && `at most ${schema.maxLength} characters`,
    schema.maxItems !== undefined && `at most ${schema.maxItems}`,
    schema.default !== undefined && `else ${schema.default}`,
  ];
  return [types + of, ...bounds.filter(Boolean)].join(", ");
}

/** Returns the examples of a body, by their names. */
function examples(content) {
  if (content.examples) return Object.values(content.examples).map(({ summary, value }) => [summary, value]);
  return content.example === undefined ? [] : [["Example", content.example]];
}

function operation(path, method, what) {
  const details = element(
    "details",
    { id: `op-${what.operationId}` },
    element("summary", {}, element("span", { class: "method" }, method.toUpperCase()), " ", element("code", {}, path), " ", ...line(what.summary)),
    ...prose(what.description),
  );
  const responses = Object.entries(what.responses).map(([status, response]) => [
    status,
    element("div", {}, ...prose(response.description)),
    Object.keys(response.content ?? {}).join(", "),
  ]);
  details.append(trial(path, method, what), table("Responses", ["Status", "Meaning", "Format"], responses));
  return details;
}

/** Makes the form that sends a request. */
function trial(path, method, what) {
  const form = element("form", { class: "trial" });
  const inputs = (what.parameters ?? []).map(follow).map((parameter) => {
    const schema = follow(parameter.schema);
    const id = `${what.operationId}-${parameter.name}`;
    const value = parameter.in === "path" ? (parameter.example ?? schema.examples?.[0] ?? schema.enum?.[0] ?? "") : "";
    const input = element("input", { id, name: parameter.name, "data-in": parameter.in, value: String(value) });
    const label = element("label", { for: id }, `${parameter.name} (${words(schema)})`);
    form.append(element("div", { class: "field" }, label, input, ...prose(parameter.description)));
    return input;
  });
  const body = what.requestBody && bodyOf(what, form);
  const curl = element("pre", { tabindex: "0", "aria-label": "The same by curl" });
  const result = element("pre", { tabindex: "0", role: "status", "aria-label": "The answer", hidden: "" });
  const button = element("button", { class: "main" }, "Try it");
  form.append(element("div", { class: "buttons" }, button), result, curl);
  const update = () => (curl.textContent = command(request(path, method, inputs, body)));
  form.addEventListener("input", update);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    result.hidden = false;
    result.textContent = await answer(request(path, method, inputs, body));
  });
  update();
  return form;
}

/** Adds the choice of a format and an example, and the body itself. */
function bodyOf(what, form) {
  const formats = Object.entries(what.requestBody.content);
  const choices = formats.flatMap(([type, content]) => {
    const known = examples(content);
    return (known.length ? known : [["Nothing yet", ""]]).map(([name, value]) => ({ type, name, value }));
  });
  const select = element("select", { id: `${what.operationId}-example` });
  choices.forEach(({ type, name }, index) => select.append(element("option", { value: String(index) }, `${name} (${type})`)));
  const text = element("textarea", { id: `${what.operationId}-body`, spellcheck: "false" });
  const fill = () => (text.value = pretty(choices[select.value].value));
  select.addEventListener("input", fill);
  fill();
  form.append(
    element("div", { class: "field" }, element("label", { for: select.id }, "Example"), select),
    element("div", { class: "field" }, element("label", { for: text.id }, "Body"), text),
  );
  return { type: () => choices[select.value].type, text: () => text.value };
}

function request(path, method, inputs, body) {
  const query = new URLSearchParams();
  for (const { name, value, dataset } of inputs) {
    if (dataset.in === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value) query.set(name, value);
  }
  const headers = body ? { "content-type": body.type() } : {};
  return { url: path + (query.size ? `?${query}` : ""), method: method.toUpperCase(), headers, body: body?.text() };
}

function command({ url, method, headers, body }) {
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const parts = ["curl", method === "GET" ? "" : `-X ${method}`, quoted(place(url))];
  // The key itself is not for the screen.
  if (hasKey()) parts.push("-H", '"x-api-key: $LIFEBOAT_API_KEY"');
  for (const [name, value] of Object.entries(headers)) parts.push("-H", quoted(`${name}: ${value}`));
  if (body) parts.push("--data-binary", quoted(body));
  return parts.filter(Boolean).join(" ");
}

async function answer({ url, ...options }) {
  try {
    const response = await ask(url, options);
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return `${response.status} ${response.statusText}\n${headers}\n\n${isJson ? pretty(JSON.parse(text)) : text}`;
  } catch {
    return "The service cannot be reached.";
  }
}

function schema(name, what) {
  const parts = what.allOf ? what.allOf.map(follow) : [what];
  const properties = parts.flatMap((part) =>
    Object.entries(part.properties ?? {}).map(([field, rule]) => [
      field + (part.required?.includes(field) ? " (required)" : ""),
      words(rule),
      rule.description ?? "",
    ]),
  );
  const details = element("details", { id: `schema-${name}` }, element("summary", {}, element("code", {}, name)), ...prose(what.description));
  details.append(properties.length ? table("Fields", ["Field", "What it may be", "Meaning"], properties) : element("p", {}, words(what)));
  return details;
}

document.getElementById("about").append(...prose(contract.info.description));
const main = document.getElementById("operations");
for (const { name, description } of contract.tags) {
  const section = element("section", { class: "card" }, element("h2", {}, name), ...prose(description));
  for (const [path, item] of Object.entries(contract.paths)) {
    for (const method of METHODS.filter((method) => item[method]?.tags.includes(name))) {
      section.append(operation(path, method, item[method]));
    }
  }
  main.append(section);
}
const schemas = Object.entries(contract.components.schemas).map(([name, what]) => schema(name, what));
main.append(element("section", { class: "card" }, element("h2", {}, "schemas"), ...schemas));
wantKey(document.getElementById("key-form"), () => {});
