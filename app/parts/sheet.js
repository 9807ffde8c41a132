// Glyphs as tiles on a table, drawn at their own size; as `tile_grid` in drawing.py does it on the server.
import { SIZE } from './glyph.js';

export const GAP = 4, PAPER = [251, 247, 238], INK = [28, 24, 20];  // between tiles; colours
const TABLE = [232, 224, 208];
const COLOURS = Uint32Array.from({ length: 256 }, (_, ink) => packed(PAPER.map((p, c) => Math.round(p + ink / 255 * (INK[c] - p)))));

function packed([r, g, b]) { return (255 << 24 | b << 16 | g << 8 | r) >>> 0; }  // as a little-endian machine keeps a pixel

/** Paints one glyph (3136 bytes, 255 = ink) on a canvas of its size. */
export function paint(canvas, ink) {
    const sheet = new Sheet();
    sheet.show(ink, 1);
    canvas.getContext('2d').drawImage(sheet.canvas, GAP, GAP, SIZE, SIZE, 0, 0, SIZE, SIZE);
}

export class Sheet {
    constructor() { this.canvas = document.createElement('canvas'); }

    /**
     * Draws glyphs.
     *
     * @param {Uint8ClampedArray} inks (n, 3136), 255 = ink.
     * @param {number} wide tiles in a row.
     */
    show(inks, wide) {
        const count = inks.length / (SIZE * SIZE), cell = SIZE + GAP;
        const width = wide * cell + GAP, height = Math.ceil(count / wide) * cell + GAP;
        if (this.canvas.width !== width || this.canvas.height !== height || !this.image) {
            Object.assign(this.canvas, { width, height });
            this.image = new ImageData(width, height);
            this.pixels = new Uint32Array(this.image.data.buffer).fill(packed(TABLE));
            this.pen = this.canvas.getContext('2d');
        }
        for (let k = 0; k < count; k++) {
            const left = GAP + (k % wide) * cell, top = GAP + Math.floor(k / wide) * cell;
            for (let y = 0; y < SIZE; y++) {
                const to = (top + y) * width + left, from = (k * SIZE + y) * SIZE;
                for (let x = 0; x < SIZE; x++) this.pixels[to + x] = COLOURS[inks[from + x]];
            }
        }
        this.pen.putImageData(this.image, 0, 0);
    }
}
