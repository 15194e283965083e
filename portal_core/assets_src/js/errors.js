// After a full page load with errors the focus goes to the summary, so a screen reader reads it first.
// A link of the summary moves the focus into the field, also where the browser would only scroll there.

function onClick(event) {
  const link = event.target.closest('.error-summary a[href^="#"]');
  if (!link) return;
  const field = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.scrollIntoView({ block: 'center' });
}

export function watchErrorSummaries() {
  document.addEventListener('click', onClick);
  const summary = document.querySelector('main .error-summary');
  if (summary) summary.focus();
}
