// The player's tiles: the glyphs of one frame in a grid, and under each the curve of its energy so far.
import { Sheet } from './sheet.js';

const ZOOM = 3, SPARK = 16;  // canvas pixels of a glyph's pixel; height of the curve under a tile, in glyph pixels
const POINTS = 64;  // of a tile's curve at most

/** How many tiles a grid of `count` is wide; as `columns` in drawing.py. */
export function columns(count) { return Math.min(count, Math.max(1, Math.ceil(Math.sqrt(count * 1.3)))); }

export class Tiles {
    /** @param {HTMLCanvasElement} canvas to draw on. */
    constructor(canvas) { this.canvas = canvas; }

    /**
     * Draws a frame. A frame without a picture that can be drawn leaves the tiles as they are.
     *
     * @param {{frames: object[], reel: object, at: number, bounds: [number, number]}} shown what the player recorded, what it
     *     is, the frame that is shown, the lowest and the highest energy of a curve.
     * @param {function(string): string} colour of the page by its name.
     */
    draw({ frames, reel, at, bounds }, colour) {
        const picture = this.pictureOf(frames[at], reel.wide), { canvas } = this;
        const cell = reel.cell + reel.gap, spark = frames.length > 1 ? SPARK : 0;  // height of the curve below a tile
        const width = (reel.wide * cell + reel.gap) * ZOOM;
        const height = (Math.ceil(reel.tiles / reel.wide) * (cell + spark) + reel.gap) * ZOOM;
        if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
        if (!picture) return;
        const pen = canvas.getContext('2d');
        pen.imageSmoothingEnabled = false;
        pen.fillStyle = colour('--table');
        pen.fillRect(0, 0, width, height);
        for (let k = 0; k < reel.tiles; k++) {
            const x = (k % reel.wide) * cell + reel.gap, row = Math.floor(k / reel.wide);
            const top = row * cell + reel.gap, y = top + row * spark, side = reel.cell * ZOOM;
            pen.drawImage(picture, x, top, reel.cell, reel.cell, x * ZOOM, y * ZOOM, side, side);
            if (reel.rows && k % reel.wide === 0) nameRow(pen, reel.rows[row], x * ZOOM, (y + reel.cell - 9) * ZOOM, colour);
            if (spark) drawCurve(pen, k, [x, y + reel.cell + 2], { frames, reel, at, bounds }, colour('--accent'));
        }
    }

    pictureOf({ inks, picture }, wide) {
        if (!inks) return picture.complete && picture.naturalWidth ? picture : null;
        this.sheet ??= new Sheet();
        this.sheet.show(inks, wide);
        return this.sheet.canvas;
    }

    /** The number of the tile under a pointer. */
    under({ clientX, clientY }, { wide, tiles }) {
        const { left, top, width, height } = this.canvas.getBoundingClientRect(), tall = Math.ceil(tiles / wide);
        return Math.floor(tall * (clientY - top) / height) * wide + Math.floor(wide * (clientX - left) / width);
    }
}

/** What a row of tiles is called, at the foot of its first one: its head has the letter that it is read as. */
function nameRow(pen, text, x, y, colour) {
    pen.font = `bold ${7 * ZOOM}px sans-serif`;
    pen.fillStyle = colour('--card');
    pen.fillRect(x, y, pen.measureText(text).width + 4 * ZOOM, 9 * ZOOM);
    pen.fillStyle = colour('--ink');
    pen.fillText(text, x + 2 * ZOOM, y + 7 * ZOOM);
}

/** The energy of one glyph up to the frame that is shown, from a place in glyph pixels. */
function drawCurve(pen, tile, [left, top], { frames, reel, at, bounds: [least, most] }, colour) {
    const every = Math.ceil((at + 1) / POINTS), end = Math.max(reel.of, frames.at(-1).step) || 1;
    pen.strokeStyle = colour;
    pen.lineWidth = 2;
    pen.beginPath();
    for (let k = at % every; k <= at; k += every) {
        const share = (Math.min(frames[k].energy[tile], most) - least) / (most - least);
        pen.lineTo((left + reel.cell * frames[k].step / end) * ZOOM, (top + (SPARK - 4) * (1 - share)) * ZOOM);
    }
    pen.stroke();
}
