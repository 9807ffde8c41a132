// The player's chart: the energies of all chains along the steps, their mean, the band of known glyphs, the step that is shown.
import { drawLine, penOn } from './canvas.js';

const FOOT = 16, MOST = 200;  // height of the line below the curves; points of a curve

/** The mean of numbers. */
export function mean(numbers) { let sum = 0; for (const n of numbers) sum += n; return sum / numbers.length; }

/**
 * Draws the chart.
 *
 * @param {HTMLCanvasElement} canvas to draw on.
 * @param {{frames: object[], reel: object, at: number, bounds: [number, number], isCut: boolean}} shown what the player
 *     recorded, what it is, the frame that is shown, the lowest and the highest energy, and whether there are higher ones.
 * @param {function(string): string} colour of the page by its name.
 */
export function drawChart(canvas, { frames, reel, at, bounds, isCut }, colour) {
    if (frames.length < 2) return;
    const on = penOn(canvas);
    if (!on) return;
    const { pen, wide, tall } = on, [least, most] = bounds, last = Math.max(reel.of, frames.at(-1).step) || 1;
    const x = (step) => 1 + (wide - 2) * step / last;
    const y = (e) => (tall - FOOT) * (1 - (Math.min(e, most) - least) / (most - least));
    if (reel.band) {
        pen.globalAlpha = 0.2;
        pen.fillStyle = colour('--known');
        pen.fillRect(0, y(reel.band[1]), wide, Math.max(2, y(reel.band[0]) - y(reel.band[1])));
    }
    const every = Math.ceil(frames.length / MOST), shown = frames.filter((_, k) => k % every === 0 || k === frames.length - 1);
    const curve = (value, look) => drawLine(pen, shown.map((frame) => [x(frame.step), y(value(frame))]), look);
    pen.globalAlpha = 0.6;
    const chain = { colour: colour('--chain'), width: 1 };
    for (let k = 0; k < reel.tiles && reel.tiles > 1; k++) curve((frame) => frame.energy[k], chain);
    pen.globalAlpha = 1;
    curve((frame) => mean(frame.energy), { colour: colour('--accent'), width: 2.5 });
    const now = x(frames[at].step);
    drawLine(pen, [[now, 0], [now, tall - FOOT]], { colour: colour('--text'), width: 1, dashes: [3, 3] });
    label(on, { reel, last, bounds, isCut }, colour);
    if (!reel.band) return;
    pen.fillStyle = colour('--known-text');
    pen.fillText('known glyphs', wide - 3, Math.max(11, y(reel.band[1]) - 4));
}

function label({ pen, wide, tall }, { reel, last, bounds: [least, most], isCut }, colour) {
    pen.font = '11.5px system-ui, sans-serif';
    pen.fillStyle = colour('--soft');
    pen.textAlign = 'left';
    if (!isCut) pen.fillText(most.toFixed(1), 3, 11);
    pen.fillText(least.toFixed(1), 3, tall - 20);
    pen.fillText(`${reel.x} 0`, 3, tall - 3);
    pen.textAlign = 'right';
    if (isCut) pen.fillText(`noise lies above ${most.toFixed(1)}`, wide - 8, 11);  // the curves come in at the left
    pen.fillText(String(last), wide - 3, tall - 3);
}
