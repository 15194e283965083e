// <x-reveal>: a tick box with data-reveals="ID" shows the block with that id. Without JavaScript every block shows.
// A hidden block's fields are disabled, so the browser does not send what the person can not see.
import { all, define } from '../dom.js';

class Reveal extends HTMLElement {
  connectedCallback() {
    this.addEventListener('change', (event) => {
      if (event.target.matches('[data-reveals]')) this.update(event.target, true);
    });
    all('[data-reveals]', this).forEach((box) => this.update(box, false));
  }

  update(box, byPerson) {
    // Inside this element: while htmx swaps a form, the old one with the same ids is still in the document.
    const block = this.querySelector(`#${CSS.escape(box.dataset.reveals)}`);
    if (!block) return;
    block.hidden = !box.checked;
    box.setAttribute('aria-expanded', String(box.checked));
    const fields = all('input, textarea, select', block);
    fields.forEach((field) => { field.disabled = !box.checked; });
    if (byPerson && box.checked && fields.length) fields[0].focus();
  }
}

define('x-reveal', Reveal);
