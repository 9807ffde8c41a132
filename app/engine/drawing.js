// What is drawn on the pad, inked and made a glyph: here for the page, in drawing.py for the server, with one result.
// drawing.py says what is done and why. An operation on floats here is one there, in the same order: keep it so.
// No document and no imports: it runs in a page, in a worker and in node.
const SIZE = 56, EXTENT = 44, FINE = 8, SAMPLES = SIZE * FINE;  // pixels, of the ink, samples along one, along all
const MARGIN = FINE * ((SIZE - EXTENT) / 2 - 2);  // outermost samples that the ink cannot reach
export const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', GRID = 64 * 64 - 1;
const COS = 0.7431448254773942, SIN = 0.6691306063588582;  // of 42 degrees
const NIB = [COS * 15 / 320, -SIN * 15 / 320, SIN * 2 / 320, COS * 2 / 320];  // half its sides: x, y, x, y
const RADIUS = 7.5 / 320;
const WEIGHTS = [1, 3, 5, 7, 9, 11, 13, 15, 15, 13, 11, 9, 7, 5, 3, 1];  // of the samples around a pixel's centre
const bounded = (value) => Math.min(Math.max(value, 0), 1);

// The strokes in the pad's text (see strokes_of in drawing.py): [{ pen: 'b' or 'r', points: [[x, y], ...] }, ...].
export function strokesOf(text) {
    return (text ?? '').split('.').filter(Boolean).map((stroke) => {
        const digits = [...stroke.slice(1)].map((c) => DIGITS.indexOf(c)), points = [];
        for (let k = 0; k + 3 < digits.length; k += 4) {
            points.push([(digits[k] * 64 + digits[k + 1]) / GRID, (digits[k + 2] * 64 + digits[k + 3]) / GRID]);
        }
        return { pen: stroke[0], points };
    });
}

// A drawing as the glyph that a model reads: 56 x 56 values in [-1, 1], ink = +1. null where nothing is drawn, and
// for a model that is shown pictures in another way than the pen data's (card.preprocessing): then ask the server.
export function glyphOf(strokes, preprocessing = 'pen') {
    if (!strokes.length || preprocessing !== 'pen') return null;
    const sums = pixelsOf(changesOf(strokes, windowOf(strokes)));
    const darkest = sums.reduce((most, sum) => Math.max(most, sum), 1), glyph = new Float32Array(sums.length);
    for (let k = 0; k < sums.length; k++) glyph[k] = 2 * sums[k] / darkest - 1;
    return glyph;
}

// The window in which the larger side of the ink is 44 of 56 pixels, in sides of the pad.
function windowOf(strokes) {
    let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
    for (const { pen, points } of strokes) {
        const across = pen === 'b' ? Math.abs(NIB[0]) + Math.abs(NIB[2]) : RADIUS;
        const down = pen === 'b' ? Math.abs(NIB[1]) + Math.abs(NIB[3]) : RADIUS;
        for (const point of points) {
            const x = bounded(point[0]), y = bounded(point[1]);
            left = Math.min(left, x - across);
            right = Math.max(right, x + across);
            top = Math.min(top, y - down);
            bottom = Math.max(bottom, y + down);
        }
    }
    const side = Math.max(right - left, bottom - top) * SIZE / EXTENT;
    return { left: (left + right) / 2 - side / 2, top: (top + bottom) / 2 - side / 2, side };
}

// For each row of samples, where intervals of ink begin (+1) and end (-1).
function changesOf(strokes, { left, top, side }) {
    const scale = SAMPLES / side, changes = new Int16Array(SAMPLES * (SAMPLES + 1));
    const add = (row, low, high) => {
        const start = Math.max(Math.ceil(low - 0.5), 0), end = Math.min(Math.floor(high - 0.5) + 1, SAMPLES);
        if (start >= end) return;
        changes[row * (SAMPLES + 1) + start] += 1;
        changes[row * (SAMPLES + 1) + end] -= 1;
    };
    for (const { pen, points } of strokes) {
        const path = points.map(([x, y]) => [(bounded(x) - left) * scale, (bounded(y) - top) * scale]);
        if (pen !== 'b') for (const [x, y] of path) disc(x, y, RADIUS * scale, add);
        for (let k = Math.min(1, path.length - 1); k < path.length; k++) {
            const [[x0, y0], [x1, y1]] = [path[Math.max(k - 1, 0)], path[k]], wx = (x1 - x0) / 2, wy = (y1 - y0) / 2;
            const sides = pen === 'b' ? [...NIB.map((part) => part * scale), wx, wy] : sidesOfDisc(wx, wy, RADIUS * scale);
            if (sides) bar((x0 + x1) / 2, (y0 + y1) / 2, sides, add);
        }
    }
    return changes;
}

