// The threshold of a page: a slider on the histogram of its energies, and which glyphs are strangers by it.
import { coloursOf } from '../../parts/canvas.js';
import { words } from '../../parts/glyph.js';

const BINS = 70;
const SAME = 0.006;  // the slider has steps of a hundredth

export class Threshold {
    /**
     * @param {HTMLElement} element `.book-threshold` of page_view.py.
     * @param {{moves: function(): void, moved: function(): void}} heard what is called while the slider moves, and when it has.
     */
    constructor(element, heard) {
        Object.assign(this, { slider: element.querySelector('input'), canvas: element.querySelector('canvas'), said: element.querySelector('p') });
        Object.assign(this, { value: null, strange: new Set(), page: null });
        this.slider.addEventListener('input', () => {
            if (!this.page) return;
            this.set(Number(this.slider.value));
            this.draw();
            heard.moves();
        });
        this.slider.addEventListener('change', () => { if (this.page) heard.moved(); });
    }

    /** Shows a page's energies; where asked for, the threshold becomes the model's own. */
    show(page, isReset) {
        const sorted = [...page.energy].sort((a, b) => a - b);
        this.page = page;
        const value = isReset || this.value === null ? page.threshold ?? page.range[1] : this.value;
        this.slider.min = Math.floor(sorted[0] ?? -1);
        this.slider.max = Math.ceil(Math.max(sorted.at(-1) ?? 1, value));
        this.slider.value = value;
        this.set(value);
    }

    set(value) {
        const { energy, threshold } = this.page;
        this.value = value;
        this.strange = new Set(energy.flatMap((e, k) => (e > value ? [k] : [])));
        const own = threshold !== null && Math.abs(value - threshold) < SAME ? ', the model’s own' : '';
        this.said.textContent = `${words(value)}${own}: ${this.strange.size} of ${energy.length} glyphs lie above it.`;
    }

    draw() {
        const low = Number(this.slider.min), high = Number(this.slider.max), counts = new Array(BINS).fill(0);
        for (const e of this.page.energy) counts[Math.min(BINS - 1, Math.max(0, Math.floor((e - low) / (high - low) * BINS)))]++;
        const { width, height } = this.canvas, pen = this.canvas.getContext('2d'), colour = coloursOf(this.canvas);
        const most = Math.max(...counts, 1), wide = width / BINS;
        pen.clearRect(0, 0, width, height);
        counts.forEach((count, k) => {
            const tall = count ? Math.max(2, height * count / most) : 0;
            pen.fillStyle = colour(low + (k + 0.5) * (high - low) / BINS > this.value ? '--bar-over' : '--bar');
            pen.fillRect(k * wide, height - tall, wide - 0.6, tall);
        });
    }
}
