// What inspection.py asks a page. Evaluated by Playwright, which the page's content security policy does not hinder.
{
  /** Violations that axe finds, one line each, with up to four places and what is wrong there. */
  async axeFindings(locale, standards) {
    axe.configure({ locale });
    const { violations } = await axe.run(document, { runOnly: standards, resultTypes: ['violations'] });
    const place = (node) => {
      const check = [...node.any, ...node.all, ...node.none][0];
      return `${node.target.join(' ')} ${check ? check.message : ''}`;
    };
    return violations.map((found) => `${found.id}: ${found.help} ${found.nodes.slice(0, 4).map(place).join(' | ')}`);
  },

  /** What a person reads: texts that are shown, and names that a screen reader speaks. Contents of fields are people's own. */
  readTexts() {
    const texts = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      // What stands in <code> are names and messages of programs, which have no translation.
      if (!parent.closest('script, style, template, textarea, code') && parent.checkVisibility()) texts.push(walker.currentNode.data);
    }
    for (const name of ['aria-label', 'title', 'alt', 'placeholder']) {
      for (const element of document.body.querySelectorAll(`[${name}]`)) texts.push(element.getAttribute(name));
    }
    return texts;
  },

  /** Targets that are shown and smaller than `least` pixels. */
  smallTargets(least) {
    const targets = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]';
    const unseen = '.vh, .skip, [aria-hidden=true]';
    const found = [];
    for (const target of document.querySelectorAll(targets)) {
      if (!target.checkVisibility({ checkVisibilityCSS: true }) || target.closest(unseen)) continue;
      // A box or a radio counts with its label.
      const area = (target.matches('[type=checkbox], [type=radio]') && target.closest('label, td')) || target;
      // In a sentence a link may be as high as its line (WCAG 2.5.8, exception "inline").
      const alone = area.parentElement.textContent.trim() === area.textContent.trim();
      if (getComputedStyle(area).display === 'inline' && !alone) continue;
      const { width, height } = area.getBoundingClientRect();
      if (width && (width < least || height < least)) {
        const name = (target.textContent || target.name || '').trim().slice(0, 30);
        found.push(`${target.tagName} ${target.className} "${name}" ${Math.round(width)} x ${Math.round(height)}`);
      }
    }
    return found;
  },
}