function sidesOfDisc(wx, wy, radius) {  // the sides of what a disc covers between two points
    const length = Math.sqrt(wx * wx + wy * wy);
    return length > 0 ? [-wy * radius / length, wx * radius / length, 0, 0, wx, wy] : null;
}

function disc(cx, cy, radius, add) {
    const end = Math.min(Math.ceil(cy + radius) + 1, SAMPLES);
    for (let row = Math.max(Math.floor(cy - radius) - 1, 0); row < end; row++) {
        const down = row + 0.5 - cy, square = radius * radius - down * down;
        if (square < 0) continue;
        const half = Math.sqrt(square);
        add(row, cx - half, cx + half);
    }
}

// The set of all c + a u + b v + t w with a, b and t in [-1, 1]; `sides` are u, v and w, each as x, y.
function bar(cx, cy, sides, add) {
    const [ux, uy, vx, vy, wx, wy] = sides, reach = Math.abs(uy) + Math.abs(vy) + Math.abs(wy);
    const [uSlope, uHalf] = stripe(ux, uy, sides), [vSlope, vHalf] = stripe(vx, vy, sides);
    const [wSlope, wHalf] = stripe(wx, wy, sides), end = Math.min(Math.ceil(cy + reach) + 1, SAMPLES);
    for (let row = Math.max(Math.floor(cy - reach) - 1, 0); row < end; row++) {
        const down = row + 0.5 - cy;
        if (Math.abs(down) > reach) continue;
        const u = uSlope * down, v = vSlope * down, w = wSlope * down;
        add(row, cx + Math.max(u - uHalf, v - vHalf, w - wHalf), cx + Math.min(u + uHalf, v + vHalf, w + wHalf));
    }
}

function stripe(x, y, [ux, uy, vx, vy, wx, wy]) {  // how it leans, and half its width in a row
    if (y === 0) return [0, Infinity];
    const wide = Math.abs(x * uy - y * ux) + Math.abs(x * vy - y * vx) + Math.abs(x * wy - y * wx);
    return [x / y, wide / Math.abs(y)];
}

// The pixels as weighted sums of their samples, in whole numbers.
function pixelsOf(changes) {
    const sums = new Int32Array(SIZE * SIZE), ink = new Uint8Array(SAMPLES);
    for (let row = MARGIN; row < SAMPLES - MARGIN; row++) {
        const at = row * (SAMPLES + 1), near = Math.floor((row - FINE / 2) / FINE);
        let covered = 0, from = SAMPLES, to = 0;
        for (let k = MARGIN; k < SAMPLES - MARGIN; k++) {
            covered += changes[at + k];
            ink[k] = covered > 0 ? 1 : 0;
            if (covered > 0) {
                if (from > k) from = k;
                to = k;
            }
        }
        if (from > to) continue;
        const above = WEIGHTS[row - near * FINE + FINE / 2], below = WEIGHTS[row - near * FINE - FINE / 2];
        const last = Math.min(Math.ceil((to + 1) / FINE), SIZE - 2);
        for (let x = Math.max(Math.floor(from / FINE) - 1, 1); x <= last; x++) {
            let sum = 0;
            for (let k = 0, sample = x * FINE - FINE / 2; k < 2 * FINE; k++, sample++) sum += WEIGHTS[k] * ink[sample];
            sums[near * SIZE + x] += above * sum;
            sums[near * SIZE + SIZE + x] += below * sum;
        }
    }
    return sums;
}
