// The plane through three glyphs as it is drawn: its energies, their colours, the glyphs at its corners.
import { PIXELS, toInk } from '../../parts/glyph.js';
import { Sheet } from '../../parts/sheet.js';

// From low to high energy, as in ebm/figures/surface.py: depths are dark blue, heights are pale.
const LAND = [[0, 8, 48, 107], [0.35, 47, 127, 184], [0.6, 158, 202, 225], [0.8, 241, 231, 207], [1, 181, 86, 43]];

export const DARK = '#1c1814', LIGHT = '#fff';  // of lines over any colour of the land

/** The colour of a height between 0, the lowest, and 1. */
export function landColour(share) {
    const at = Math.max(0, Math.min(1, share)), k = Math.max(1, LAND.findIndex(([stop]) => stop >= at));
    const [from, ...low] = LAND[k - 1], [to, ...high] = LAND[k], part = (at - from) / (to - from);
    return low.map((value, c) => Math.round(value + part * (high[c] - value)));
}

export class Plane {
    /**
     * @param {object} shown
     * @param {Float32Array[]} shown.corners the three glyphs, (3136,) each.
     * @param {string[]} shown.names of the three.
     * @param {number[]} shown.axis n coordinates, the same along both sides.
     * @param {Float32Array} shown.energy (n * n), u first.
     * @param {?number} shown.threshold of the model.
     */
    constructor(shown) {
        Object.assign(this, shown, { low: Math.min(...shown.energy), high: Math.max(...shown.energy) });
        this.picture = this.paintLand();
        const inks = new Uint8ClampedArray(3 * PIXELS), sheet = new Sheet();
        shown.corners.forEach((glyph, k) => inks.set(toInk(glyph), k * PIXELS));
        sheet.show(inks, 3);
        this.glyphs = sheet.canvas;
    }

    /** Points along a side. */
    get n() { return this.axis.length; }

    get first() { return this.axis[0]; }

    get last() { return this.axis.at(-1); }

    /** Length of a side. */
    get reach() { return this.last - this.first; }

    /** A coordinate within the plane. */
    inside(coordinate) { return Math.max(this.first, Math.min(this.last, coordinate)); }

    /** How high an energy is: 0 the lowest, 1 the highest of the plane. */
    share(energy) { return (energy - this.low) / (this.high - this.low || 1); }

    /** The energy of the nearest point of the grid. */
    energyAt(u, v) {
        const near = (at) => Math.max(0, Math.min(this.n - 1, Math.round((at - this.first) / this.reach * (this.n - 1))));
        return this.energy[near(v) * this.n + near(u)];
    }

    paintLand() {  // a pixel for each point; the canvas counts its rows from above
        const { n } = this, image = new ImageData(n, n);
        const canvas = Object.assign(document.createElement('canvas'), { width: n, height: n });
        this.energy.forEach((e, k) => {
            const pixel = (n - 1 - Math.floor(k / n)) * n + k % n;
            image.data.set([...landColour(this.share(e)), 255], 4 * pixel);
        });
        canvas.getContext('2d').putImageData(image, 0, 0);
        return canvas;
    }
}
