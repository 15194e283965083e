// <input type="checkbox" data-choose-all="NAME">: ticks and clears all boxes with that name, and follows them.
export function watchChooseAll() {
  document.addEventListener('change', (event) => {
    const box = event.target;
    if (box.type !== 'checkbox') return;
    const boxes = (name) => [...document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(name)}"]`)];
    if (box.dataset.chooseAll) {
      for (const each of boxes(box.dataset.chooseAll)) each.checked = box.checked;
      return;
    }
    const all = document.querySelector(`[data-choose-all="${CSS.escape(box.name)}"]`);
    if (!all) return;
    const ticked = boxes(box.name).filter((each) => each.checked).length;
    all.checked = ticked === boxes(box.name).length;
    all.indeterminate = ticked > 0 && !all.checked;
  });
}
