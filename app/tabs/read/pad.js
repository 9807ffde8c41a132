// The drawing pad: a broad nib held at 42 degrees, as the letters of the pen data are written, or a round pen.
// Every finished stroke sets the component's value to the strokes as a text (see pad.py), which is read at once.
import { DIGITS, GRID, strokesOf } from '../../engine/drawing.js';
import { put } from '../../parts/places.js';

/**
 * Makes the pad of its element, which has the template of pad.py.
 *
 * @param {HTMLElement} element of the component.
 * @param {{drawn: function(string): void, draws: function(object[]): void}} heard what is called after each stroke, with the
 *     strokes as a text, and while one is drawn, with the strokes (see drawing.js).
 */
export function mount(element, heard) {
    const SIDE = 320, NIB = 30, ANGLE = 42 * Math.PI / 180, SHORT = 1500, LONGEST = 6000;
    const INKED = SIDE / 2;  // the larger side of a letter that is inked like print: then the nib is as wide as a fount's
    const half = { x: Math.cos(ANGLE) * NIB / 2, y: -Math.sin(ANGLE) * NIB / 2 };
    const canvas = element.querySelector('canvas');
    const ink = canvas.getContext('2d');
    const hint = element.querySelector('.pad-hint');
    let strokes = [], current = null, sent = '', before = null;  // before: the strokes as they were drawn, once they were inked anew

    function wipe() {
        ink.fillStyle = '#ffffff';
        ink.fillRect(0, 0, SIDE, SIDE);
    }

    function sweep(from, to, pen) {
        ink.fillStyle = ink.strokeStyle = '#1c1814';
        ink.lineJoin = ink.lineCap = 'round';
        ink.beginPath();
        if (pen === 'r') {
            ink.lineWidth = NIB / 2;
            ink.moveTo(from.x, from.y);
            ink.lineTo(to.x, to.y);
        } else {
            ink.lineWidth = 4;
            ink.moveTo(from.x - half.x, from.y - half.y);
            ink.lineTo(from.x + half.x, from.y + half.y);
            ink.lineTo(to.x + half.x, to.y + half.y);
            ink.lineTo(to.x - half.x, to.y - half.y);
            ink.closePath();
            ink.fill();
        }
        ink.stroke();
    }

    function redraw() {
        wipe();
        for (const { points, pen } of strokes) {
            points.forEach((point, k) => sweep(points[Math.max(k - 1, 0)], point, pen));
        }
        hint.hidden = strokes.length > 0;
    }

    // Leaves out points that lie nearer than `slack` to the line between their neighbours (Ramer-Douglas-Peucker).
    function simplify(points, slack) {
        if (points.length < 3) return points;
        const [a, b] = [points[0], points.at(-1)], long = Math.hypot(b.x - a.x, b.y - a.y);
        let farthest = 0, at = 0;
        for (let k = 1; k < points.length - 1; k++) {
            const p = points[k];
            const off = long ? Math.abs((b.x - a.x) * (a.y - p.y) - (a.x - p.x) * (b.y - a.y)) / long
                : Math.hypot(p.x - a.x, p.y - a.y);
            if (off > farthest) { farthest = off; at = k; }
        }
        if (farthest <= slack) return [a, b];
        return [...simplify(points.slice(0, at + 1), slack).slice(0, -1), ...simplify(points.slice(at), slack)];
    }

    function number(value) {
        const n = Math.round(Math.min(Math.max(value / SIDE, 0), 1) * GRID);
        return DIGITS[n >> 6] + DIGITS[n & 63];
    }

    function written(slack, every = 1) {  // one text for each stroke, of the points that are left and of these one in so many
        return strokes.map(({ points, pen }) => pen + simplify(points, slack)
            .filter((p, k, all) => k % every === 0 || k === all.length - 1).map((p) => number(p.x) + number(p.y)).join(''));
    }

    // The strokes as a text: short enough for a link, where that costs at most a quarter of the nib, or else short enough
    // for the server, whatever it costs. A scribble all over the pad loses every second point, then three in four, and so
    // on; of what is still too long, the shortest strokes go.
    function encode() {
        for (const [most, coarsest] of [[SHORT, NIB / 4], [LONGEST, NIB]]) {
            for (let slack = 0.7; slack < coarsest; slack *= 1.6) {
                const text = written(slack).join('.');
                if (text.length <= most) return text;
            }
        }
        const longest = Math.max(...strokes.map(({ points }) => points.length));
        let texts = [];
        for (let every = 2; every < 2 * longest; every *= 2) {
            texts = written(NIB, every);
            if (texts.join('.').length <= LONGEST) return texts.join('.');
        }
        const long = strokes.map(({ points }) => points.reduce((sum, { x, y }, k) => {
            const before = points[Math.max(k - 1, 0)];
            return sum + Math.hypot(x - before.x, y - before.y);
        }, 0));
        const order = strokes.map((stroke, k) => k).sort((a, b) => long[b] - long[a]);
        const kept = new Set(order.slice(0, Math.floor(LONGEST / 10)));  // ten characters: pen, two points, full stop
        return texts.filter((text, k) => kept.has(k)).join('.');
    }

    function decode(text) {
        return strokesOf(text).map(({ pen, points }) => ({ pen, points: points.map(([x, y]) => ({ x: x * SIDE, y: y * SIDE })) }));
    }

    function publish() { sent = encode(); heard.drawn(sent); }

    function sides() {  // the strokes in sides of the pad, as drawing.js takes them
        return [...strokes, ...(current ? [current] : [])].map(({ pen, points }) => ({ pen, points: points.map(({ x, y }) => [x / SIDE, y / SIDE]) }));
    }

    function place(event) {
        const box = canvas.getBoundingClientRect();
        return { x: (event.clientX - box.left) * SIDE / box.width, y: (event.clientY - box.top) * SIDE / box.height };
    }

    function extend(event) {
        const parts = event.getCoalescedEvents?.() ?? [];
        for (const part of parts.length ? parts : [event]) {
            const point = place(part);
            sweep(current.points.at(-1), point, current.pen);
            current.points.push(point);
        }
        heard.draws?.(sides());
    }

    canvas.addEventListener('pointerdown', (event) => {
        if (event.button !== 0 || current) return;
        canvas.setPointerCapture(event.pointerId);
        const point = place(event);
        current = { points: [point], pen: element.querySelector('input[name=pen]:checked').value };
        hint.hidden = true;
        sweep(point, point, current.pen);
        heard.draws?.(sides());
    });
    canvas.addEventListener('pointermove', (event) => { if (current) extend(event); });
    for (const end of ['pointerup', 'pointercancel']) {
        canvas.addEventListener(end, () => {
            if (!current) return;
            strokes.push(current);
            current = before = null;
            publish();
        });
    }
    element.querySelector('[data-do=undo]').addEventListener('click', () => {
        if (before) [strokes, before] = [before, null]; else strokes.pop();
        redraw();
        publish();
    });
    element.querySelector('[data-do=clear]').addEventListener('click', () => { strokes = []; before = null; redraw(); publish(); });
    function take(text) {  // strokes that a link brought
        if (typeof text !== 'string' || text === sent) return;
        sent = text;
        strokes = decode(sent);
        before = null;
        redraw();
    }
    function inkLikePrint() {
        const all = strokes.flatMap(({ points }) => points), x = all.map((p) => p.x), y = all.map((p) => p.y);
        if (!all.length) return;
        const [left, right, top, bottom] = [Math.min(...x), Math.max(...x), Math.min(...y), Math.max(...y)];
        const scale = INKED / Math.max(right - left, bottom - top, 1), moved = (value, low, high) => SIDE / 2 + scale * (value - (low + high) / 2);
        before = strokes;
        strokes = strokes.map(({ points }) => ({ pen: 'b', points: points.map((p) => ({ x: moved(p.x, left, right), y: moved(p.y, top, bottom) })) }));
        redraw();
        publish();
    }
    redraw();
    canvas.dataset.ready = 'true';
    return put('pad', {
        take, strokes: sides,
        /** Writes the same strokes again with a broad nib, as wide for the letter as those of the corpus; Undo takes it back. */
        inkLikePrint,
        isInked: () => before !== null,
    });
}
