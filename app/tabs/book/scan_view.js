// The scan on its canvas: zoom, moving, boxes. A point (x, y) of the scan is drawn at (x * zoom + left, y * zoom + top).

const STRANGE = '#d55e00', CHOSEN = '#96291f', STRANGE_FILL = 'rgba(213, 94, 0, .22)', NAMED_FILL = 'rgba(0, 114, 178, .25)';
const DENSEST = 2;  // pixels of the canvas to a CSS pixel, at most
const LARGEST = 12;  // zoom
const READABLE = 26;  // CSS pixels: height of a glyph that was brought into view
const CLICK = 6;  // a pointer that moved less has clicked

export class ScanView {
    /**
     * @param {HTMLCanvasElement} canvas to draw on.
     * @param {PageView} page what is shown.
     */
    constructor(canvas, page) {
        Object.assign(this, { canvas, page, zoom: 1, left: 0, top: 0, frame: null });
        Object.assign(this, { pointers: new Map(), moved: 0 });  // those that are down; how far the last one went
        this.usual = 20;  // height of a box
        this.listen();
        new ResizeObserver(() => {  // also when the tab is opened
            if (!page.picture || !canvas.getBoundingClientRect().width || !this.resize()) return;
            this.fit(false);
            this.redraw();
        }).observe(canvas.parentElement);
    }

    /** Takes the canvas's size from the page; whether it is another one. */
    resize() {
        const { canvas } = this, box = canvas.getBoundingClientRect(), dense = Math.min(window.devicePixelRatio || 1, DENSEST);
        const [width, height] = [Math.round(box.width * dense), Math.round(box.height * dense)];
        if (width === canvas.width && height === canvas.height) return false;  // setting them would wipe the canvas
        Object.assign(canvas, { width, height });
        return true;
    }

    // The width of the page, or the whole of it: also where a picture fills the upper half, and no glyph would be seen at first.
    fit(isWhole) {
        const { canvas, page: { book } } = this, wide = canvas.width / book.width, high = canvas.height / book.height;
        this.zoom = (isWhole ? Math.min(wide, high) : Math.min(wide, 3 * high)) || 1;
        this.left = (canvas.width - book.width * this.zoom) / 2;
        const top = (canvas.height - book.height * this.zoom) / 2;
        this.top = isWhole ? top : Math.max(0, top);
        if (!isWhole && book.box.length && book.box.every(([, y0]) => y0 * this.zoom + this.top > canvas.height / 2)) { this.fit(true); return; }
        this.usual = book.box.map(([, y0, , y1]) => y1 - y0).sort((a, b) => a - b)[Math.floor(book.box.length / 2)] ?? 20;
    }

