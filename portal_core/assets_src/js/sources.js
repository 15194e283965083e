// <details class="source" open>: the table that a chart repeats. Open without scripts and on paper, else folded.
import { all } from './dom.js';

function setOpen(open) {
  all('details.source').forEach((details) => { details.open = open; });
}

export function foldSources() {
  setOpen(false);
  window.addEventListener('beforeprint', () => setOpen(true));
  window.addEventListener('afterprint', () => setOpen(false));
}
