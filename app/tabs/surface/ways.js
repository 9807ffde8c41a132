// Both ways between two glyphs: their energies as curves, and the glyphs along them.
import { coloursOf, drawDot, drawLine, drawnLater, penOn } from '../../parts/canvas.js';
import { PIXELS, toInk, words } from '../../parts/glyph.js';
import { Sheet } from '../../parts/sheet.js';

const SHOWN = 12;  // glyphs of each way in the strip
const LEFT = 40, RIGHT = 8, TOP = 10, BOTTOM = 28;  // room around the curves

/** The curves and strips of an element `.ways`, which has the template of by_engine.py. */
export class Ways {
    constructor(element) {
        Object.assign(this, { element, line: null, path: null, threshold: null });
        const find = (selector) => element.querySelector(selector);
        this.chart = find('.way-chart');
        this.range = find('input');
        this.said = find('output');
        this.strips = ['.way-pair', '.way-strip'].map((name) => ({ canvas: find(name), sheet: new Sheet() }));
        this.redraw = drawnLater(element, () => { if (this.line) { this.drawCurves(); this.drawGlyphs(); } });
        this.range.addEventListener('input', this.redraw);
    }

    /** Shows the straight line, and the path as far as it has come; each {images, energy}. */
    show(line, path, threshold) {
        const isNew = !this.line;
        Object.assign(this, { line, path, threshold });
        this.range.max = line.energy.length - 1;
        if (isNew) this.range.value = Math.floor(line.energy.length / 2);
        this.redraw();
    }

    get at() { return Number(this.range.value); }

    drawCurves() {
        const on = penOn(this.chart);
        if (!on) return;
        const { pen, wide, tall } = on, { line, path, threshold } = this, colour = coloursOf(this.element), n = line.energy.length;
        const all = [...line.energy, ...(path?.energy ?? []), ...(threshold === null ? [] : [threshold])];
        const low = Math.min(...all), high = Math.max(...all);
        const x = (k) => LEFT + (wide - LEFT - RIGHT) * k / (n - 1);
        const y = (e) => TOP + (tall - TOP - BOTTOM) * (1 - (e - low) / (high - low || 1));
        const curve = (energy, look) => drawLine(pen, Array.from(energy, (e, k) => [x(k), y(e)]), look);
        pen.font = '12px system-ui, sans-serif';
        pen.fillStyle = colour('--soft');
        pen.textAlign = 'right';
        for (const e of [low, high]) pen.fillText(words(e), LEFT - 6, y(e) + 4);
        pen.fillText('the way →', wide - RIGHT, tall - 5);
        if (threshold !== null) {
            curve(Array(n).fill(threshold), { colour: colour('--text'), width: 1.2, dashes: [2, 4] });
            pen.fillText('threshold', wide - RIGHT, y(threshold) - 4);
        }
        curve(line.energy, { colour: colour('--stranger'), width: 2.5, dashes: [6, 4] });
        if (path) curve(path.energy, { colour: colour('--known'), width: 3 });
        drawDot(pen, [x(this.at), y(line.energy[this.at])], 5, colour('--stranger'));
        if (path) drawDot(pen, [x(this.at), y(path.energy[this.at])], 5, colour('--known'));
    }

    drawGlyphs() {
        const { line, path, at } = this, n = line.energy.length, ways = [line, path ?? line];
        const places = Array.from({ length: SHOWN }, (_, k) => Math.round(k * (n - 1) / (SHOWN - 1)));
        const [pair, strip] = this.strips;
        show(pair, ways.map((way) => cut(way, at)), 2);
        show(strip, ways.flatMap((way) => places.map((k) => cut(way, k))), SHOWN);
        this.said.textContent = `${at + 1} of ${n}: straight line ${words(line.energy[at])}${path ? `, lowest path ${words(path.energy[at])}` : ''}`;
        this.range.setAttribute('aria-valuetext', this.said.textContent);
    }
}

const cut = ({ images }, k) => images.subarray(k * PIXELS, (k + 1) * PIXELS);

function show({ canvas, sheet }, glyphs, wide) {
    const all = new Float32Array(glyphs.length * PIXELS);
    glyphs.forEach((glyph, k) => all.set(glyph, k * PIXELS));
    sheet.show(toInk(all), wide);
    Object.assign(canvas, { width: sheet.canvas.width, height: sheet.canvas.height });
    canvas.getContext('2d').drawImage(sheet.canvas, 0, 0);
}
