// What the drawings of the page share: a sharp pen, the page's colours, and one drawing a frame.

/** The pen of a canvas in CSS pixels, sharp on every screen, on an empty canvas, and its size; null while it has no size. */
export function penOn(canvas) {
    const { width: wide, height: tall } = canvas.getBoundingClientRect(), dense = window.devicePixelRatio || 1;
    if (!wide) return null;
    const width = Math.round(wide * dense), height = Math.round(tall * dense);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });  // which wipes it
    const pen = canvas.getContext('2d');
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, wide, tall);
    return { pen, wide, tall };
}

/** Gives the page's colours by their names, such as '--accent', as an element has them in the theme of the moment. */
export function coloursOf(element) {
    const style = getComputedStyle(element);
    return (name) => style.getPropertyValue(name).trim();
}

/** Draws a line through points, then leaves the pen without dashes. */
export function drawLine(pen, points, { colour, width, dashes = [] }) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.setLineDash(dashes);
    pen.beginPath();
    for (const [x, y] of points) pen.lineTo(x, y);
    pen.stroke();
    pen.setLineDash([]);
}

/** Draws a filled disc. */
export function drawDot(pen, [x, y], radius, colour) {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fill();
}

/**
 * Makes the function that asks for a drawing. However often it is called, there is one drawing a frame of the screen. There
 * is another one when the element changes its size or the page its theme.
 *
 * @param {HTMLElement} element what the drawing fits into.
 * @param {function(): void} draw draws.
 * @returns {function(): void} asks for a drawing.
 */
export function drawnLater(element, draw) {
    let due = false;
    const later = () => {
        if (due) return;
        due = true;
        requestAnimationFrame(() => { due = false; draw(); });
    };
    new ResizeObserver(later).observe(element);
    new MutationObserver(later).observe(document.body, { attributes: true, attributeFilter: ['class'] });  // light, dark
    return later;
}
