// The pages in a real browser, asking real servers: LIFEBOAT_URL, one of flights, LIFEBOAT_FLIGHTS_URL, one that wants the key LIFEBOAT_KEY, LIFEBOAT_KEYED_URL, and one of each
// package of tests/packages, whose addresses are the JSON object LIFEBOAT_TABLES. The browser is in the folder LIFEBOAT_BROWSER_TOOLS;
// pictures of the pages go to the folder SCREENSHOTS.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

const NAMES = ["LIFEBOAT_URL", "LIFEBOAT_FLIGHTS_URL", "LIFEBOAT_KEYED_URL", "LIFEBOAT_KEY", "LIFEBOAT_TABLES", "LIFEBOAT_BROWSER_TOOLS", "SCREENSHOTS"];
const [service, flights, keyedService, key, tables, tools, screenshots] = NAMES.map((name) => {
  assert.ok(process.env[name], `${name} is not set`);
  return process.env[name];
});

const require = createRequire(path.resolve(tools, "package.json"));
const load = async (name) => (await import(pathToFileURL(require.resolve(name)))).default;
const [chromium, puppeteer] = [await load("@sparticuz/chromium"), await load("puppeteer-core")];
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

let browser;

before(async () => {
  // The package holds a Chromium for x86-64; on another processor, CHROMIUM names one.
  const executablePath = process.env.CHROMIUM ?? (await chromium.executablePath());
  browser = await puppeteer.launch({ args: chromium.args, executablePath, headless: "shell" });
});
after(() => browser?.close());

/** Opens a page of a reader who has stored nothing yet, and remembers whatever goes wrong on it. */
async function open(pathname, { width = 1200, height = 1000, scheme = "light", at = service } = {}) {
  const page = await browser.newPage();
  // Otherwise a test could take the row that an earlier one has stored for its own.
  const session = await page.createCDPSession();
  await session.send("Storage.clearDataForOrigin", { origin: at, storageTypes: "local_storage" });
  page.wrong = [];
  page.on("console", (message) => {
    // A refusal that a test provokes is told on the console too.
    if (message.type() === "error" && !message.text().includes("status of 4")) page.wrong.push(message.text());
  });
  page.on("pageerror", (error) => page.wrong.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(at)) page.wrong.push(`asked ${request.url()}`);
  });
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  // A refusal whose body the page does not read counts as under way: a service that wants a key never looks idle.
  await page.goto(at + pathname, { waitUntil: at === service ? "networkidle0" : "load" });
  return page;
}

const text = (page, selector) => page.$eval(selector, (element) => element.textContent.trim());
const field = (name) => `#fields [name="${name}"]`;
const get = async (pathname, at = service) => (await fetch(at + pathname)).json();
const picture = (page, name) => page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true });

async function until(page, condition, ...values) {
  await page.waitForFunction(condition, { timeout: 10_000 }, ...values);
}

async function type(page, selector, value) {
  await page.click(selector, { count: 3 });
  await page.keyboard.press("Backspace");
  await page.type(selector, value);
}

/** Returns what stands at a field that is at fault. */
const fault = (page, name) =>
  page.$eval(field(name), (box) => document.getElementById(box.getAttribute("aria-describedby")).textContent);

/** Returns what all contributions add up to. */
const explained = (page) =>
  page.$$eval("#contributions tr", (rows) => rows.reduce((sum, row) => sum + Number(row.dataset.amount), 0));

async function isAccessible(page) {
  // The page's own policy forbids scripts of others, so that axe comes by the debugger.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), []);
}

