// The walker: the glyph at the point of the server's plane that is pointed at.
import { PIXELS, SIZE, toInk, words } from '../../parts/glyph.js';
import { paint } from '../../parts/sheet.js';
import { onPlane } from './paths.js';

const PLACES = ['u 0, v 0', 'u 1, v 0', 'u 0, v 1'];  // of the three glyphs

/** Makes the walker of its element, which has the template of walker.py. */
export function mount(element) { return new Walker(element); }

class Walker {
    constructor(element) {
        Object.assign(this, { element, plane: null, corners: [], watched: null });
        this.sliders = [...element.querySelectorAll('[data-axis]')];
        for (const slider of this.sliders) slider.addEventListener('input', () => this.followSliders());
        new MutationObserver(() => this.listen()).observe(document.querySelector('#tabs'), { childList: true, subtree: true });
    }

    /** Shows the component's value. */
    take(value) {
        if (!value?.corners) return;
        const glyphs = new Float32Array(Uint8Array.from(atob(value.corners), (c) => c.charCodeAt(0)).buffer);
        this.plane = value;
        this.corners = PLACES.map((_, k) => glyphs.subarray(k * PIXELS, (k + 1) * PIXELS));
        this.element.querySelector('.corners').replaceChildren(...value.names.map((name, k) => this.figureOf(name, k)));
        for (const slider of this.sliders) Object.assign(slider, { min: value.axis[0], max: value.axis.at(-1) });
        this.followSliders();
        this.listen();
    }

    figureOf(name, k) {
        const figure = document.createElement('figure'), caption = document.createElement('figcaption');
        const canvas = Object.assign(document.createElement('canvas'), { width: SIZE, height: SIZE });
        paint(canvas, toInk(this.corners[k]));
        caption.textContent = `${name} (${PLACES[k]})`;
        figure.append(canvas, caption);
        return figure;
    }

    followSliders() { this.go(...this.sliders.map(({ value }) => Number(value))); }

    go(u, v) {
        const { plane } = this;
        if (!plane) return;
        paint(this.element.querySelector('.walk-view canvas'), toInk(onPlane(this.corners, u, v)));
        const nearest = (at) => plane.axis.reduce((best, a, k) => (Math.abs(a - at) < Math.abs(plane.axis[best] - at) ? k : best), 0);
        const column = nearest(u), row = nearest(v), energy = plane.energy[row][column], notes = [];
        if (plane.threshold !== null) notes.push(energy > plane.threshold ? 'a stranger' : 'like a known glyph');
        if (plane.read.length) notes.push(`read as ${plane.texts[plane.read[row][column]]}`);
        this.element.querySelector('.walk-words').textContent = `u ${words(u)}, v ${words(v)}: energy ${words(energy)}${notes.length ? ` (${notes.join(', ')})` : ''}`;
        [this.sliders[0].value, this.sliders[1].value] = [u, v];
    }

    listen() {  // plotly makes a new figure whenever Python sends one
        const figure = document.querySelector('#plane .js-plotly-plot');
        if (!figure?.on || figure === this.watched) return;
        this.watched = figure;
        figure.on('plotly_hover', ({ points: [point] }) => { if (point) this.go(point.x, point.y); });
    }
}
