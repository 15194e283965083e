// <x-rows>: repeating rows. [data-list] holds the rows, <template> holds an empty one with __i__ in names and ids.
// The buttons are ordinary submit buttons (_add, _remove), which the server answers; here they act at once.
import { define } from '../dom.js';

class Rows extends HTMLElement {
  connectedCallback() {
    this.list = this.querySelector('[data-list]');
    this.next = this.firstFreeNumber();
    this.addEventListener('click', (event) => {
      const button = event.target.closest('[data-add], [data-remove]');
      if (!button) return;
      event.preventDefault();
      if (button.hasAttribute('data-add')) this.add();
      else this.remove_(button.closest('[data-row]'));
      this.report();
    });
  }

  /** One more than the highest row number; rows that came from the server may have gaps. */
  firstFreeNumber() {
    const numbers = [...this.list.querySelectorAll('[data-remove]')].map((button) => Number(button.value.match(/\d+$/)[0]));
    return Math.max(-1, ...numbers) + 1;
  }

  add() {
    const limit = Number(this.dataset.max);
    if (limit && this.list.children.length >= limit) return;
    // Numbers are never used twice: a row deleted in the middle must not give its name to a new one.
    const html = this.querySelector('template').innerHTML.split('__i__').join(this.next);
    this.next += 1;
    this.list.insertAdjacentHTML('beforeend', html);
    this.focusRow(this.list.lastElementChild);
  }

  remove_(row) {
    const neighbour = row.nextElementSibling || row.previousElementSibling;
    row.remove();
    if (neighbour) this.focusRow(neighbour);
    else this.querySelector('[data-add]').focus();
  }

  focusRow(row) {
    const field = row.querySelector('input, select, textarea');
    if (field) field.focus();
  }

  /** Tells a screen reader how many rows there are now; the sentence has ${count} in it. */
  report() {
    const live = this.querySelector('[aria-live]');
    if (live) live.textContent = live.dataset.text.replace('${count}', this.list.children.length);
  }
}

define('x-rows', Rows);
