// <x-island src="/static/…/panorama-HASH.js" css="…" data-…>fallback</x-island>
//
// Imports the module when the element comes near the window and calls its `mount(element)`, which may return a
// function that cleans up. What stands inside the element is the fallback, removed when the module has started.
// Attribute `eager`: do not wait for it to come near. Attribute set by us: `ready` or `failed`.
import { define } from '../dom.js';

const loadedStyles = new Map();

/** Adds a style sheet to the page once; resolves when it has arrived, also when it could not. */
function loadStyle(href) {
  if (!loadedStyles.has(href)) {
    loadedStyles.set(href, new Promise((resolve) => {
      const link = document.createElement('link');
      link.rel = 'stylesheet';
      link.href = href;
      link.onload = resolve;
      link.onerror = resolve;
      document.head.append(link);
    }));
  }
  return loadedStyles.get(href);
}

class Island extends HTMLElement {
  connectedCallback() {
    if (this.hasAttribute('eager') || !('IntersectionObserver' in window)) {
      this.start();
      return;
    }
    this.observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      this.observer.disconnect();
      this.start();
    }, { rootMargin: '200px' });
    this.observer.observe(this);
  }

  disconnectedCallback() {
    if (this.observer) this.observer.disconnect();
    if (typeof this.unmount === 'function') this.unmount();
  }

  async start() {
    const fallback = [...this.childNodes];
    try {
      if (this.hasAttribute('css')) await loadStyle(this.getAttribute('css'));
      const module = await import(this.getAttribute('src'));
      this.unmount = await module.mount(this);
      fallback.forEach((node) => node.remove());
      this.setAttribute('ready', '');
    } catch (error) {
      // The fallback stays, so the person loses the extra and nothing else.
      console.warn('island did not start:', this.getAttribute('src'), error);
      this.setAttribute('failed', '');
    }
  }
}

define('x-island', Island);
