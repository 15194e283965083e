// <input type="file" data-preview="ID">: pictures as thumbnails, other files as names, in the element with that id.

function picture(file) {
  const image = document.createElement('img');
  image.alt = file.name;
  image.src = URL.createObjectURL(file);
  image.onload = () => URL.revokeObjectURL(image.src);
  return image;
}

function name(file) {
  const label = document.createElement('span');
  label.textContent = file.name;
  return label;
}

export function watchFilePreviews() {
  document.addEventListener('change', (event) => {
    const input = event.target.closest('input[type=file][data-preview]');
    const box = input && document.getElementById(input.dataset.preview);
    if (!box) return;
    box.textContent = '';
    for (const file of input.files) {
      box.append(file.type.startsWith('image/') ? picture(file) : name(file));
    }
  });
}
