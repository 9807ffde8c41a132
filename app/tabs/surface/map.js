// The plane from above, as a map: its contour lines, the three glyphs, both ways, and the place that is pointed at.
import { drawLine } from '../../parts/canvas.js';
import { SIZE } from '../../parts/glyph.js';
import { GAP } from '../../parts/sheet.js';
import { contour } from './contour.js';
import { DARK, LIGHT } from './plane.js';

const THUMB = 40, LEVELS = 12;  // pixels of a glyph on the map; contour lines
const THRESHOLD = '#d55e00';

/** Where a place of the plane lies on a map of a side, in its pixels. */
export function placeOnMap(plane, side, [u, v]) {
    return [side * (u - plane.first) / plane.reach, side * (1 - (v - plane.first) / plane.reach)];
}

export class PlaneMap {
    /**
     * Draws a plane.
     *
     * @param {CanvasRenderingContext2D} pen in CSS pixels.
     * @param {number} side of the map, in CSS pixels.
     * @param {object} shown what is drawn.
     * @param {Plane} shown.plane the plane.
     * @param {[number, number][]} shown.ends of the ways.
     * @param {[number, number][]} shown.lowest places of the lowest path.
     * @param {?[number, number]} shown.probe the place that is pointed at.
     */
    draw(pen, side, { plane, ends, lowest, probe }) {
        const onMap = (place) => placeOnMap(plane, side, place), { width } = pen.canvas;
        if (this.shownPlane !== plane || this.side !== side || this.ground.width !== width) this.paintGround(plane, side, width);
        pen.drawImage(this.ground, 0, 0, side, side);
        const straight = ends.map(onMap), path = lowest.map(onMap);
        drawLine(pen, straight, { colour: LIGHT, width: 4 });
        drawLine(pen, straight, { colour: DARK, width: 2, dashes: [5, 4] });
        drawLine(pen, path, { colour: DARK, width: 6 });
        drawLine(pen, path, { colour: LIGHT, width: 3 });
        [[0, 0], [1, 0], [0, 1]].forEach((corner, k) => drawGlyph(pen, side, plane.glyphs, onMap(corner), k));
        if (!probe) return;
        pen.lineWidth = 2;
        for (const [colour, radius] of [[LIGHT, 8], [DARK, 7]]) {
            pen.strokeStyle = colour;
            pen.beginPath(); pen.arc(...onMap(probe), radius, 0, 2 * Math.PI); pen.stroke();
        }
    }

    /** What stays while ways and probe move is drawn once. */
    paintGround(plane, side, width) {
        const { n, low, high, threshold } = plane, half = side / (n - 1) / 2;
        this.ground = Object.assign(document.createElement('canvas'), { width, height: width });
        Object.assign(this, { shownPlane: plane, side });
        const pen = this.ground.getContext('2d');
        pen.scale(width / side, width / side);
        pen.drawImage(plane.picture, -half, -half, side + 2 * half, side + 2 * half);  // a grid point is the middle of its pixel
        Object.assign(pen, { lineWidth: 0.7, strokeStyle: 'rgba(0, 0, 0, .3)' });
        for (let k = 1; k < LEVELS; k++) this.trace(pen, low + (high - low) * k / LEVELS);
        if (threshold === null) return;
        Object.assign(pen, { lineWidth: 2.5, strokeStyle: THRESHOLD });
        pen.setLineDash([6, 4]);
        this.trace(pen, threshold);
    }

    trace(pen, level) {
        const { shownPlane: { energy, n }, side } = this, step = side / (n - 1);
        pen.beginPath();
        for (const [x0, y0, x1, y1] of contour(energy, n, level)) {
            pen.moveTo(x0 * step, side - y0 * step);
            pen.lineTo(x1 * step, side - y1 * step);
        }
        pen.stroke();
    }
}

/** One of the three glyphs beside its corner, within the map. */
function drawGlyph(pen, side, glyphs, [x, y], k) {
    const left = k === 1 ? x + 14 : x - 14 - THUMB, top = k === 2 ? y - 14 - THUMB : y + 14;
    const at = [left, top].map((edge) => Math.max(2, Math.min(side - THUMB - 2, edge)));
    pen.imageSmoothingEnabled = false;
    pen.drawImage(glyphs, GAP + k * (SIZE + GAP), GAP, SIZE, SIZE, ...at, THUMB, THUMB);
    pen.lineWidth = 1.5;
    pen.strokeStyle = DARK;
    pen.strokeRect(...at, THUMB, THUMB);
}
