/* <x-zone>: a text field with the corners of a polygon, and a floor plan on which they can be clicked one after the other. */
const WHOLE = 1000;

class Zone extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input");
    this.svg = this.querySelector(".floor-plan-in svg");
    if (!this.field || !this.svg) return;
    this.shape = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
    this.shape.setAttribute("class", "zone-draft");
    this.svg.append(this.shape);
    this.svg.addEventListener("click", (event) => this.add(event));
    this.field.addEventListener("input", () => this.draw());
    this.querySelector("[data-zone-clear]").addEventListener("click", () => this.write(""));
    this.draw();
  }

  add(event) {
    // The zones are links; while one is being drawn a click is a corner.
    event.preventDefault();
    const box = this.svg.getBoundingClientRect();
    const x = Math.round(((event.clientX - box.left) / box.width) * WHOLE);
    const y = Math.round(((event.clientY - box.top) / box.height) * WHOLE);
    this.write(`${this.field.value} ${x},${y}`.trim());
  }

  write(text) {
    this.field.value = text;
    this.draw();
  }

  draw() {
    const corners = this.field.value.match(/\d{1,4}\s*[,，]\s*\d{1,4}/g) || [];
    this.shape.setAttribute("points", corners.join(" ").replaceAll("，", ","));
  }
}

customElements.define("x-zone", Zone);
