// Both ways between two glyphs: their energies as curves, and the glyphs along them.
import { PIXELS, toInk, words } from '../../parts/glyph.js';
import { Sheet } from '../../parts/sheet.js';

const SHOWN = 12;  // glyphs of each way in the strip

/**
 * Makes the curves and strips of its element, which has the template of desk.py.
 *
 * @param {HTMLElement} element `.ways`.
 */
export function mount(element) {
    const find = (selector) => element.querySelector(selector);
    const chart = find('.way-chart'), strip = find('.way-strip'), pair = find('.way-pair'), range = find('input'), said = find('output');
    const sheets = { strip: new Sheet(), pair: new Sheet() };
    let line = null, path = null, threshold = null, due = false;

    function later() {
        if (due) return;
        due = true;
        requestAnimationFrame(() => { due = false; if (line) { curves(); glyphs(); } });
    }

    function curves() {
        const box = chart.getBoundingClientRect(), scale = window.devicePixelRatio || 1, style = getComputedStyle(element);
        if (!box.width) return;
        Object.assign(chart, { width: Math.round(box.width * scale), height: Math.round(box.height * scale) });
        const pen = chart.getContext('2d'), colour = (name) => style.getPropertyValue(name).trim(), n = line.energy.length;
        const all = [...line.energy, ...(path?.energy ?? []), ...(threshold === null ? [] : [threshold])];
        const low = Math.min(...all), high = Math.max(...all), left = 40, bottom = 20;
        const x = (k) => left + (box.width - left - 8) * k / (n - 1), y = (e) => 10 + (box.height - bottom - 18) * (1 - (e - low) / (high - low || 1));
        pen.scale(scale, scale);
        pen.font = '12px system-ui, sans-serif';
        pen.fillStyle = colour('--soft');
        pen.textAlign = 'right';
        for (const e of [low, high]) pen.fillText(words(e), left - 6, y(e) + 4);
        pen.fillText('the way →', box.width - 8, box.height - 5);
        const curve = (energy, stroke, width, dashes) => {
            pen.strokeStyle = stroke;
            pen.lineWidth = width;
            pen.setLineDash(dashes);
            pen.beginPath();
            energy.forEach((e, k) => pen.lineTo(x(k), y(e)));
            pen.stroke();
            pen.setLineDash([]);
        };
        if (threshold !== null) {
            curve(Array(n).fill(threshold), colour('--text'), 1.2, [2, 4]);
            pen.textAlign = 'right';
            pen.fillText('threshold', box.width - 8, y(threshold) - 4);
        }
        curve(line.energy, colour('--stranger'), 2.5, [6, 4]);
        if (path) curve(path.energy, colour('--known'), 3, []);
        const at = Number(range.value);
        for (const [way, fill] of [[line, '--stranger'], [path, '--known']]) {
            if (!way) continue;
            pen.fillStyle = colour(fill);
            pen.beginPath(); pen.arc(x(at), y(way.energy[at]), 5, 0, 2 * Math.PI); pen.fill();
        }
    }

    function glyphs() {
        const n = line.energy.length, at = Number(range.value), ways = [line, path ?? line];
        const cut = (way, k) => way.images.subarray(k * PIXELS, (k + 1) * PIXELS);
        const joined = (parts) => { const all = new Float32Array(parts.length * PIXELS); parts.forEach((part, k) => all.set(part, k * PIXELS)); return toInk(all); };
        show(pair, sheets.pair, joined(ways.map((way) => cut(way, at))), 2);
        const places = Array.from({ length: SHOWN }, (_, k) => Math.round(k * (n - 1) / (SHOWN - 1)));
        show(strip, sheets.strip, joined(ways.flatMap((way) => places.map((k) => cut(way, k)))), SHOWN);
        said.textContent = `${at + 1} of ${n}: straight line ${words(line.energy[at])}${path ? `, lowest path ${words(path.energy[at])}` : ''}`;
        range.setAttribute('aria-valuetext', said.textContent);
    }

    function show(canvas, sheet, inks, wide) {
        sheet.show(inks, wide);
        Object.assign(canvas, { width: sheet.canvas.width, height: sheet.canvas.height });
        canvas.getContext('2d').drawImage(sheet.canvas, 0, 0);
    }

    range.addEventListener('input', later);
    new ResizeObserver(later).observe(element);
    new MutationObserver(later).observe(document.body, { attributes: true, attributeFilter: ['class'] });  // light, dark

    return {
        /** Shows the straight line, and the path as far as it has come; each {images, energy}. */
        show(nextLine, nextPath, limit) {
            const isNew = !line;
            [line, path, threshold] = [nextLine, nextPath, limit];
            range.max = line.energy.length - 1;
            if (isNew) range.value = Math.floor(line.energy.length / 2);
            later();
        },
    };
}
