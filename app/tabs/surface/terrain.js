// The terrain: the energy over the plane through three glyphs, as a map or as a relief, with the two ways on it. On the map
// both ends of the ways are dragged, or moved by the arrow keys.
import { PIXELS, SIZE, toInk, words } from '../../parts/glyph.js';
import { Sheet } from '../../parts/sheet.js';
import { contour } from './contour.js';

// From low to high energy, as in ebm/figures/surface.py: depths are dark blue, heights are pale.
const LAND = [[0, 8, 48, 107], [0.35, 47, 127, 184], [0.6, 158, 202, 225], [0.8, 241, 231, 207], [1, 181, 86, 43]];
const THUMB = 40, LEVELS = 12, TALL = 0.5;  // pixels of a glyph on the map; contour lines; height of the relief

function land(share) {
    const at = Math.max(0, Math.min(1, share)), k = Math.max(1, LAND.findIndex(([stop]) => stop >= at));
    const [from, ...low] = LAND[k - 1], [to, ...high] = LAND[k], part = (at - from) / (to - from);
    return low.map((value, c) => Math.round(value + part * (high[c] - value)));
}

/**
 * Makes the terrain of its element, which has the template of desk.py.
 *
 * @param {HTMLElement} element `.terrain`.
 * @param {{moves: function(number, [number, number]): void, looks: function([number, number]): void}} heard what is called when
 *     an end is moved to a place of the plane, and when the visitor points at a place.
 */
