// What a dot would do: how the energy changes when a square dot around a pixel becomes paper, or ink. The change is exact;
// as `dab_effect` in ebm/surface/influence.py computes it.
import { PIXELS, SIZE } from '../../parts/glyph.js';

const REACH = 1;  // of a dot beyond its middle, in pixels

/**
 * The effect of every dot, row by row.
 *
 * @param {Client} client of the engine, of at least SIZE pictures.
 * @param {Float32Array} glyph (3136,) in [-1, 1].
 * @yields {Float32Array} (2, 3136), E(with the dot) - E of a dot of paper and of ink around each pixel. Every fourth row comes
 *     first, and stands for those below it until they are known.
 */
export async function* dotEffects(client, glyph) {
    const effects = new Float32Array(2 * PIXELS), { energy: [before] } = await client.read(glyph);
    const rows = [0, 2, 1, 3].flatMap((first) => Array.from({ length: SIZE / 4 }, (_, k) => first + 4 * k));
    for (const row of rows) {
        for (const [kind, value] of [[0, -1], [1, 1]]) {
            const dotted = new Float32Array(SIZE * PIXELS);
            for (let column = 0; column < SIZE; column++) {
                dotted.set(glyph, column * PIXELS);
                dot(dotted.subarray(column * PIXELS, (column + 1) * PIXELS), row, column, value);
            }
            const change = (await client.read(dotted)).energy.map((energy) => energy - before);
            for (let below = row; below < row + [4, 1, 2, 1][row % 4]; below++) effects.set(change, kind * PIXELS + below * SIZE);
        }
        yield effects;
    }
}

function dot(glyph, row, column, value) {
    for (let y = Math.max(0, row - REACH); y <= Math.min(SIZE - 1, row + REACH); y++) {
        for (let x = Math.max(0, column - REACH); x <= Math.min(SIZE - 1, column + REACH); x++) glyph[y * SIZE + x] = value;
    }
}
