// The handles: sliders that move the glyph by hand, each with the energies along its whole way.
import { coloursOf, drawDot, drawLine, penOn } from '../../parts/canvas.js';
import { latest } from '../../parts/latest.js';
import { MOVES, NONE, alongOne, moved } from './moves.js';

const EDGE = 8, ROOM = 4;  // beside and above the curves
const STEPS = 280;  // of a slider

export class Handles {
    /**
     * @param {HTMLElement} element with the template of live.py.
     * @param {object} outside
     * @param {function(Float32Array): Promise<?Float32Array>} outside.energies of glyphs (n * 3136); null where they cannot be
     *     read now.
     * @param {function(): ?number} outside.threshold of the model.
     * @param {function(Float32Array): void} outside.show is called with what became of the glyph.
     * @param {function(): void} outside.kept is called when the visitor has let go.
     */
    constructor(element, outside) {
        Object.assign(this, { element, outside, base: null, moves: { ...NONE } });
        this.drawCurves = latest(() => this.readCurves());
        for (const input of element.querySelectorAll('input[data-move]')) this.listenTo(input);
        element.querySelector('[data-do=back]').addEventListener('click', () => {
            if (!this.base) return;
            outside.show(this.base);
            this.begin(this.base);
            outside.kept();
        });
        element.querySelector('.moves').addEventListener('toggle', () => this.drawCurves());
        new MutationObserver(() => this.drawCurves()).observe(document.body, { attributes: true, attributeFilter: ['class'] });  // light, dark
        this.write();
    }

    /** Begins with a glyph as it came; with null there is none. */
    begin(glyph) {
        Object.assign(this, { base: glyph, moves: { ...NONE } });
        if (!glyph) return;
        this.write();
        this.drawCurves();
    }

    /** Moves the glyph by so much more, by the names of MOVES; within their bounds. */
    shift(by) {
        if (!this.base) return;
        for (const [name, more] of Object.entries(by)) {
            const { low, high } = MOVES[name];
            this.moves[name] = Math.max(low, Math.min(high, this.moves[name] + more));
        }
        this.apply();
    }

    apply() {
        this.outside.show(moved(this.base, this.moves));
        this.write();
        this.drawCurves();
    }

    listenTo(input) {
        const name = input.dataset.move, { low, high, none } = MOVES[name];
        Object.assign(input, { min: low, max: high, step: (high - low) / STEPS, value: none });
        input.addEventListener('input', () => {
            if (!this.base) return;
            this.moves[name] = Number(input.value);
            this.apply();
        });
        input.addEventListener('change', () => this.outside.kept());
    }

    write() {
        for (const [name, { words }] of Object.entries(MOVES)) {
            this.element.querySelector(`input[data-move=${name}]`).value = this.moves[name];
            this.element.querySelector(`output[data-move=${name}]`).textContent = words(this.moves[name]);
        }
    }

    async readCurves() {
        const { base } = this;
        for (const name of Object.keys(MOVES)) {
            if (!base || this.base !== base || !this.element.querySelector('.moves').open) return;  // another one may have come
            const { values, glyphs } = alongOne(base, this.moves, name), energies = await this.outside.energies(glyphs);
            if (energies) this.drawCurve(name, values, energies);
        }
    }

    drawCurve(name, values, energies) {
        const on = penOn(this.element.querySelector(`canvas[data-move=${name}]`));
        if (!on) return;
        const { pen, wide, tall } = on, threshold = this.outside.threshold(), now = this.moves[name], colour = coloursOf(this.element);
        const all = [...energies, ...(threshold === null ? [] : [threshold])], low = Math.min(...all), span = Math.max(...all) - low || 1;
        const { low: first, high: last } = MOVES[name], x = (value) => EDGE + (wide - 2 * EDGE) * (value - first) / (last - first);
        const y = (energy) => ROOM + (tall - 2 * ROOM) * (1 - (energy - low) / span);
        if (threshold !== null) drawLine(pen, [[0, y(threshold)], [wide, y(threshold)]], { colour: colour('--axis'), width: 1, dashes: [4, 4] });
        drawLine(pen, values.map((value, k) => [x(value), y(energies[k])]), { colour: colour('--accent'), width: 2 });
        const nearest = values.reduce((best, value, k) => (Math.abs(value - now) < Math.abs(values[best] - now) ? k : best), 0);
        drawDot(pen, [x(now), y(energies[nearest])], 4, colour('--ink'));
    }
}
