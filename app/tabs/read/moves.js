// Moving a glyph by hand: shifted, turned, scaled, thickened; each as an affine map, read bilinearly, or a dilation.
import { PIXELS, SIZE } from '../../parts/glyph.js';

/** The moves: their range, their step, how they are written, and the value that changes nothing. */
export const MOVES = {
    right: { low: -14, high: 14, none: 0, words: (v) => `${v.toFixed(1)} px to the right` },
    down: { low: -14, high: 14, none: 0, words: (v) => `${v.toFixed(1)} px down` },
    turn: { low: -45, high: 45, none: 0, words: (v) => `turned by ${v.toFixed(0)}°` },
    size: { low: 0.5, high: 1.4, none: 1, words: (v) => `${(100 * v).toFixed(0)} % of its size` },
    weight: { low: -3, high: 3, none: 0, words: (v) => (v < 0 ? `${(-v).toFixed(1)} px thinner` : `${v.toFixed(1)} px thicker`) },
};
export const NONE = Object.fromEntries(Object.entries(MOVES).map(([name, { none }]) => [name, none]));

/**
 * A glyph after its moves.
 *
 * @param {Float32Array} glyph (3136,) in [-1, 1]; beyond its edges there is paper.
 * @param {object} moves value of each of MOVES.
 * @returns {Float32Array} (3136,).
 */
export function moved(glyph, { right, down, turn, size, weight }) {
    const cos = Math.cos(turn * Math.PI / 180) / size, sin = Math.sin(turn * Math.PI / 180) / size, middle = (SIZE - 1) / 2;
    const out = new Float32Array(PIXELS), at = (x, y) => (x >= 0 && x < SIZE && y >= 0 && y < SIZE ? glyph[y * SIZE + x] : -1);
    for (let y = 0; y < SIZE; y++) {
        for (let x = 0; x < SIZE; x++) {
            const dx = x - middle - right, dy = y - middle - down;
            const u = middle + cos * dx + sin * dy, v = middle - sin * dx + cos * dy;
            const left = Math.floor(u), top = Math.floor(v), a = u - left, b = v - top;
            out[y * SIZE + x] = (1 - b) * ((1 - a) * at(left, top) + a * at(left + 1, top)) + b * ((1 - a) * at(left, top + 1) + a * at(left + 1, top + 1));
        }
    }
    return weight ? thickened(out, weight) : out;
}

// The largest ink within a disc (or the least, for thinner strokes); between two radii a mean of both.
function thickened(glyph, weight) {
    const reach = Math.abs(weight), low = Math.floor(reach), share = reach - low, pick = weight > 0 ? Math.max : Math.min;
    const small = dilated(glyph, low, pick), large = share ? dilated(glyph, low + 1, pick) : small;
    return small.map((value, k) => (1 - share) * value + share * large[k]);
}

function dilated(glyph, radius, pick) {
    if (!radius) return glyph;
    const out = new Float32Array(PIXELS), disc = [];
    for (let y = -radius; y <= radius; y++) for (let x = -radius; x <= radius; x++) if (x * x + y * y <= (radius + 0.3) ** 2) disc.push([x, y]);
    for (let y = 0; y < SIZE; y++) {
        for (let x = 0; x < SIZE; x++) {
            let best = glyph[y * SIZE + x];
            for (const [dx, dy] of disc) {
                const u = x + dx, v = y + dy;
                if (u >= 0 && u < SIZE && v >= 0 && v < SIZE) best = pick(best, glyph[v * SIZE + u]);
            }
            out[y * SIZE + x] = best;
        }
    }
    return out;
}

/** Values of one move from end to end, and the glyphs (n * 3136) that it makes while the others stay. */
export function alongOne(glyph, moves, name, count = 41) {
    const { low, high } = MOVES[name], values = Array.from({ length: count }, (_, k) => low + (high - low) * k / (count - 1));
    const glyphs = new Float32Array(count * PIXELS);
    values.forEach((value, k) => glyphs.set(moved(glyph, { ...moves, [name]: value }), k * PIXELS));
    return { values, glyphs };
}
