// The page on its canvas: zoom, moving, boxes. A point (x, y) of the scan is drawn at (x * zoom + left, y * zoom + top).
const view = find('.desk-view canvas'), paper = view.getContext('2d');
const ODD = '#d55e00', pointers = new Map();
let zoom = 1, left = 0, top_ = 0, letter = 20, moved = 0, frame = null;  // letter: the usual height of a box

function resize() {
    const box = view.getBoundingClientRect(), dense = Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [Math.round(box.width * dense), Math.round(box.height * dense)];
    if (width === view.width && height === view.height) return false;  // setting them would wipe the canvas
    [view.width, view.height] = [width, height];
    return true;
}

// The width of the page, or the whole of it: also where a picture fills the upper half, and no glyph would be seen at first.
function fit(whole) {
    const wide = view.width / book.width, high = view.height / book.height;
    zoom = (whole ? Math.min(wide, high) : Math.min(wide, 3 * high)) || 1;
    left = (view.width - book.width * zoom) / 2;
    top_ = whole ? (view.height - book.height * zoom) / 2 : Math.max(0, (view.height - book.height * zoom) / 2);
    if (!whole && book.box.length && book.box.every(([, y0]) => y0 * zoom + top_ > view.height / 2)) { fit(true); return; }
    letter = book.box.map(([, y0, , y1]) => y1 - y0).sort((a, b) => a - b)[Math.floor(book.box.length / 2)] ?? 20;
}

function colourOf(k) {  // from blue for a low energy to grey at the threshold
    const [low] = book.range, exact = (book.energy[k] - low) / Math.max(threshold - low, 1e-6);
    const share = Math.round(12 * Math.min(1, Math.max(0, exact))) / 12;  // few colours, so few strokes
    return `rgb(${Math.round(130 * share)}, ${Math.round(110 + 10 * share)}, ${Math.round(190 - 70 * share)})`;
}

function drawView() { frame ??= requestAnimationFrame(paintView); }

function paintView() {
    frame = null;
    if (!picture) return;
    paper.setTransform(1, 0, 0, 1, 0, 0);
    paper.fillStyle = getComputedStyle(view).getPropertyValue('--table') || '#e8e0d0';
    paper.fillRect(0, 0, view.width, view.height);
    paper.drawImage(picture, left, top_, book.width * zoom, book.height * zoom);
    const thin = Math.min(2.5, Math.max(0.5, letter * zoom / 14)) * view.width / view.clientWidth;
    const outlines = new Map();  // colour -> boxes: a stroke for each colour is far quicker than one for each box
    book.box.forEach(([x0, y0, x1, y1], k) => {
        const [x, y, w, h] = [x0 * zoom + left, y0 * zoom + top_, (x1 - x0) * zoom, (y1 - y0) * zoom];
        if (x > view.width || y > view.height || x + w < 0 || y + h < 0) return;
        if (strange.has(k)) { paper.fillStyle = 'rgba(213, 94, 0, .22)'; paper.fillRect(x, y, w, h); }
        if (k in named) { paper.fillStyle = 'rgba(0, 114, 178, .25)'; paper.fillRect(x, y, w, h); }
        const colour = strange.has(k) ? ODD : colourOf(k);
        if (!outlines.has(colour)) outlines.set(colour, new Path2D());
        outlines.get(colour).rect(x, y, w, h);
    });
    for (const [colour, path] of outlines) {
        paper.lineWidth = colour === ODD ? 2 * thin : thin;
        paper.strokeStyle = colour;
        paper.stroke(path);
    }
    if (chosen !== null) {
        const [x0, y0, x1, y1] = book.box[chosen];
        paper.lineWidth = 2.5 * thin;
        paper.strokeStyle = '#96291f';
        paper.strokeRect(x0 * zoom + left - 3, y0 * zoom + top_ - 3, (x1 - x0) * zoom + 6, (y1 - y0) * zoom + 6);
    }
}

function place(event) {  // where a pointer is, in pixels of the canvas
    const box = view.getBoundingClientRect();
    return [(event.clientX - box.left) * view.width / box.width, (event.clientY - box.top) * view.height / box.height];
}

