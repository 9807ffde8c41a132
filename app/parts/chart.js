// The player's chart: the energies of all chains along the steps, their mean, the band of known glyphs, the step that is shown.

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
    const box = canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
    if (!box.width || frames.length < 2) return;
    if (canvas.width !== Math.round(box.width * scale)) canvas.width = Math.round(box.width * scale);
    if (canvas.height !== Math.round(box.height * scale)) canvas.height = Math.round(box.height * scale);
    const ink = canvas.getContext('2d'), [least, most] = bounds, last = Math.max(reel.of, frames.at(-1).step) || 1;
    ink.setTransform(scale, 0, 0, scale, 0, 0);
    ink.clearRect(0, 0, box.width, box.height);
    const x = (step) => 1 + (box.width - 2) * step / last, y = (e) => (box.height - 16) * (1 - (Math.min(e, most) - least) / (most - least));
    if (reel.band) {
        ink.globalAlpha = 0.2;
        ink.fillStyle = colour('--known');
        ink.fillRect(0, y(reel.band[1]), box.width, Math.max(2, y(reel.band[0]) - y(reel.band[1])));
        ink.globalAlpha = 1;
    }
    const every = Math.ceil(frames.length / 200), shown = frames.filter((_, k) => k % every === 0 || k === frames.length - 1);
    const line = (style, width, value) => {
        ink.strokeStyle = style;
        ink.lineWidth = width;
        ink.beginPath();
        shown.forEach((frame) => ink.lineTo(x(frame.step), y(value(frame))));
        ink.stroke();
    };
    ink.globalAlpha = 0.6;
    for (let k = 0; k < reel.tiles && reel.tiles > 1; k++) line(colour('--chain'), 1, (frame) => frame.energy[k]);
    ink.globalAlpha = 1;
    line(colour('--accent'), 2.5, (frame) => mean(frame.energy));
    ink.strokeStyle = colour('--text');
    ink.lineWidth = 1;
    ink.setLineDash([3, 3]);
    ink.beginPath();
    ink.moveTo(x(frames[at].step), 0);
    ink.lineTo(x(frames[at].step), box.height - 16);
    ink.stroke();
    ink.setLineDash([]);
    ink.font = '11.5px system-ui, sans-serif';
    ink.fillStyle = colour('--soft');
    ink.textAlign = 'left';
    if (!isCut) ink.fillText(most.toFixed(1), 3, 11);
    ink.fillText(least.toFixed(1), 3, box.height - 20);
    ink.fillText(`${reel.x} 0`, 3, box.height - 3);
    ink.textAlign = 'right';
    if (isCut) ink.fillText(`noise lies above ${most.toFixed(1)}`, box.width - 8, 11);  // the curves come in at the left
    ink.fillText(String(last), box.width - 3, box.height - 3);
    if (reel.band) {
        ink.fillStyle = colour('--known-text');
        ink.fillText('known glyphs', box.width - 3, Math.max(11, y(reel.band[1]) - 4));
    }
}
