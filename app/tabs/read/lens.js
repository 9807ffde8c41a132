// The lens: draws the glyph, the overlay and the mask; says what a pixel would do; changes pixels and mask by hand.
import { SIZE } from '../../parts/glyph.js';
import { put } from '../../parts/places.js';

const HELP = 'As the model sees it, 56 x 56. Move over it, or use the arrow keys and Enter.';

/**
 * Makes the lens of its element, which has the template of lens.py.
 *
 * @param {HTMLElement} element of the component.
 * @param {{changed: function(object): void, changes: function(Uint8Array): void, drags: function(number, number): void,
 *     scales: function(number): void, dragged: function(): void}} heard what is called when the visitor has changed pixels or
 *     mask, with the component's value; while pixels are being changed, with the ink; while the glyph is dragged, by so many
 *     pixels to the right and down; when the wheel changes its size, by so much; and when it was dragged.
 */
export function mount(element, heard) {
    const canvas = element.querySelector('canvas'), words = element.querySelector('.lens-words');
    const ink2d = canvas.getContext('2d');
    let ink = null, mask = new Uint8Array(SIZE * SIZE), slope = null, dot = null, at = null, painting = null, touched = false, edited = false;

    const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const floats = (text) => new Float32Array(bytes(text).buffer);
    const text = (array) => btoa(String.fromCharCode(...array));
    const number = (value, digits = 2) => (value < 0 ? '−' : '+') + Math.abs(value).toFixed(digits);

    function take(value) {
        if (!value) return;
        edited = edited && Boolean(ink) && value.ink === text(ink);  // a new glyph is as it came
        ink = value.ink ? bytes(value.ink) : null;
        mask = value.mask ? bytes(value.mask) : new Uint8Array(SIZE * SIZE);
        slope = value.slope ? floats(value.slope) : null;
        dot = value.dot ? floats(value.dot) : null;
        draw();
    }

    // What is laid over a pixel: below 0 ink is wanted there, above 0 it is not.
    function wish(k) {
        if (slope) return slope[k];
        if (dot) return ink[k] > 127 ? -dot[k] : dot[SIZE * SIZE + k];
        return 0;
    }

    function strongest() {  // all but the strongest in a hundred fit into the colours
        const sizes = Float32Array.from({ length: SIZE * SIZE }, (_, k) => Math.abs(wish(k))).sort();
        return sizes[Math.floor(0.99 * sizes.length)] || 1e-9;
    }

    function draw() {
        element.dispatchEvent(new CustomEvent('glyph', { bubbles: true }));
        if (!ink) { ink2d.clearRect(0, 0, SIZE, SIZE); say(); return; }
        const picture = ink2d.createImageData(SIZE, SIZE), most = slope || dot ? strongest() : 1;
        for (let k = 0; k < SIZE * SIZE; k++) {
            const dark = ink[k] / 255;
            let [r, g, b] = [251 - 223 * dark, 247 - 223 * dark, 238 - 218 * dark];
            if (slope || dot) {
                const strength = Math.max(-1, Math.min(1, wish(k) / most)), share = Math.abs(strength) * 0.85;
                const [R, G, B] = strength < 0 ? [0, 114, 178] : [213, 94, 0];  // blue: wants ink; orange: wants paper
                [r, g, b] = [r + (R - r) * share, g + (G - g) * share, b + (B - b) * share];
            }
            if (mask[k] && (k + Math.floor(k / SIZE)) % 2) [r, g, b] = [150, 41, 31];
            picture.data.set([r, g, b, 255], 4 * k);
        }
        ink2d.putImageData(picture, 0, 0);
        if (at !== null) {
            ink2d.strokeStyle = '#96291f';
            ink2d.strokeRect(at % SIZE - 0.5, Math.floor(at / SIZE) - 0.5, 2, 2);
        }
        say();
    }

    function say() {
        const masked = mask.reduce((sum, m) => sum + m, 0);
        const legend = slope || dot ? 'Blue: ink here would lower the energy. Orange: it would raise it.' : '';
        if (at === null || !ink) {
            words.textContent = [legend || (masked ? '' : HELP), masked ? `${masked} pixels are masked: the model fills them in.` : ''].join(' ').trim();
            return;
        }
        const where = `Row ${Math.floor(at / SIZE) + 1}, column ${at % SIZE + 1}, ${Math.round(ink[at] / 2.55)} % ink`;
        if (dot) {
            words.textContent = `${where}. A dot of ink here: energy ${number(dot[SIZE * SIZE + at])}; of paper: ${number(dot[at])}.`;
        } else if (slope) {
            words.textContent = `${where}. A little more ink ${slope[at] < 0 ? 'lowers' : 'raises'} the energy (slope ${number(slope[at], 4)}).`;
        } else words.textContent = `${where}.`;
    }

    let held = null;  // where the glyph was taken hold of, in pixels
    function exact(event) {
        const box = canvas.getBoundingClientRect();
        return [(event.clientX - box.left) * SIZE / box.width, (event.clientY - box.top) * SIZE / box.height];
    }

    const hand = () => element.querySelector('input[name=lens-hand]:checked').value;

    function value() { return { ink: ink ? text(ink) : '', mask: mask.some(Boolean) ? text(mask) : '' }; }

    function press(k) {  // a click, or the pen held down over a pixel
        if (!ink || ['look', 'move'].includes(hand())) return;
        touched = true;
        const row = Math.floor(k / SIZE), column = k % SIZE, reach = hand() === 'mask' ? 3 : 1;
        for (let y = Math.max(0, row - reach); y <= Math.min(SIZE - 1, row + reach); y++) {
            for (let x = Math.max(0, column - reach); x <= Math.min(SIZE - 1, column + reach); x++) {
                if (hand() === 'mask') mask[y * SIZE + x] = painting;
                else ink[y * SIZE + x] = painting;
            }
        }
        if (hand() === 'push') { slope = dot = null; edited = true; }
        draw();
        if (hand() === 'push') heard.changes?.(ink);
    }

    function place(event) {
        const box = canvas.getBoundingClientRect();
        const x = Math.floor((event.clientX - box.left) * SIZE / box.width), y = Math.floor((event.clientY - box.top) * SIZE / box.height);
        return Math.max(0, Math.min(SIZE - 1, y)) * SIZE + Math.max(0, Math.min(SIZE - 1, x));
    }

    function begin(k) { painting = hand() === 'mask' ? (mask[k] ? 0 : 1) : (ink && ink[k] > 127 ? 0 : 255); press(k); }
    function end() {
        if (painting !== null && touched) heard.changed(value());
        painting = null;
        touched = false;
    }

    canvas.addEventListener('pointerdown', (event) => {
        canvas.setPointerCapture(event.pointerId);
        if (hand() === 'move') held = exact(event); else begin(place(event));
    });
    canvas.addEventListener('pointermove', (event) => {
        at = place(event);
        if (held) {
            const now = exact(event);
            heard.drags?.(now[0] - held[0], now[1] - held[1]);
            held = now;
        } else if (painting !== null) press(at); else draw();
    });
    for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, () => {
        if (held) { held = null; heard.dragged?.(); } else end();
    });
    canvas.addEventListener('wheel', (event) => {
        if (hand() !== 'move' || !ink) return;
        event.preventDefault();
        heard.scales?.(-Math.sign(event.deltaY) * 0.02);
        heard.dragged?.();
    }, { passive: false });
    canvas.addEventListener('pointerleave', () => { at = null; draw(); });
    canvas.addEventListener('keydown', (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIZE, ArrowDown: SIZE }[event.key];
        if (step && hand() === 'move') {
            heard.drags?.(Math.sign(step) * Number(Math.abs(step) === 1), Math.sign(step) * Number(Math.abs(step) === SIZE));
            heard.dragged?.();
        } else if (step) { at = Math.max(0, Math.min(SIZE * SIZE - 1, (at ?? SIZE * SIZE / 2 + SIZE / 2) + step)); draw(); }
        else if ((event.key === 'Enter' || event.key === ' ') && at !== null) { begin(at); end(); }
        else return;
        event.preventDefault();
    });
    element.querySelectorAll('[data-do]').forEach((button) => button.addEventListener('click', () => {
        if (!ink) return;
        mask = Uint8Array.from({ length: SIZE * SIZE }, (_, k) => ({ left: k % SIZE < SIZE / 2, below: k >= SIZE * SIZE / 2, bare: false }[button.dataset.do] ? 1 : 0));
        draw();
        heard.changed(value());
    }));
    return put('lens', {
        take, value,
        /** Shows a glyph (3136 bytes, 255 = ink) without its overlay, or nothing; the mask stays. By hand: it was changed here. */
        show(glyph, byHand = false) { ink = glyph; edited = byHand; slope = dot = null; draw(); },
        /** Shows and reads a glyph that another part of the page has. */
        bring(glyph) { ink = glyph; mask = new Uint8Array(SIZE * SIZE); edited = true; slope = dot = null; draw(); heard.changes?.(ink); heard.changed(value()); },
        /** Lays a slope (3136) over the glyph, or the effects of dots (2, 3136), or nothing. */
        lay(over) {
            slope = over?.length === SIZE * SIZE ? over : null;
            dot = over && !slope ? over : null;
            draw();
        },
        ink: () => ink,
        /** Whether the glyph was changed here since it came. */
        isEdited: () => edited,
        mask: () => mask,
    });
}