test("a reader picks a passenger, changes it, stores the prediction and tells what happened", async () => {
  const page = await open("/");
  await page.click('[data-example="Owen Braund"]');
  await type(page, field("PassengerId"), "4711");
  await until(page, () => document.querySelector("#verdict").textContent === "Predicted: died.");
  const before = await text(page, "#figure");
  await type(page, field("Age"), "3");
  await page.select(field("Pclass"), "1");
  await until(page, (shown) => document.querySelector("#figure").textContent !== shown, before);
  await page.waitForNetworkIdle();

  const preview = await text(page, "#figure");
  const sum = await explained(page);
  const lead = (await text(page, "#baseline")).match(/The average passenger starts at ([\d.]+)\s%.* ([\d.]+)\s%/);
  const logit = (percent) => Math.log(percent / (100 - percent));
  assert.ok(Math.abs(logit(Number(lead[1])) + sum - logit(Number(lead[2]))) < 0.02, lead[0]);
  assert.equal(`${lead[2]}\u00a0%`, preview);
  assert.deepEqual((await get("/predictions?PassengerId=4711")).predictions, [], "typing stores nothing");

  await page.click("#store");
  await page.waitForSelector("#stored tr");
  const id = await page.$eval("#stored tr", (row) => row.dataset.id);
  const stored = await get(`/predictions/${id}`);
  assert.equal(`${(100 * stored.probability).toFixed(1)}\u00a0%`, preview);
  assert.equal(stored.record.Age, 3);
  await page.click("#store");
  await page.waitForNetworkIdle();
  assert.equal((await get("/predictions?PassengerId=4711")).predictions.length, 1, "stored once");

  await page.click('#stored [data-outcome="1"]');
  await until(page, () => document.querySelector("#stored tr td:last-child").textContent === "survived");
  assert.equal((await get(`/predictions/${id}`)).outcome.outcome.Survived, 1);
  await isAccessible(page);
  await picture(page, "desktop");

  const corrected = { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify({ Survived: 0, corrects: true }) };
  assert.equal((await fetch(`${service}/predictions/${id}/outcome`, corrected)).status, 200);
  await page.reload();
  await until(page, () => document.querySelector("#stored td:last-child")?.textContent.endsWith("(corrected)"));
  assert.deepEqual(page.wrong, []);
  await page.close();
});

test("a fault stands at its field, and goes when it is mended", async () => {
  const page = await open("/");
  await type(page, field("Age"), "200");
  await page.waitForSelector(`${field("Age")}[aria-invalid="true"]`);
  assert.match(await fault(page, "Age"), /0 to 120/);
  await isAccessible(page);
  await type(page, field("Age"), "20");
  await until(page, () => !document.querySelector("[aria-invalid], .fault"));
  assert.deepEqual(page.wrong, []);
  await page.close();
});

test("a comma is a decimal point, and never parts thousands in silence", async () => {
  const page = await open("/");
  await type(page, field("Fare"), "1,000");
  await page.waitForSelector(`${field("Fare")}[aria-invalid="true"]`);
  assert.match(await fault(page, "Fare"), /"1,000"/);
  await type(page, field("Fare"), "71,25");
  await until(page, () => !document.querySelector("[aria-invalid], .fault"));
  await page.click("#store");
  await page.waitForSelector("#stored tr");
  const id = await page.$eval("#stored tr", (row) => row.dataset.id);
  assert.equal((await get(`/predictions/${id}`)).record.Fare, 71.25);
  assert.deepEqual(page.wrong, []);
  await page.close();
});

test("links send the key that the reader gave", async () => {
  const page = await open("/", { at: keyedService });
  await page.waitForSelector("#key-form:not([hidden])");
  await page.type("#key", key);
  await page.click("#key-form button");
  await until(page, () => document.querySelector("#figure").textContent.includes("%"));
  await page.click("#store");
  await page.waitForSelector("#stored tr");
  const shown = async (link, expected) => {
    await page.click(link);
    await page.waitForSelector("dialog[open]");
    assert.match(await text(page, "#shown pre"), expected);
  };
  await shown('a[href="./model"]', /"version"/);
  await isAccessible(page);
  await picture(page, "record");
  await page.click("#shown button");
  await shown("#stored a", /"record": \{/);
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog:not([open])");
  assert.equal(page.url(), `${keyedService}/`);

  await page.goto(`${keyedService}/docs`, { waitUntil: "networkidle0" });
  await page.waitForSelector("#op-model");
  await page.click("#op-model > summary");
  assert.match(await text(page, "#op-model pre[aria-label='The same by curl']"), /-H "x-api-key: \$LIFEBOAT_API_KEY"/);
  assert.deepEqual(page.wrong, []);
  await page.close();
});

test("no mouse is needed", async () => {
  const page = await open("/");
  const reached = new Set();
  for (let presses = 0; presses < 60 && !reached.has("store"); presses += 1) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.name || document.activeElement.id));
  }
  const fields = ["Sex", "Age", "Name", "Pclass", "Embarked", "Ticket", "Fare", "Cabin", "PassengerId", "SibSp", "Parch"];
  for (const field of fields) assert.ok(reached.has(field), field);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#stored tr");
  await page.close();
});

