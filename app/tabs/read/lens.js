// The lens: shows the glyph, the overlay and the mask, and lets the visitor change pixels and mask by hand.
import { PIXELS, SIZE } from '../../parts/glyph.js';
import { put } from '../../parts/places.js';
import { drawLens, wordsOfLens } from './lens_picture.js';

const MIDDLE = PIXELS / 2 + SIZE / 2;
const BRUSH = { push: 1, mask: 3 };  // pixels that are changed on each side of the one that is clicked
const MASKS = { left: (k) => k % SIZE < SIZE / 2, below: (k) => k >= PIXELS / 2, bare: () => false };

const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const floatsOf = (text) => new Float32Array(bytesOf(text).buffer);
const textOf = (bytes) => btoa(String.fromCharCode(...bytes));
const within = (value) => Math.max(0, Math.min(SIZE - 1, value));

/**
 * Makes the lens of its element, which has the template of lens.py.
 *
 * @param {HTMLElement} element of the component.
 * @param {{changed: function(object): void, changes: function(Uint8Array): void, drags: function(number, number): void,
 *     scales: function(number): void, dragged: function(): void}} heard what is called when the visitor has changed pixels or
 *     mask, with the component's value; while pixels are being changed, with the ink; while the glyph is dragged, by so many
 *     pixels to the right and down; when the wheel changes its size, by so much; and when it was dragged.
 */
export function mount(element, heard) { return put('lens', new Lens(element, heard)); }

class Lens {
    constructor(element, heard) {
        Object.assign(this, {
            element, heard, canvas: element.querySelector('canvas'), words: element.querySelector('.lens-words'),
            glyph: null, masked: new Uint8Array(PIXELS), slope: null, dot: null, changedByHand: false,
            at: null,  // the pixel that is pointed at
            painting: null, hasPainted: false,  // what a click writes, while the pen is down; whether it has
            held: null,  // where the glyph was taken hold of, in pixels
        });
        this.pen = this.canvas.getContext('2d');
        this.listen();
    }

    ink() { return this.glyph; }

    mask() { return this.masked; }

    /** Whether the glyph was changed here since it came. */
    isEdited() { return this.changedByHand; }

    /** The component's value. */
    value() { return { ink: this.glyph ? textOf(this.glyph) : '', mask: this.masked.some(Boolean) ? textOf(this.masked) : '' }; }

    /** Shows the component's value. */
    take(value) {
        if (!value) return;
        this.changedByHand = this.changedByHand && Boolean(this.glyph) && value.ink === textOf(this.glyph);  // a new glyph is as it came
        this.glyph = value.ink ? bytesOf(value.ink) : null;
        this.masked = value.mask ? bytesOf(value.mask) : new Uint8Array(PIXELS);
        this.slope = value.slope ? floatsOf(value.slope) : null;
        this.dot = value.dot ? floatsOf(value.dot) : null;
        this.draw();
    }

    /** Shows a glyph (3136 bytes, 255 = ink) without its overlay, or nothing; the mask stays. By hand: it was changed here. */
    show(glyph, byHand = false) {
        Object.assign(this, { glyph, changedByHand: byHand, slope: null, dot: null });
        this.draw();
    }

    /** Shows and reads a glyph that another part of the page has. */
    bring(glyph) {
        this.masked = new Uint8Array(PIXELS);
        this.show(glyph, true);
        this.heard.changes?.(glyph);
        this.heard.changed(this.value());
    }

    /** Lays a slope (3136) over the glyph, or the effects of dots (2, 3136), or nothing. */
    lay(over) {
        this.slope = over?.length === PIXELS ? over : null;
        this.dot = over && !this.slope ? over : null;
        this.draw();
    }

    draw() {
        const { glyph: ink, masked: mask, slope, dot, at } = this, shown = { ink, mask, slope, dot, at };
        this.element.dispatchEvent(new CustomEvent('glyph', { bubbles: true }));
        if (ink) drawLens(this.pen, shown); else this.pen.clearRect(0, 0, SIZE, SIZE);
        this.words.textContent = wordsOfLens(shown);
    }

    get hand() { return this.element.querySelector('input[name=lens-hand]:checked').value; }

    placeOf({ clientX, clientY }) {
        const { left, top, width, height } = this.canvas.getBoundingClientRect();
        return [(clientX - left) * SIZE / width, (clientY - top) * SIZE / height];
    }

    pixelOf(event) {
        const [x, y] = this.placeOf(event).map((place) => within(Math.floor(place)));
        return y * SIZE + x;
    }

    // A click, or the pen held down over a pixel.
    begin(k) {
        this.painting = this.hand === 'mask' ? (this.masked[k] ? 0 : 1) : (this.glyph?.[k] > 127 ? 0 : 255);
        this.paint(k);
    }

    paint(k) {
        const { hand } = this, reach = BRUSH[hand];
        if (!this.glyph || !reach) return;
        this.hasPainted = true;
        const row = Math.floor(k / SIZE), column = k % SIZE, target = hand === 'mask' ? this.masked : this.glyph;
        for (let y = within(row - reach); y <= within(row + reach); y++) {
            for (let x = within(column - reach); x <= within(column + reach); x++) target[y * SIZE + x] = this.painting;
        }
        if (hand === 'push') Object.assign(this, { slope: null, dot: null, changedByHand: true });
        this.draw();
        if (hand === 'push') this.heard.changes?.(this.glyph);
    }

    end() {
        if (this.painting !== null && this.hasPainted) this.heard.changed(this.value());
        Object.assign(this, { painting: null, hasPainted: false });
    }

    hover(event) {
        this.at = this.pixelOf(event);
        if (this.held) {
            const now = this.placeOf(event);
            this.heard.drags?.(now[0] - this.held[0], now[1] - this.held[1]);
            this.held = now;
        } else if (this.painting !== null) this.paint(this.at); else this.draw();
    }

    listen() {
        const on = (kind, act, how) => this.canvas.addEventListener(kind, act, how);
        on('pointerdown', (event) => {
            this.canvas.setPointerCapture(event.pointerId);
            if (this.hand === 'move') this.held = this.placeOf(event); else this.begin(this.pixelOf(event));
        });
        on('pointermove', (event) => this.hover(event));
        for (const kind of ['pointerup', 'pointercancel']) on(kind, () => {
            if (this.held) { this.held = null; this.heard.dragged?.(); } else this.end();
        });
        on('wheel', (event) => {
            if (this.hand !== 'move' || !this.glyph) return;
            event.preventDefault();
            this.heard.scales?.(-Math.sign(event.deltaY) * 0.02);
            this.heard.dragged?.();
        }, { passive: false });
        on('pointerleave', () => { this.at = null; this.draw(); });
        on('keydown', (event) => this.press(event));
        for (const button of this.element.querySelectorAll('[data-do]')) button.addEventListener('click', () => this.cover(MASKS[button.dataset.do]));
    }

    press(event) {
        const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
        if (by && this.hand === 'move') {
            this.heard.drags?.(...by);
            this.heard.dragged?.();
        } else if (by) {
            this.at = Math.max(0, Math.min(PIXELS - 1, (this.at ?? MIDDLE) + by[0] + by[1] * SIZE));
            this.draw();
        } else if ((event.key === 'Enter' || event.key === ' ') && this.at !== null) {
            this.begin(this.at);
            this.end();
        } else return;
        event.preventDefault();
    }

    cover(isMasked) {
        if (!this.glyph) return;
        this.masked = Uint8Array.from({ length: PIXELS }, (_, k) => (isMasked(k) ? 1 : 0));
        this.draw();
        this.heard.changed(this.value());
    }
}
