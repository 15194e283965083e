// [data-phrases="ID"]: buttons with phrases that fill the box with that id, after what stands there already.
export function watchPhrases() {
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-phrases] button');
    if (!button) return;
    const box = button.closest('form').querySelector(`#${CSS.escape(button.parentElement.dataset.phrases)}`);
    const text = button.textContent.trim();
    box.value = box.value.trim() ? `${box.value.trimEnd()}\n${text}` : text;
    box.dispatchEvent(new Event('input', { bubbles: true }));
    box.focus();
  });
}