test("it is a page for phones and for the dark", async () => {
  const phone = await open("/", { width: 360, height: 740 });
  assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth), 360);
  await picture(phone, "phone");
  await phone.close();
  for (const [pathname, name] of [["/", "dark"], ["/docs", "docs-dark"]]) {
    const page = await open(pathname, { scheme: "dark" });
    await isAccessible(page);
    await picture(page, name);
    assert.deepEqual(page.wrong, []);
    await page.close();
  }
});

test("the contract can be read and tried", async () => {
  const page = await open("/docs");
  await page.waitForSelector("#op-predict");
  await page.click("#op-predict > summary");
  await isAccessible(page);
  assert.match(await text(page, "#op-predict pre[aria-label='The same by curl']"), /^curl -X POST 'http/);
  await page.click("#op-predict button.main");
  await until(page, () => /^20[01] /.test(document.querySelector("#op-predict pre[role=status]").textContent));
  assert.match(await text(page, "#op-predict pre[role=status]"), /"probability"/);
  await picture(page, "docs");
  assert.deepEqual(page.wrong, []);
  await page.close();
});

test("a label that is true or false is told by its name, and is a choice", async () => {
  const page = await open("/", { at: flights });
  await page.waitForSelector("#contributions tr");
  assert.equal(await text(page, "#store"), "Store the prediction of this flight");
  assert.equal(await text(page, "#of"), "Probability of late");
  assert.match(await text(page, "#moved"), /the log-odds of “late”/);
  // A record that nobody else has told an outcome of.
  await page.$eval("#fields input[inputmode=numeric]", (box) => {
    box.value = String(Date.now() % 1000);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await page.waitForNetworkIdle();
  await page.click("#store");
  await page.waitForSelector("#stored tr");
  const words = await page.$$eval("#stored [data-outcome]", (buttons) => buttons.map((button) => button.textContent));
  assert.deepEqual(words, ["late", "not late"]);
  await picture(page, "flights");
  const id = await page.$eval("#stored tr", (row) => row.dataset.id);
  await page.click('#stored [data-outcome="false"]');
  await until(page, () => !document.querySelector("#stored [data-outcome]"));
  assert.deepEqual((await get(`/predictions/${id}`, flights)).outcome.outcome, { late: false });
  assert.match(await text(page, "#stored tr"), /not late$/);
  await isAccessible(page);
  assert.deepEqual(page.wrong, []);
  await page.close();
});

const TABLES = JSON.parse(tables);

for (const [name, at] of Object.entries(TABLES)) {
  test(`the pages of ${name} are made of its schema`, async () => {
    const contract = await get("/openapi.json", at);
    const properties = contract.components.schemas.Record.properties;
    const [label] = contract.components.schemas.NewOutcome.required;
    const page = await open("/", { at });
    const names = await page.$$eval("#fields [name]", (boxes) => boxes.map((box) => box.name));
    assert.deepEqual(names.toSorted(), Object.keys(properties).filter((field) => field !== label).toSorted());
    for (const field of names) {
      const mode = await page.$eval(`#fields [name="${field}"]`, (box) => box.inputMode);
      assert.equal(mode, { integer: "numeric", number: "decimal" }[[properties[field].type].flat()[0]], field);
    }
    const titles = await page.$$eval("#examples button", (buttons) => buttons.map((button) => button.textContent));
    assert.equal(titles.length, 2);
    const examples = Object.values(contract.paths["/predict"].post.requestBody.content["application/json"].examples);
    for (const title of titles) {
      await page.click(`[data-example="${title}"]`);
      await page.waitForNetworkIdle();
      const { value } = examples.find(({ summary }) => summary === title);
      const shown = await page.$$eval("#fields [name]", (boxes) => boxes.map((box) => [box.name, Number(box.value)]));
      assert.deepEqual(Object.fromEntries(shown), value);
      await agrees(page, at, label, value);
    }
    for (const word of ["assenger", "urviv", "itanic"]) assert.ok(!(await page.content()).includes(word), word);
    await isAccessible(page);
    await picture(page, name);
    assert.deepEqual(page.wrong, []);
    await page.close();
  });

  test(`an outcome of ${name} is told, once it is a value of the label`, async () => {
    const page = await open("/", { at });
    await page.waitForSelector("#contributions tr");
    // A record that nobody else has told an outcome of.
    await page.$eval("#fields [name]", (box) => {
      box.value = Number(box.value) + 1;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    });
    await page.waitForNetworkIdle();
    await page.click("#store");
    await page.waitForSelector("#stored tr");
    const id = await page.$eval("#stored tr", (row) => row.dataset.id);
    const choices = await page.$$eval("#stored [data-outcome]", (buttons) => buttons.map((button) => button.dataset.outcome));
    let told = choices.at(-1);
    if (told === "") {
      await page.type("#stored input.outcome", "much");
      await page.click("#stored [data-outcome]");
      await page.waitForSelector("#message:not([hidden])");
      told = "151,5";
      await page.waitForNetworkIdle();
      await page.type("#stored input.outcome", told);
    }
    await page.click(`#stored [data-outcome="${choices.at(-1)}"]`);
    await until(page, () => !document.querySelector("#stored [data-outcome]"));
    const { outcome } = (await get(`/predictions/${id}`, at)).outcome;
    assert.deepEqual(Object.values(outcome).map(String), [told.replace(",", ".")]);
    await page.close();
  });

  test(`the contract of ${name} can be tried`, async () => {
    const page = await open("/docs", { at });
    for (const operation of ["predict", "infer"]) {
      await page.waitForSelector(`#op-${operation}`);
      await page.click(`#op-${operation} > summary`);
      await page.click(`#op-${operation} button.main`);
      const answer = `#op-${operation} pre[role=status]`;
      await until(page, (selector) => /^20[01] /.test(document.querySelector(selector).textContent), answer);
    }
    assert.equal(await page.$("#op-history"), null, "without a key there is nothing to ask for");
    for (const word of ["assenger", "urviv", "itanic"]) assert.ok(!(await page.content()).includes(word), word);
    await isAccessible(page);
    assert.deepEqual(page.wrong, []);
    await page.close();
  });
}

/** Compares what the page shows of a record with what the service answers. */
async function agrees(page, at, label, record) {
  const headers = { "content-type": "application/json" };
  const options = { method: "POST", headers, body: JSON.stringify(record) };
  const answer = await (await fetch(`${at}/predict?explain=true&store=false`, options)).json();
  const [figure, verdict] = [await text(page, "#figure"), await text(page, "#verdict")];
  const { unit, output, baseline } = answer.explanation;
  if (answer.probability !== undefined) {
    assert.equal(figure, `${(100 * answer.probability).toFixed(1)}\u00a0%`);
    assert.equal(verdict, `Predicted: ${answer.prediction[label]}.`);
  } else if (answer.probabilities) {
    assert.ok(figure.endsWith(answer.prediction[label]), figure);
    for (const [name, probability] of Object.entries(answer.probabilities)) {
      assert.ok(verdict.includes(`${name} ${(100 * probability).toFixed(1)}\u00a0%`), verdict);
    }
  } else {
    assert.ok(Math.abs(Number(figure) - answer.prediction[label]) < 1e-5 * Math.abs(output), figure);
    assert.equal(unit, label);
  }
  assert.ok(Math.abs((await explained(page)) - (output - baseline)) < 1e-3 * Math.max(1, Math.abs(output)), figure);
}
