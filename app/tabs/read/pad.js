// The drawing pad: a broad nib held at 42 degrees, as the letters of the pen data are written, or a round pen.
// Every finished stroke sets the component's value to the strokes as a text (see pad.py), which is read at once.
import { strokesOf } from '../../engine/drawing.js';
import { put } from '../../parts/places.js';
import { textOf } from './stroke_text.js';

const SIDE = 320, NIB = 30, ANGLE = 42 * Math.PI / 180;  // of the canvas and of the broad nib, in pixels; of the nib
const HALF = [Math.cos(ANGLE) * NIB / 2, -Math.sin(ANGLE) * NIB / 2];
const INKED = 1 / 2;  // the larger side of a letter that is inked like print: then the nib is as wide as a fount's

/**
 * Makes the pad of its element, which has the template of pad.py.
 *
 * @param {HTMLElement} element of the component.
 * @param {{drawn: function(string): void, draws: function(object[]): void}} heard what is called after each stroke, with the
 *     strokes as a text, and while one is drawn, with the strokes (see drawing.js).
 */
export function mount(element, heard) { return put('pad', new Pad(element, heard)); }

class Pad {
    constructor(element, heard) {
        this.canvas = element.querySelector('canvas');
        this.hint = element.querySelector('.pad-hint');
        Object.assign(this, {
            element, heard, pen: this.canvas.getContext('2d'), drawn: [], current: null, sent: '',
            before: null,  // the strokes as they were drawn, once they were inked like print
        });
        this.listen();
        this.redraw();
        this.canvas.dataset.ready = 'true';
    }

    /** The strokes, with the one that is being drawn, as drawing.js takes them. */
    strokes() { return this.current ? [...this.drawn, this.current] : this.drawn; }

    isInked() { return this.before !== null; }

    /** Shows strokes that a link brought. */
    take(text) {
        if (typeof text !== 'string' || text === this.sent) return;
        Object.assign(this, { sent: text, drawn: strokesOf(text), before: null });
        this.redraw();
    }

    /** Writes the same strokes again with a broad nib, as wide for the letter as those of the corpus; Undo takes it back. */
    inkLikePrint() {
        const all = this.drawn.flatMap(({ points }) => points);
        if (!all.length) return;
        const [[left, right], [top, bottom]] = [0, 1].map((c) => [Math.min(...all.map((p) => p[c])), Math.max(...all.map((p) => p[c]))]);
        const scale = INKED / Math.max(right - left, bottom - top, 1 / SIDE), moved = (value, low, high) => 1 / 2 + scale * (value - (low + high) / 2);
        this.before = this.drawn;
        this.replace(this.drawn.map(({ points }) => ({ pen: 'b', points: points.map(([x, y]) => [moved(x, left, right), moved(y, top, bottom)]) })));
    }

    replace(strokes) {
        this.drawn = strokes;
        this.redraw();
        this.publish();
    }

    publish() {
        this.sent = textOf(this.drawn);
        this.heard.drawn(this.sent);
    }

    redraw() {
        this.pen.fillStyle = '#ffffff';
        this.pen.fillRect(0, 0, SIDE, SIDE);
        for (const { points, pen } of this.drawn) points.forEach((point, k) => this.sweep(points[Math.max(k - 1, 0)], point, pen));
        this.hint.hidden = this.drawn.length > 0;
    }

    /** Draws a piece of a stroke, from one point to the next. */
    sweep(from, to, kind) {
        const { pen } = this, [[ax, ay], [bx, by]] = [from, to].map((point) => point.map((c) => c * SIDE)), [dx, dy] = HALF;
        pen.fillStyle = pen.strokeStyle = '#1c1814';
        pen.lineJoin = pen.lineCap = 'round';
        pen.lineWidth = kind === 'r' ? NIB / 2 : 4;
        pen.beginPath();
        if (kind === 'r') {
            pen.moveTo(ax, ay);
            pen.lineTo(bx, by);
        } else {
            for (const [x, y] of [[ax - dx, ay - dy], [ax + dx, ay + dy], [bx + dx, by + dy], [bx - dx, by - dy]]) pen.lineTo(x, y);
            pen.closePath();
            pen.fill();
        }
        pen.stroke();
    }

    placeOf({ clientX, clientY }) {
        const { left, top, width, height } = this.canvas.getBoundingClientRect();
        return [(clientX - left) / width, (clientY - top) / height];
    }

    listen() {
        const { canvas, element } = this;
        canvas.addEventListener('pointerdown', (event) => this.begin(event));
        canvas.addEventListener('pointermove', (event) => { if (this.current) this.extend(event); });
        for (const kind of ['pointerup', 'pointercancel']) canvas.addEventListener(kind, () => { if (this.current) this.finish(); });
        element.querySelector('[data-do=undo]').addEventListener('click', () => {
            const { before } = this;
            this.before = null;
            this.replace(before ?? this.drawn.slice(0, -1));
        });
        element.querySelector('[data-do=clear]').addEventListener('click', () => { this.before = null; this.replace([]); });
    }

    begin(event) {
        if (event.button !== 0 || this.current) return;
        this.canvas.setPointerCapture(event.pointerId);
        const point = this.placeOf(event);
        this.current = { pen: this.element.querySelector('input[name=pen]:checked').value, points: [point] };
        this.hint.hidden = true;
        this.sweep(point, point, this.current.pen);
        this.heard.draws?.(this.strokes());
    }

    extend(event) {
        const parts = event.getCoalescedEvents?.() ?? [];
        for (const part of parts.length ? parts : [event]) {
            const point = this.placeOf(part);
            this.sweep(this.current.points.at(-1), point, this.current.pen);
            this.current.points.push(point);
        }
        this.heard.draws?.(this.strokes());
    }

    finish() {
        this.drawn = [...this.drawn, this.current];
        this.current = this.before = null;
        this.publish();
    }
}