    redraw() { this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); }); }

    draw() {
        const { canvas, left, top, zoom, page: { book, picture, chosen } } = this, pen = canvas.getContext('2d');
        if (!picture) return;
        pen.setTransform(1, 0, 0, 1, 0, 0);
        pen.fillStyle = getComputedStyle(canvas).getPropertyValue('--table') || '#e8e0d0';
        pen.fillRect(0, 0, canvas.width, canvas.height);
        pen.drawImage(picture, left, top, book.width * zoom, book.height * zoom);
        const thin = Math.min(2.5, Math.max(0.5, this.usual * zoom / 14)) * canvas.width / canvas.clientWidth;
        for (const [colour, path] of this.outlines(pen)) {
            pen.lineWidth = colour === STRANGE ? 2 * thin : thin;
            pen.strokeStyle = colour;
            pen.stroke(path);
        }
        if (chosen === null) return;
        const [x, y, wide, high] = this.onCanvas(book.box[chosen]);
        pen.lineWidth = 2.5 * thin;
        pen.strokeStyle = CHOSEN;
        pen.strokeRect(x - 3, y - 3, wide + 6, high + 6);
    }

    /** Fills boxes and gives their outlines by colour: a stroke for each colour is far quicker than one for each box. */
    outlines(pen) {
        const { canvas, page: { book, strange, named } } = this, outlines = new Map();
        book.box.forEach((box, k) => {
            const [x, y, wide, high] = this.onCanvas(box);
            if (x > canvas.width || y > canvas.height || x + wide < 0 || y + high < 0) return;
            for (const [isSo, fill] of [[strange.has(k), STRANGE_FILL], [k in named, NAMED_FILL]]) {
                if (isSo) { pen.fillStyle = fill; pen.fillRect(x, y, wide, high); }
            }
            const colour = strange.has(k) ? STRANGE : this.colourOf(k);
            if (!outlines.has(colour)) outlines.set(colour, new Path2D());
            outlines.get(colour).rect(x, y, wide, high);
        });
        return outlines;
    }

    onCanvas([x0, y0, x1, y1]) { return [x0 * this.zoom + this.left, y0 * this.zoom + this.top, (x1 - x0) * this.zoom, (y1 - y0) * this.zoom]; }

    colourOf(k) {  // from blue for a low energy to grey at the threshold
        const { book, threshold } = this.page, [low] = book.range, exact = (book.energy[k] - low) / Math.max(threshold.value - low, 1e-6);
        const share = Math.round(12 * Math.min(1, Math.max(0, exact))) / 12;  // few colours, so few strokes
        return `rgb(${Math.round(130 * share)}, ${Math.round(110 + 10 * share)}, ${Math.round(190 - 70 * share)})`;
    }

    /** Where a pointer is, in pixels of the canvas. */
    placeOf({ clientX, clientY }) {
        const box = this.canvas.getBoundingClientRect();
        return [(clientX - box.left) * this.canvas.width / box.width, (clientY - box.top) * this.canvas.height / box.height];
    }

    /** The glyph of the smallest box at a place; a little beside it counts too. */
    glyphAt([px, py]) {
        const x = (px - this.left) / this.zoom, y = (py - this.top) / this.zoom, near = 3 / this.zoom;
        let best = null, size = Infinity;
        this.page.book.box.forEach(([x0, y0, x1, y1], k) => {
            if (x < x0 - near || x > x1 + near || y < y0 - near || y > y1 + near) return;
            const area = (x1 - x0) * (y1 - y0);
            if (area < size) [best, size] = [k, area];
        });
        return best;
    }

    zoomAt([px, py], factor) {
        const { canvas, page: { book } } = this, whole = Math.min(canvas.width / book.width, canvas.height / book.height);
        const next = Math.min(Math.max(this.zoom * factor, 0.7 * whole), LARGEST), by = next / this.zoom;
        Object.assign(this, { zoom: next, left: px - (px - this.left) * by, top: py - (py - this.top) * by });
        this.redraw();
    }

    zoomAtMiddle(factor) { this.zoomAt([this.canvas.width / 2, this.canvas.height / 2], factor); }

    /** Brings a glyph into view, at a size at which it can be read. */
    reveal(k) {
        const { canvas, page: { book } } = this, [x0, y0, x1, y1] = book.box[k];
        this.zoom = Math.max(this.zoom, READABLE * (canvas.width / canvas.getBoundingClientRect().width) / (y1 - y0));
        const x = (x0 + x1) / 2 * this.zoom + this.left, y = (y0 + y1) / 2 * this.zoom + this.top;
        if (x < 40 || x > canvas.width - 40) this.left += canvas.width / 2 - x;
        if (y < 40 || y > canvas.height - 40) this.top += canvas.height / 2 - y;
    }

    listen() {
        const { canvas, page, pointers } = this;
        const on = (kind, act, how) => canvas.addEventListener(kind, (event) => { if (page.picture) act(event); }, how);
        on('pointerdown', (event) => {
            canvas.setPointerCapture(event.pointerId);
            pointers.set(event.pointerId, this.placeOf(event));
            this.moved = pointers.size > 1 ? Infinity : 0;
        });
        on('pointermove', (event) => { if (pointers.has(event.pointerId)) this.drag(event); else this.hover(event); });
        on('pointerup', (event) => { if (this.moved < CLICK) page.choose(this.glyphAt(this.placeOf(event))); });
        for (const kind of ['pointerup', 'pointercancel']) {
            canvas.addEventListener(kind, ({ pointerId }) => pointers.delete(pointerId));  // also while the next page is on its way
        }
        on('pointerleave', () => { if (page.chosen !== null) page.point(page.chosen); });
        on('wheel', (event) => {
            event.preventDefault();
            this.zoomAt(this.placeOf(event), Math.exp(-event.deltaY / 400));
        }, { passive: false });
        on('keydown', (event) => this.press(event));
        for (const button of canvas.parentElement.querySelectorAll('[data-zoom]')) button.addEventListener('click', () => {
            const by = Number(button.dataset.zoom);
            if (!page.picture) return;
            if (by) this.zoomAtMiddle(by); else { this.fit(true); this.redraw(); }
        });
    }

    hover(event) {
        const k = this.glyphAt(this.placeOf(event));
        if (k !== null && k !== this.page.at) this.page.point(k);
    }

    /** Moves the page, or zooms where there are two fingers. */
    drag(event) {
        const { pointers } = this, now = this.placeOf(event), before = pointers.get(event.pointerId);
        const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1], apart = ([x, y]) => Math.hypot(x - other[0], y - other[1]);
        if (other) this.zoomAt(other, apart(now) / Math.max(1, apart(before)));
        else {
            this.left += now[0] - before[0];
            this.top += now[1] - before[1];
            this.redraw();
        }
        this.moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
        pointers.set(event.pointerId, now);
    }

    press(event) {
        const { page } = this, by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key], isLine = ['ArrowDown', 'ArrowUp'].includes(event.key);
        if (by) {
            const k = isLine ? this.inNextLine(by) : Math.min(page.book.box.length - 1, Math.max(0, (page.chosen ?? -1) + by));
            if (k >= 0) { this.reveal(k); page.choose(k); }
        } else if (event.key === 'Enter' && page.chosen !== null) page.input.focus();
        else if (event.key === '+' || event.key === '-') this.zoomAtMiddle(event.key === '+' ? 1.4 : 0.714);
        else return;
        event.preventDefault();
    }

    /** The glyph of the next line, or of the one before, that is nearest to the chosen one. */
    inNextLine(by) {
        const { book, chosen } = this.page, from = chosen ?? 0, wanted = (book.line[from] ?? 0) + by, x = book.box[from]?.[0];
        const line = book.line.flatMap((number, k) => (number === wanted ? [k] : []));
        const far = (k) => Math.abs(book.box[k][0] - x);
        return line.length ? line.reduce((a, b) => (far(a) < far(b) ? a : b)) : chosen ?? -1;
    }
}
