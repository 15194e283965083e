// <x-people>: finds people while one types. [data-list] holds those chosen and found, as /people makes them; without JavaScript
// the button _find sends the whole form for the same list.
import { all, define } from '../dom.js';

const PATIENCE = 250; // milliseconds after the last key

class People extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector('input[type="search"]');
    this.list = this.querySelector('[data-list]');
    this.asked = 0;
    this.field.addEventListener('input', () => this.soon(PATIENCE));
    this.field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.isComposing) return;
      event.preventDefault(); // Enter searches; the form is sent by its own button
      this.soon(0);
    });
    this.querySelector('[name="_find"]').addEventListener('click', (event) => {
      event.preventDefault();
      this.soon(0);
    });
  }

  soon(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), delay);
  }

  async search() {
    const query = new URLSearchParams({ name: this.dataset.name, several: this.dataset.several });
    query.append(this.field.name, this.field.value);
    all('input:checked', this.list).forEach((box) => query.append(box.name, box.value));
    this.asked += 1;
    const mine = this.asked;
    const answer = await fetch(`/people?${query}`, { credentials: 'same-origin' }).catch(() => null);
    // A later search may have been answered first; and without an answer the button of the form still works.
    if (!answer || !answer.ok || answer.redirected || mine !== this.asked) return;
    this.list.innerHTML = await answer.text();
  }
}

define('x-people', People);
