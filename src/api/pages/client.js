// Asks the service. Where it wants a key, the reader is asked for it once; the tab remembers it until it is closed.

const KEY = "lifeboat-api-key";

/** Sends a request with the key that is known, if any. */
export function ask(path, options = {}) {
  const key = sessionStorage.getItem(KEY);
  const headers = { ...options.headers, ...(key ? { "x-api-key": key } : {}) };
  return fetch(path, { ...options, headers });
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

/** Makes an element with attributes and children; texts stay texts. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}
