// Menus are <details class="menu">. The script only closes them: with Escape, and with a click outside.
import { all } from './dom.js';

function closeAllBut(kept) {
  all('details.menu[open]').forEach((menu) => {
    if (menu !== kept) menu.open = false;
  });
}

export function watchMenus() {
  document.addEventListener('click', (event) => closeAllBut(event.target.closest('details.menu')));
  document.addEventListener('keydown', (event) => {
    const menu = event.key === 'Escape' && event.target.closest('details.menu[open]');
    if (!menu) return;
    menu.open = false;
    menu.querySelector('summary').focus();
  });
}
