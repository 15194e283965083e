// <button type="button" class="btn js-only" data-print>: prints the page.
export function watchPrintButtons() {
  document.addEventListener('click', (event) => {
    if (event.target.closest('[data-print]')) window.print();
  });
}
