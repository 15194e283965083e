// Small helpers shared by the modules.

/** All elements below `root` that match, as an array. */
export function all(selector, root = document) {
  return [...root.querySelectorAll(selector)];
}

/** Registers a custom element once; a fragment may bring this module in again. */
export function define(name, elementClass) {
  if (!customElements.get(name)) customElements.define(name, elementClass);
}

/** Sentences for scripts are translated on the server and stand in data attributes of <body>. */
export function sentence(name) {
  return document.body.dataset[name] || '';
}