export function mount(element, heard) {
    const canvas = element.querySelector('canvas'), pen = canvas.getContext('2d');
    const handles = [...element.querySelectorAll('[data-end]')];
    let plane = null, lowest = { places: [], energy: [] }, ends = [[0, 0], [1, 0]], probe = null, view = 'map', turned = -0.6, due = false, side = 0, base = {};

    function later() {
        if (due) return;
        due = true;
        requestAnimationFrame(() => { due = false; draw(); });
    }

    // Places of the plane on the canvas, in CSS pixels.
    const reach = () => plane.axis.at(-1) - plane.axis[0];
    const onMap = ([u, v]) => [side * (u - plane.axis[0]) / reach(), side * (1 - (v - plane.axis[0]) / reach())];
    function placeOf(event) {
        const box = canvas.getBoundingClientRect(), inside = (share) => Math.max(0, Math.min(1, share));
        return [inside((event.clientX - box.left) / box.width), inside(1 - (event.clientY - box.top) / box.height)].map((share) => plane.axis[0] + share * reach());
    }

    function draw() {
        const box = canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
        if (!box.width || !plane) return;
        side = box.width;
        if (canvas.width !== Math.round(side * scale)) canvas.width = canvas.height = Math.round(side * scale);
        pen.setTransform(scale, 0, 0, scale, 0, 0);
        pen.clearRect(0, 0, side, side);
        if (view === 'map') map(); else relief();
        handles.forEach((handle, k) => {
            const [x, y] = onMap(ends[k]);
            handle.hidden = view !== 'map';
            handle.style.left = `${100 * x / side}%`;
            handle.style.top = `${100 * y / side}%`;
            handle.setAttribute('aria-label', `${k ? 'End' : 'Start'} of the way: u ${words(ends[k][0])}, v ${words(ends[k][1])}; move it by the arrow keys`);
        });
    }

    function map() {
        if (base.of !== plane || base.side !== side || base.width !== canvas.width) ground();
        pen.drawImage(base.canvas, 0, 0, side, side);
        way(ends, '#fff', 4, []); way(ends, '#1c1814', 2, [5, 4]);
        way(lowest.places, '#1c1814', 6, []); way(lowest.places, '#fff', 3, []);
        [[0, 0], [1, 0], [0, 1]].forEach((corner, k) => thumb(corner, k));
        if (probe) {
            const [x, y] = onMap(probe);
            pen.lineWidth = 2;
            for (const [colour, size] of [['#fff', 8], ['#1c1814', 7]]) {
                pen.strokeStyle = colour;
                pen.beginPath(); pen.arc(x, y, size, 0, 2 * Math.PI); pen.stroke();
            }
        }
    }

    // What stays while ways and probe move is drawn once.
    function ground() {
        const { axis, energy, low, high, threshold } = plane, n = axis.length, half = side / (n - 1) / 2;
        base = { canvas: Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height }), of: plane, side, width: canvas.width };
        const on = base.canvas.getContext('2d');
        on.scale(canvas.width / side, canvas.width / side);
        on.drawImage(plane.picture, -half, -half, side + 2 * half, side + 2 * half);  // a grid point is the middle of its pixel
        Object.assign(on, { lineWidth: 0.7, strokeStyle: 'rgba(0, 0, 0, .3)' });
        for (let k = 1; k < LEVELS; k++) trace(on, contour(energy, n, low + (high - low) * k / LEVELS));
        if (threshold === null) return;
        Object.assign(on, { lineWidth: 2.5, strokeStyle: '#d55e00' });
        on.setLineDash([6, 4]);
        trace(on, contour(energy, n, threshold));
    }

    function trace(on, pieces) {  // pairs of points in steps of the grid
        const step = side / (plane.axis.length - 1);
        on.beginPath();
        for (const [x0, y0, x1, y1] of pieces) { on.moveTo(x0 * step, side - y0 * step); on.lineTo(x1 * step, side - y1 * step); }
        on.stroke();
    }

    const way = (places, ...look) => join(places.map(onMap), ...look);
    function join(points, colour, width, dashes) {
        pen.strokeStyle = colour;
        pen.lineWidth = width;
        pen.setLineDash(dashes);
        pen.beginPath();
        for (const [x, y] of points) pen.lineTo(x, y);
        pen.stroke();
        pen.setLineDash([]);
    }

    function dot([x, y], size, colour) { pen.fillStyle = colour; pen.beginPath(); pen.arc(x, y, size, 0, 2 * Math.PI); pen.fill(); }

    function thumb(corner, k) {
        const [x, y] = onMap(corner), left = k === 1 ? x + 14 : x - 14 - THUMB, top = k === 2 ? y - 14 - THUMB : y + 14;
        const at = [Math.max(2, Math.min(side - THUMB - 2, left)), Math.max(2, Math.min(side - THUMB - 2, top))];
        pen.imageSmoothingEnabled = false;
        pen.drawImage(plane.thumbs.canvas, 4 + k * (SIZE + 4), 4, SIZE, SIZE, ...at, THUMB, THUMB);
        pen.lineWidth = 1.5;
        pen.strokeStyle = '#1c1814';
        pen.strokeRect(...at, THUMB, THUMB);
    }

    // The relief: squares of the grid from the farthest to the nearest, darker where they turn away from the light.
    function relief() {
        const { axis, energy, low, high } = plane, n = axis.length, span = high - low || 1;
        const project = projection();
        const points = Array.from(energy, (e, k) => project(axis[k % n], axis[Math.floor(k / n)], e));
        const squares = [];
        for (let row = 0; row < n - 1; row++) {
            for (let column = 0; column < n - 1; column++) {
                const k = row * n + column, four = [k, k + 1, k + n + 1, k + n];
                squares.push([Math.max(...four.map((p) => points[p][2])), four]);
            }
        }
        squares.sort((a, b) => b[0] - a[0]);
        for (const [, four] of squares) {
            const mean = four.reduce((sum, k) => sum + energy[k], 0) / 4, steep = (energy[four[1]] - energy[four[3]]) / span;
            const light = Math.max(0.6, Math.min(1.15, 1 + 2 * steep));
            const colour = `rgb(${land((mean - low) / span).map((c) => Math.min(255, Math.round(c * light))).join()})`;
            pen.fillStyle = pen.strokeStyle = colour;
            pen.lineWidth = 0.8;
            pen.beginPath();
            for (const k of four) pen.lineTo(points[k][0], points[k][1]);
            pen.closePath(); pen.fill(); pen.stroke();
        }
        const onIt = lowest.places.map(([u, v], k) => project(u, v, Math.max(low, lowest.energy[k])));
        join(onIt, '#1c1814', 6, []); join(onIt, '#fff', 3, []);
        const ink = getComputedStyle(element).getPropertyValue('--text');
        pen.font = '600 15px Georgia, serif';
        pen.textAlign = 'center';
        [[0, 0], [1, 0], [0, 1]].forEach(([u, v], k) => {
            const [x, y] = project(u, v, energyAt(u, v));
            dot([x, y], 5, '#fff');
            pen.strokeStyle = '#1c1814'; pen.lineWidth = 2; pen.stroke();
            pen.lineWidth = 4; pen.strokeStyle = getComputedStyle(element).getPropertyValue('--card');
            pen.strokeText(plane.names[k], x, y - 12);
            pen.fillStyle = ink;
            pen.fillText(plane.names[k], x, y - 12);
        });
    }

    // Turned by the visitor, seen from above; as large as fits, whatever the turn. Gives x, y and how far away.
    function projection() {
        const { axis, low, high } = plane, middle = axis[0] + reach() / 2, cos = Math.cos(turned), sin = Math.sin(turned);
        const size = side / (Math.SQRT2 * reach()), flat = 0.45, tall = TALL * side;
        return (u, v, e) => {
            const x = (u - middle) * cos - (v - middle) * sin, deep = (u - middle) * sin + (v - middle) * cos;
            return [side / 2 + size * x, side * (0.5 + TALL / 2) - size * flat * deep - tall * (e - low) / (high - low || 1), deep];
        };
    }

    function energyAt(u, v) {  // of the nearest point of the grid
        const n = plane.axis.length, near = (at) => Math.max(0, Math.min(n - 1, Math.round((at - plane.axis[0]) / reach() * (n - 1))));
        return plane.energy[near(v) * n + near(u)];
    }

    handles.forEach((handle, k) => {
        const go = (place) => { ends[k] = place; later(); heard.moves(k, place); };
        handle.addEventListener('pointerdown', (event) => { handle.setPointerCapture(event.pointerId); event.preventDefault(); handle.focus(); });
        handle.addEventListener('pointermove', (event) => { if (handle.hasPointerCapture(event.pointerId)) go(placeOf(event)); });
        handle.addEventListener('keydown', (event) => {
            const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
            if (!by || !plane) return;
            event.preventDefault();
            go(ends[k].map((at, c) => Math.max(plane.axis[0], Math.min(plane.axis.at(-1), at + 0.05 * by[c]))));
        });
    });
    canvas.addEventListener('pointermove', (event) => {
        if (!plane) return;
        if (view === 'map') { probe = placeOf(event); heard.looks(probe); } else if (event.buttons) turned += event.movementX / 120;
        later();
    });
    new ResizeObserver(later).observe(element);
    new MutationObserver(later).observe(document.body, { attributes: true, attributeFilter: ['class'] });  // light, dark

    return {
        /** Shows a plane: corners, names, axis, energy (n * n, u first), threshold. */
        show(next) {
            const n = next.axis.length, [low, high] = [Math.min(...next.energy), Math.max(...next.energy)];
            const picture = Object.assign(document.createElement('canvas'), { width: n, height: n }), image = new ImageData(n, n);
            next.energy.forEach((e, k) => image.data.set([...land((e - low) / (high - low || 1)), 255], 4 * ((n - 1 - Math.floor(k / n)) * n + k % n)));
            picture.getContext('2d').putImageData(image, 0, 0);
            const thumbs = new Sheet(), inks = new Uint8ClampedArray(3 * PIXELS);
            next.corners.forEach((glyph, k) => inks.set(toInk(glyph), k * PIXELS));
            thumbs.show(inks, 3);
            plane = { ...next, low, high, picture, thumbs };
            element.querySelector('.low').textContent = words(low);
            element.querySelector('.high').textContent = words(high);
            later();
        },
        /** Draws both ends, and the lowest path: the nearest places of its images on the plane, and their energies. */
        way(places, energy, both) { lowest = { places, energy }; ends = both; later(); },
        probe(place) { probe = place; later(); },
        view(name) { view = name; canvas.style.cursor = name === 'map' ? 'crosshair' : 'grab'; later(); },
    };
}