function glyphAt([px, py]) {  // the smallest box at a place; a little beside it counts too
    const x = (px - left) / zoom, y = (py - top_) / zoom, near = 3 / zoom;
    let best = null, size = Infinity;
    book.box.forEach(([x0, y0, x1, y1], k) => {
        if (x < x0 - near || x > x1 + near || y < y0 - near || y > y1 + near) return;
        const area = (x1 - x0) * (y1 - y0);
        if (area < size) [best, size] = [k, area];
    });
    return best;
}

function zoomAt([px, py], factor) {
    const whole = Math.min(view.width / book.width, view.height / book.height);
    const next = Math.min(Math.max(zoom * factor, 0.7 * whole), 12), by = next / zoom;
    left = px - (px - left) * by;
    top_ = py - (py - top_) * by;
    zoom = next;
    drawView();
}

function reveal(k) {  // brings a glyph into view, at a size at which it can be read
    const [x0, y0, x1, y1] = book.box[k];
    zoom = Math.max(zoom, 26 * (view.width / view.getBoundingClientRect().width) / (y1 - y0));
    const x = (x0 + x1) / 2 * zoom + left, y = (y0 + y1) / 2 * zoom + top_;
    if (x < 40 || x > view.width - 40) left += view.width / 2 - x;
    if (y < 40 || y > view.height - 40) top_ += view.height / 2 - y;
}

view.addEventListener('pointerdown', (event) => {
    view.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    moved = pointers.size > 1 ? Infinity : 0;
});
view.addEventListener('pointermove', (event) => {
    if (!picture) return;
    const now = place(event), before = pointers.get(event.pointerId);
    if (!before) { const k = glyphAt(now); if (k !== null && k !== at) point(k); return; }
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) zoomAt(other, Math.hypot(now[0] - other[0], now[1] - other[1]) / Math.max(1, Math.hypot(before[0] - other[0], before[1] - other[1])));
    else { left += now[0] - before[0]; top_ += now[1] - before[1]; drawView(); }
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    pointers.set(event.pointerId, now);
});
view.addEventListener('pointerup', (event) => {
    pointers.delete(event.pointerId);
    if (picture && moved < 6) choose(glyphAt(place(event)));
});
view.addEventListener('pointercancel', (event) => pointers.delete(event.pointerId));
view.addEventListener('pointerleave', () => { if (picture && chosen !== null) point(chosen); });
view.addEventListener('wheel', (event) => {
    if (!picture) return;
    event.preventDefault();
    zoomAt(place(event), Math.exp(-event.deltaY / 400));
}, { passive: false });
view.addEventListener('keydown', (event) => {
    if (!picture) return;
    const next = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (next) {
        let k = chosen ?? -1;
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {  // the nearest glyph of the next line
            const wanted = (book.line[Math.max(k, 0)] ?? 0) + next, x = book.box[Math.max(k, 0)][0];
            const row = book.line.flatMap((line, n) => (line === wanted ? [n] : []));
            k = row.length ? row.reduce((a, b) => (Math.abs(book.box[a][0] - x) < Math.abs(book.box[b][0] - x) ? a : b)) : k;
        } else k = Math.min(book.box.length - 1, Math.max(0, k + next));
        if (k >= 0) { reveal(k); choose(k); }
    } else if (event.key === 'Enter' && chosen !== null) find('.desk-tools input').focus();
    else if (event.key === '+' || event.key === '-') zoomAt([view.width / 2, view.height / 2], event.key === '+' ? 1.4 : 0.714);
    else return;
    event.preventDefault();
});
for (const button of element.querySelectorAll('[data-zoom]')) button.addEventListener('click', () => {
    if (!picture) return;
    const by = Number(button.dataset.zoom);
    if (by) zoomAt([view.width / 2, view.height / 2], by); else { fit(true); drawView(); }
});
new ResizeObserver(() => {  // also when the tab is opened
    if (!picture || !view.getBoundingClientRect().width || !resize()) return;
    fit(false);
    drawView();
}).observe(find('.desk-view'));
