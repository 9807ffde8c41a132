// The walker: the glyph a + u (b - a) + v (c - a) at the point of the plane that is pointed at.
const SIZE = 56;
const canvas = element.querySelector('.walk-view canvas'), words = element.querySelector('.walk-words');
const sliders = [...element.querySelectorAll('[data-axis]')];
let plane = null, watched = null;

function take() {
    if (!props.value?.corners) return;
    plane = props.value;
    plane.glyphs = new Float32Array(Uint8Array.from(atob(plane.corners), (c) => c.charCodeAt(0)).buffer);
    const box = element.querySelector('.corners');
    box.innerHTML = '';
    plane.names.forEach((name, k) => {
        const figure = document.createElement('figure'), small = document.createElement('canvas');
        const caption = document.createElement('figcaption');
        small.width = small.height = SIZE;
        paint(small, (i) => plane.glyphs[k * SIZE * SIZE + i]);
        caption.textContent = `${name} (${['u 0, v 0', 'u 1, v 0', 'u 0, v 1'][k]})`;
        figure.append(small, caption);
        box.append(figure);
    });
    for (const slider of sliders) { slider.min = plane.axis[0]; slider.max = plane.axis.at(-1); }
    go(Number(sliders[0].value), Number(sliders[1].value));
    listen();
}

function paint(target, value) {
    const ink = target.getContext('2d'), picture = ink.createImageData(SIZE, SIZE);
    for (let i = 0; i < SIZE * SIZE; i++) {
        const dark = (Math.max(-1, Math.min(1, value(i))) + 1) / 2;
        picture.data.set([251 - 223 * dark, 247 - 223 * dark, 238 - 218 * dark, 255], 4 * i);
    }
    ink.putImageData(picture, 0, 0);
}

function go(u, v) {
    if (!plane) return;
    const g = plane.glyphs, n = SIZE * SIZE;
    paint(canvas, (i) => g[i] + u * (g[n + i] - g[i]) + v * (g[2 * n + i] - g[i]));
    const nearest = (at) => plane.axis.reduce((best, a, k) => (Math.abs(a - at) < Math.abs(plane.axis[best] - at) ? k : best), 0);
    const [column, row] = [nearest(u), nearest(v)], energy = plane.energy[row][column];
    const notes = [];
    if (plane.threshold !== null) notes.push(energy > plane.threshold ? 'a stranger' : 'like a known glyph');
    if (plane.read.length) notes.push(`read as ${plane.texts[plane.read[row][column]]}`);
    const more = notes.length ? ` (${notes.join(', ')})` : '';
    words.textContent = `u ${u.toFixed(2)}, v ${v.toFixed(2)}: energy ${energy.toFixed(2).replace('-', '−')}${more}`;
    [sliders[0].value, sliders[1].value] = [u, v];
}

function listen() {  // plotly makes a new figure whenever Python sends one
    const figure = document.querySelector('#plane .js-plotly-plot');
    if (!figure?.on || figure === watched) return;
    watched = figure;
    figure.on('plotly_hover', ({ points }) => { if (points[0]) go(points[0].x, points[0].y); });
}

for (const slider of sliders) slider.addEventListener('input', () => go(Number(sliders[0].value), Number(sliders[1].value)));
new MutationObserver(listen).observe(document.querySelector('#tabs'), { childList: true, subtree: true });
watch('value', take);
take();
