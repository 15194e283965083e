// One short sentence at the bottom of the window, read aloud by screen readers, gone after some seconds.
const SECONDS = 8;

export function toast(text) {
  const box = document.getElementById('toasts');
  if (!box || !text) return;
  const item = document.createElement('p');
  item.className = 'toast';
  item.textContent = text;
  box.append(item);
  setTimeout(() => item.remove(), SECONDS * 1000);
}
