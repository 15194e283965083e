// htmx, where the browser can run it. It needs complex selectors in :not() (Chromium 88): older kernels keep the
// plain links and forms, which lead to the same pages.
import { sentence } from './dom.js';
import { toast } from './toast.js';

function canRunHtmx() {
  try {
    document.createElement('a').matches(':not(b a)');
    return true;
  } catch (error) {
    return false;
  }
}

/** A fragment request that the server redirected (the session ended, the form was saved) is a change of page. */
function followRedirect(event) {
  const response = event.detail.ctx.response.raw;
  if (!response.redirected) return;
  event.preventDefault();
  window.location.assign(response.url);
}

/** A link with data-dialog: one listener instead of attributes on each of the grid's thousand cells. */
function openInDialog(loading, event) {
  const link = event.target.closest('a[data-dialog]');
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const url = link.getAttribute('href');
  // A click before htmx has arrived waits for it; if it never does, the link leads to the full page.
  loading.then(
    (htmx) => htmx.ajax('GET', url, { source: link, target: '#dialog' }),
    () => window.location.assign(url),
  );
}

function reportServerError(event) {
  if (event.detail.ctx.response.status >= 500) toast(sentence('serverError'));
}

export async function startHtmx() {
  if (!canRunHtmx()) return;
  document.addEventListener('htmx:before:response', followRedirect);
  document.addEventListener('htmx:response:error', reportServerError);
  document.addEventListener('htmx:error', () => toast(sentence('networkError')));
  const loading = import('htmx.org').then(configured);
  document.addEventListener('click', (event) => openInDialog(loading, event));
  await loading;
}

function configured({ default: htmx }) {
  htmx.config.includeIndicatorCSS = false; // base.css has these rules; nothing is injected
  // With a delay htmx puts the attributes of elements with an id back to what the server sent, a moment after they came
  // in: what our elements then had set (hidden, disabled, aria-expanded) would be lost.
  htmx.config.defaultSettleDelay = 0;
  htmx.config.noSwap = [204, 304, '5xx']; // 4xx are pages for the person (form errors, conflicts) and are swapped in
  return htmx;
}
