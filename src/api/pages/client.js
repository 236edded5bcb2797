// Asks the service. Where it wants a key, the reader is asked for it once; the tab remembers it until it is closed.

// Where the service is for this page: its paths are below that.
const HOME = new URL("..", import.meta.url);
const KEY = "lifeboat-api-key";

/** Returns where a path of the service is. */
export const place = (path) => new URL(`.${path}`, HOME).href;

/** Sends a request with the key that is known, if any. */
export const ask = (path, options) => askAt(place(path), options);

function askAt(url, options = {}) {
  const key = sessionStorage.getItem(KEY);
  const headers = { ...options.headers, ...(key ? { "x-api-key": key } : {}) };
  return fetch(url, { ...options, headers });
}

/** Sends JSON. */
export function send(method, path, value, signal) {
  return ask(path, { method, signal, headers: { "content-type": "application/json" }, body: JSON.stringify(value) });
}

/** Shows the form for a key, and calls back once there is one. */
export function wantKey(form, then) {
  form.hidden = false;
  form.onsubmit = (event) => {
    event.preventDefault();
    sessionStorage.setItem(KEY, form.elements.key.value);
    form.hidden = true;
    then();
  };
}

/** Whether a key is known. */
export const hasKey = () => Boolean(sessionStorage.getItem(KEY));

/** Follows a link to JSON. Where a key is known, what is there is shown in a dialog: a browser would ask without the key. */
export async function showRecord(event, dialog) {
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (!isPlain || !hasKey()) return;
  event.preventDefault();
  const url = event.currentTarget.href;
  const text = await askAt(url).then((response) => response.text(), () => "The service cannot be reached.");
  dialog.querySelector("h2").textContent = new URL(url).pathname;
  dialog.querySelector("pre").textContent = pretty(text);
  dialog.querySelector("button").onclick = () => dialog.close();
  dialog.showModal();
}

/** Lays JSON out; what is none stays as it is. */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Makes an element with attributes and children; texts stay texts. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}
