// 360 degree picture: Pannellum with Chinese or English sentences, keyboard and touch.
//
// <x-island src css class="pano" data-src="picture.jpg" data-label="360° view of …" data-lang="zh">
// The picture is equirectangular (width : height = 2 : 1).
import 'pannellum/build/pannellum.css';
import 'pannellum/build/pannellum.js';

const STRINGS = {
  zh: {
    loadButtonLabel: '点击载入全景图',
    loadingLabel: '正在载入…',
    bylineLabel: '%s 摄',
    noPanoramaError: '没有全景图。',
    fileAccessError: '无法读取文件 %s。',
    malformedURLError: '全景图地址有误。',
    iOS8WebGLError: '此设备只能显示渐进式 JPEG，请看平面照片。',
    genericWebGLError: '此浏览器不支持三维显示，请看平面照片。',
    textureSizeError: '图片过大：宽 %s 像素，此设备最多显示 %s 像素。请看平面照片。',
    unknownError: '全景图无法显示，请看平面照片。',
  },
};

const BUTTONS = {
  zh: { zoomIn: '放大', zoomOut: '缩小', fullscreen: '全屏' },
  en: { zoomIn: 'Zoom in', zoomOut: 'Zoom out', fullscreen: 'Full screen' },
};

/** Pannellum draws its buttons as plain <div>; give them a role, a name and the keyboard. */
function makeButton(box, selector, label) {
  const button = box.querySelector(selector);
  if (!button) return;
  button.setAttribute('role', 'button');
  button.setAttribute('aria-label', label);
  button.setAttribute('title', label);
  button.tabIndex = 0;
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    event.stopPropagation();
    // Zoom listens to mouseup, full screen to click.
    button.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
    button.dispatchEvent(new MouseEvent('mouseup', { bubbles: true }));
    button.click();
  });
}

export function mount(element) {
  const lang = (element.dataset.lang || document.documentElement.lang).slice(0, 2);
  const box = document.createElement('div');
  element.append(box);
  const viewer = window.pannellum.viewer(box, {
    type: 'equirectangular',
    panorama: element.dataset.src,
    autoLoad: true,
    compass: false,
    keyboardZoom: true,
    mouseZoom: 'fullscreenonly', // a wheel over the picture must go on scrolling the page
    strings: STRINGS[lang] || {},
  });
  box.setAttribute('role', 'application');
  box.setAttribute('aria-label', element.dataset.label || '');
  const names = BUTTONS[lang] || BUTTONS.en;
  makeButton(box, '.pnlm-zoom-in', names.zoomIn);
  makeButton(box, '.pnlm-zoom-out', names.zoomOut);
  makeButton(box, '.pnlm-fullscreen-toggle-button', names.fullscreen);
  return () => viewer.destroy();
}
