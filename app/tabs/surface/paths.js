// Ways between glyphs and the plane through three, computed as ebm/surface/paths.py does it, with the page's engine.
import { PIXELS, SIZE } from '../../parts/glyph.js';

const TINY = 1e-12;  // a slope of at most this size counts as zero

/** The glyph a + u (b - a) + v (c - a). */
export function onPlane([a, b, c], u, v) {
    const glyph = new Float32Array(PIXELS);
    for (let k = 0; k < PIXELS; k++) glyph[k] = a[k] + u * (b[k] - a[k]) + v * (c[k] - a[k]);
    return glyph;
}

/**
 * Where glyphs stand in the plane through three: the coordinates of their nearest points of it.
 *
 * @param {Float32Array[]} corners of the plane.
 * @returns {function(Float32Array): [number, number]} gives u and v of a glyph.
 */
export function ontoPlane([a, b, c]) {
    let uu = 0, uv = 0, vv = 0;
    for (let k = 0; k < PIXELS; k++) {
        const along = b[k] - a[k], across = c[k] - a[k];
        uu += along * along;
        uv += along * across;
        vv += across * across;
    }
    const determinant = uu * vv - uv * uv || TINY;
    return (glyph) => {
        let u = 0, v = 0;
        for (let k = 0; k < PIXELS; k++) {
            const off = glyph[k] - a[k];
            u += off * (b[k] - a[k]);
            v += off * (c[k] - a[k]);
        }
        return [(u * vv - v * uv) / determinant, (v * uu - u * uv) / determinant];
    };
}

/** n glyphs at equal distances on the straight line from a to b: (n, 3136). */
export function straight(a, b, n) {
    const line = new Float32Array(n * PIXELS);
    for (let i = 0; i < n; i++) {
        const share = i / (n - 1);
        for (let k = 0; k < PIXELS; k++) line[i * PIXELS + k] = a[k] + share * (b[k] - a[k]);
    }
    return line;
}

/** How far the energies along a path rise above the higher of its ends. */
export function barrier(energy) { return Math.max(...energy) - Math.max(energy[0], energy.at(-1)); }

/**
 * Relaxes the straight line between two glyphs into a path of lowest energy (E, Ren & Vanden-Eijnden 2007).
 *
 * @param {Client} client of the engine.
 * @param {Float32Array} a the first glyph, which does not move.
 * @param {Float32Array} b the last glyph, which does not move.
 * @param {{n: number, steps: number, stepSize: number}} settings images with both ends, steps of relaxation, and the length
 *     of the longest move of the first step as root mean square over the pixels, which falls to 0 over the run.
 * @yields {{path: Float32Array, energy: Float32Array, step: number}} images (n, 3136) and their energies (n,), from the
 *     straight line on.
 */
export async function* lowestEnergy(client, a, b, { n = 24, steps = 100, stepSize = 0.05 } = {}) {
    let path = straight(a, b, n), low = -1, high = 1;
    for (const value of path) { low = Math.min(low, value); high = Math.max(high, value); }
    for (let step = 0; step < steps; step++) {
        const { energy, slope } = await client.slope(path);
        yield { path, energy, step };
        path = equallySpaced(moved(path, slope, stepSize * (1 - step / steps), low, high), n);
    }
    yield { path, energy: (await client.read(path)).energy, step: steps };
}

// All images but the ends go down their blurred slopes; the longest move has this length.
function moved(path, slope, length, low, high) {
    const n = path.length / PIXELS, next = path.slice(), blurred = new Float32Array(path.length);
    let longest = 0;
    for (let i = 1; i < n - 1; i++) {
        const part = blur(slope.subarray(i * PIXELS, (i + 1) * PIXELS));
        blurred.set(part, i * PIXELS);
        let sum = 0;
        for (const value of part) sum += value * value;
        longest = Math.max(longest, Math.sqrt(sum / PIXELS));
    }
    const scale = length / Math.max(longest, TINY);
    for (let k = PIXELS; k < path.length - PIXELS; k++) next[k] = Math.max(low, Math.min(high, path[k] - scale * blurred[k]));
    return next;
}

/** (1, 2, 1) / 4 along both axes of one glyph, with zeros beyond the ends. */
function blur(glyph) {
    const along = new Float32Array(PIXELS), both = new Float32Array(PIXELS);
    for (let k = 0; k < PIXELS; k++) {
        const x = k % SIZE;
        along[k] = glyph[k] / 2 + ((x ? glyph[k - 1] : 0) + (x < SIZE - 1 ? glyph[k + 1] : 0)) / 4;
    }
    for (let k = 0; k < PIXELS; k++) {
        both[k] = along[k] / 2 + ((k >= SIZE ? along[k - SIZE] : 0) + (k < PIXELS - SIZE ? along[k + SIZE] : 0)) / 4;
    }
    return both;
}

/** Places the images (n, 3136) at equal distances along the broken line through them. */
function equallySpaced(path, n) {
    const at = new Float64Array(n);
    for (let i = 1; i < n; i++) {
        let sum = 0;
        for (let k = 0; k < PIXELS; k++) sum += (path[i * PIXELS + k] - path[(i - 1) * PIXELS + k]) ** 2;
        at[i] = at[i - 1] + Math.sqrt(sum);
    }
    const whole = at[n - 1], spaced = path.slice();
    if (!(whole > 0)) return path;
    for (let i = 1, left = 0; i < n - 1; i++) {
        const wanted = whole * i / (n - 1);
        while (left < n - 2 && at[left + 1] <= wanted) left += 1;
        const share = (wanted - at[left]) / Math.max(at[left + 1] - at[left], TINY), from = left * PIXELS;
        for (let k = 0; k < PIXELS; k++) spaced[i * PIXELS + k] = path[from + k] + share * (path[from + PIXELS + k] - path[from + k]);
    }
    return spaced;
}
