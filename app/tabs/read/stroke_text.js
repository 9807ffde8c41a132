// Strokes as a text, as pad.py describes it: what a drawing sends to the server and what a link to it holds.
import { DIGITS, GRID } from '../../engine/drawing.js';

const NIB = 30 / 320;  // of the broad nib, in sides of the pad, as all lengths here
const FINEST = 0.7 / 320;  // what is left out first: nobody sees it
const SHORT = 1500, LONGEST = 6000;  // characters: for a link, and at most
const SHORTEST_STROKE = 10;  // characters: its pen, two points, a full stop

/**
 * Strokes as a text: short enough for a link, where that costs at most a quarter of the nib, or else short enough for the
 * server, whatever it costs. A scribble all over the pad loses every second point, then three in four, and so on; of what is
 * still too long, the shortest strokes go.
 *
 * @param {{pen: string, points: [number, number][]}[]} strokes in sides of the pad.
 * @returns {string} at most 6,000 characters.
 */
export function textOf(strokes) {
    for (const [most, coarsest] of [[SHORT, NIB / 4], [LONGEST, NIB]]) {
        for (let slack = FINEST; slack < coarsest; slack *= 1.6) {
            const text = written(strokes, slack).join('.');
            if (text.length <= most) return text;
        }
    }
    const longest = Math.max(...strokes.map(({ points }) => points.length));
    let texts = [];
    for (let every = 2; every < 2 * longest; every *= 2) {
        texts = written(strokes, NIB, every);
        if (texts.join('.').length <= LONGEST) return texts.join('.');
    }
    const lengths = strokes.map(lengthOf), order = [...strokes.keys()].sort((a, b) => lengths[b] - lengths[a]);
    const kept = new Set(order.slice(0, Math.floor(LONGEST / SHORTEST_STROKE)));
    return texts.filter((_, k) => kept.has(k)).join('.');
}

/** One text for each stroke, of the points that `simplified` leaves, and of these one in `every`. */
function written(strokes, slack, every = 1) {
    return strokes.map(({ points, pen }) => pen + simplified(points, slack)
        .filter((_, k, all) => k % every === 0 || k === all.length - 1).map((point) => point.map(number).join('')).join(''));
}

function number(coordinate) {
    const n = Math.round(Math.min(Math.max(coordinate, 0), 1) * GRID);
    return DIGITS[n >> 6] + DIGITS[n & 63];
}

/** Without points that lie nearer than `slack` to the line between their neighbours (Ramer-Douglas-Peucker). */
function simplified(points, slack) {
    if (points.length < 3) return points;
    const [a, b] = [points[0], points.at(-1)];
    let farthest = 0, at = 0;
    for (let k = 1; k < points.length - 1; k++) {
        const off = distance(points[k], a, b);
        if (off > farthest) { farthest = off; at = k; }
    }
    if (farthest <= slack) return [a, b];
    return [...simplified(points.slice(0, at + 1), slack).slice(0, -1), ...simplified(points.slice(at), slack)];
}

/** Of a point from the line through a and b, or from both where they are one. */
function distance([x, y], [ax, ay], [bx, by]) {
    const long = Math.hypot(bx - ax, by - ay);
    return long ? Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / long : Math.hypot(x - ax, y - ay);
}

function lengthOf({ points }) {
    return points.slice(1).reduce((sum, [x, y], k) => sum + Math.hypot(x - points[k][0], y - points[k][1]), 0);
}
