// <x-grid>: upgrades a table of links to an ARIA grid with one tab stop (WAI-ARIA Authoring Practices, "Grid").
//
// Arrows move between cells that hold a link or button and skip empty ones; up and down keep the column also across
// cells that span several columns. Home/End: row; Ctrl+Home/End: table; PageUp/PageDown: five rows; Enter/Space: open.
import { all, define } from '../dom.js';

const ACTION = 'td a, td button';
const PAGE_ROWS = 5;
const VERTICAL = new Set(['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown']);

/** Index of a cell's first column, counting the columns that cells before it span. */
function columnOf(cell) {
  let column = 0;
  for (let before = cell.previousElementSibling; before; before = before.previousElementSibling) {
    column += before.colSpan;
  }
  return column;
}

class Grid extends HTMLElement {
  connectedCallback() {
    this.table = this.querySelector('table');
    if (!this.table) return;
    this.setRoles();
    this.rows = all('tbody tr', this.table)
      .map((row) => all(ACTION, row))
      .filter((actions) => actions.length);
    const first = this.table.querySelector('td [data-free]') || this.table.querySelector(ACTION);
    all(ACTION, this.table).forEach((action) => { action.tabIndex = -1; });
    if (first) this.makeTabStop(first);
    this.table.addEventListener('focusin', (event) => {
      const action = event.target.closest(ACTION);
      if (action) this.makeTabStop(action);
    });
    // Where going up and down started: a wide cell on the way must not change the column.
    this.column = null;
    this.table.addEventListener('keydown', (event) => this.onKey(event));
    this.table.addEventListener('mousedown', () => { this.column = null; });
  }

  setRoles() {
    this.table.setAttribute('role', 'grid');
    all('tr', this.table).forEach((row) => row.setAttribute('role', 'row'));
    all('td', this.table).forEach((cell) => cell.setAttribute('role', 'gridcell'));
    all('thead th', this.table).forEach((cell) => cell.setAttribute('role', 'columnheader'));
    all('tbody th', this.table).forEach((cell) => cell.setAttribute('role', 'rowheader'));
  }

  makeTabStop(action) {
    if (this.stop) this.stop.tabIndex = -1;
    this.stop = action;
    action.tabIndex = 0;
  }

  onKey(event) {
    const action = event.target.closest(ACTION);
    if (!action || event.altKey || event.metaKey) return;
    if (event.key === ' ') {
      event.preventDefault();
      action.click();
      return;
    }
    const target = this.targetOf(event, action);
    if (target === undefined) return;
    event.preventDefault();
    if (!VERTICAL.has(event.key)) this.column = null;
    if (target) this.moveTo(target);
  }

  /** The action a key leads to; null when there is none in that direction, undefined when the key is not ours. */
  targetOf(event, action) {
    const rowIndex = this.rows.findIndex((actions) => actions.includes(action));
    const row = this.rows[rowIndex];
    const index = row.indexOf(action);
    const last = this.rows.length - 1;
    switch (event.key) {
      case 'ArrowRight': return row[index + 1] || null;
      case 'ArrowLeft': return row[index - 1] || null;
      case 'ArrowDown': return this.below(action, rowIndex + 1);
      case 'ArrowUp': return this.below(action, rowIndex - 1);
      case 'PageDown': return this.below(action, Math.min(rowIndex + PAGE_ROWS, last));
      case 'PageUp': return this.below(action, Math.max(rowIndex - PAGE_ROWS, 0));
      case 'Home': return event.ctrlKey ? this.rows[0][0] : row[0];
      case 'End': return event.ctrlKey ? this.rows[last][this.rows[last].length - 1] : row[row.length - 1];
      default: return undefined;
    }
  }

  /** The action of another row in the same column, or the nearest one when that cell is empty. */
  below(action, rowIndex) {
    const row = this.rows[rowIndex];
    if (!row) return null;
    if (this.column === null) this.column = columnOf(action.closest('td'));
    const column = this.column;
    const distance = (candidate) => {
      const cell = candidate.closest('td');
      const start = columnOf(cell);
      if (column >= start && column < start + cell.colSpan) return 0;
      return Math.min(Math.abs(start - column), Math.abs(start + cell.colSpan - 1 - column));
    };
    return row.reduce((best, candidate) => (distance(candidate) < distance(best) ? candidate : best));
  }

  moveTo(action) {
    this.makeTabStop(action);
    action.focus();
    action.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
}

define('x-grid', Grid);
