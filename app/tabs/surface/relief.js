// The plane as a relief, turned by the visitor and seen from above, with the lowest path and the names of the three glyphs.
import { drawDot, drawLine } from '../../parts/canvas.js';
import { DARK, LIGHT, landColour } from './plane.js';

const TALL = 0.5, FLAT = 0.45;  // height of the highest point, and of the plane's depth, in sides of the drawing

/**
 * Draws the relief.
 *
 * @param {CanvasRenderingContext2D} pen in CSS pixels.
 * @param {number} side of the drawing, in CSS pixels.
 * @param {{plane: Plane, places: [number, number][], energy: number[], turned: number}} shown the plane, the places of the
 *     lowest path on it and their energies, and the angle in radians.
 * @param {function(string): string} colour of the page by its name.
 */
export function drawRelief(pen, side, { plane, places, energy, turned }, colour) {
    const project = projection(plane, side, turned);
    drawSquares(pen, plane, project);
    const path = places.map(([u, v], k) => project(u, v, Math.max(plane.low, energy[k])));
    drawLine(pen, path, { colour: DARK, width: 6 });
    drawLine(pen, path, { colour: LIGHT, width: 3 });
    pen.font = '600 15px Georgia, serif';
    pen.textAlign = 'center';
    [[0, 0], [1, 0], [0, 1]].forEach(([u, v], k) => {
        const [x, y] = project(u, v, plane.energyAt(u, v));
        drawDot(pen, [x, y], 5, LIGHT);
        pen.strokeStyle = DARK;
        pen.lineWidth = 2;
        pen.stroke();
        pen.strokeStyle = colour('--card');
        pen.lineWidth = 4;
        pen.strokeText(plane.names[k], x, y - 12);
        pen.fillStyle = colour('--text');
        pen.fillText(plane.names[k], x, y - 12);
    });
}

/** Squares of the grid from the farthest to the nearest, darker where they turn away from the light. */
function drawSquares(pen, plane, project) {
    const { axis, energy, n } = plane, squares = [];
    const points = Array.from(energy, (e, k) => project(axis[k % n], axis[Math.floor(k / n)], e));
    for (let row = 0; row < n - 1; row++) {
        for (let column = 0; column < n - 1; column++) {
            const k = row * n + column, corners = [k, k + 1, k + n + 1, k + n];
            squares.push({ far: Math.max(...corners.map((p) => points[p][2])), corners });
        }
    }
    squares.sort((a, b) => b.far - a.far);
    pen.lineWidth = 0.8;
    for (const { corners } of squares) {
        const mean = corners.reduce((sum, k) => sum + energy[k], 0) / 4;
        const steep = plane.share(energy[corners[1]]) - plane.share(energy[corners[3]]);
        const light = Math.max(0.6, Math.min(1.15, 1 + 2 * steep));
        pen.fillStyle = pen.strokeStyle = `rgb(${landColour(plane.share(mean)).map((c) => Math.min(255, Math.round(c * light))).join()})`;
        pen.beginPath();
        for (const k of corners) pen.lineTo(points[k][0], points[k][1]);
        pen.closePath(); pen.fill(); pen.stroke();
    }
}

/** Gives x, y and how far away for u, v and an energy; as large as fits, whatever the turn. */
function projection(plane, side, turned) {
    const middle = plane.first + plane.reach / 2, cos = Math.cos(turned), sin = Math.sin(turned);
    const size = side / (Math.SQRT2 * plane.reach), tall = TALL * side;
    return (u, v, energy) => {
        const x = (u - middle) * cos - (v - middle) * sin, deep = (u - middle) * sin + (v - middle) * cos;
        return [side / 2 + size * x, side * (0.5 + TALL / 2) - size * FLAT * deep - tall * plane.share(energy), deep];
    };
}
