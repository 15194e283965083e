// A link with data-dialog fetches its page as a fragment into <dialog id="dialog"> (hypermedia.js). Shown after the swap;
// the focus goes to the first error, else the heading, and back to the link when the dialog closes.

let opener = null;

function dialog() {
  return document.getElementById('dialog');
}

function show(element) {
  // Without showModal() (Firefox 78) the dialog still shows, only without the veil and the focus trap.
  if (element.showModal) element.showModal();
  else element.setAttribute('open', '');
}

function close(element) {
  if (element.close) {
    element.close();
  } else {
    element.removeAttribute('open');
    afterClose(element);
  }
}

const FOCUS_FIRST = ['.error-summary', '[autofocus]', '#dlg-t'];

function focusInside(element) {
  const target = FOCUS_FIRST.map((selector) => element.querySelector(selector)).find(Boolean);
  if (!target) return;
  target.focus();
  target.scrollIntoView({ block: 'nearest' });
}

function onClick(event) {
  const link = event.target.closest('[data-dialog]');
  if (link) opener = link;
  const closer = event.target.closest('[data-close]');
  const open = event.target.closest('dialog[open]');
  if (closer && open) {
    event.preventDefault();
    close(open);
  } else if (open && event.target === open) {
    // A click on the veil hits the dialog element itself.
    close(open);
  }
}

function onSwap() {
  const element = dialog();
  if (!element || !element.firstElementChild) return;
  if (!element.open && opener) show(element);
  if (element.open) focusInside(element);
}

function afterClose(element) {
  if (element.id !== 'dialog') return;
  element.textContent = '';
  if (opener && opener.isConnected) opener.focus();
  opener = null;
}

export function watchDialogs() {
  document.addEventListener('click', onClick);
  document.addEventListener('htmx:after:swap', onSwap);
  // "close" does not bubble; capturing sees it all the same.
  document.addEventListener('close', (event) => afterClose(event.target), true);
}
