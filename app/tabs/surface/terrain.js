// The terrain: the energy over the plane through three glyphs, as a map or as a relief, with the two ways on it. On the map
// both ends of the ways are dragged, or moved by the arrow keys.
import { coloursOf, drawnLater, penOn } from '../../parts/canvas.js';
import { words } from '../../parts/glyph.js';
import { PlaneMap, placeOnMap } from './map.js';
import { drawRelief } from './relief.js';

const KEY_STEP = 0.05;  // of an end, in sides of the plane between two glyphs
const TURN = 1 / 120;  // of the relief for each pixel, in radians

export class Terrain {
    /**
     * @param {HTMLElement} element `.terrain`, which has the template of by_engine.py.
     * @param {{moves: function(number, [number, number]): void, looks: function([number, number]): void}} heard what is called
     *     when an end is moved to a place of the plane, and when the visitor points at a place.
     */
    constructor(element, heard) {
        const canvas = element.querySelector('canvas'), handles = [...element.querySelectorAll('[data-end]')];
        Object.assign(this, {
            element, heard, canvas, handles, plane: null, map: new PlaneMap(), lowest: { places: [], energy: [] },
            ends: [[0, 0], [1, 0]], place: null, form: 'map', turned: -0.6,
        });
        this.redraw = drawnLater(element, () => this.draw());
        handles.forEach((handle, end) => this.listenTo(handle, end));
        canvas.addEventListener('pointermove', (event) => this.hover(event));
    }

    /** Shows a plane. */
    show(plane) {
        this.plane = plane;
        this.element.querySelector('.low').textContent = words(plane.low);
        this.element.querySelector('.high').textContent = words(plane.high);
        this.redraw();
    }

    /** Draws both ends, and the lowest path: the nearest places of its images on the plane, and their energies. */
    way(places, energy, ends) {
        Object.assign(this, { lowest: { places, energy }, ends });
        this.redraw();
    }

    /** Marks the place that is pointed at. */
    probe(place) { this.place = place; this.redraw(); }

    /** Shows the plane as a 'map' or as a 'relief'. */
    view(form) {
        this.form = form;
        this.canvas.style.cursor = form === 'map' ? 'crosshair' : 'grab';
        this.redraw();
    }

    draw() {
        const { plane, ends, lowest, turned, place: probe } = this, on = plane && penOn(this.canvas);
        if (!on) return;
        const { pen, wide: side } = on;
        if (this.form === 'map') this.map.draw(pen, side, { plane, ends, lowest: lowest.places, probe });
        else drawRelief(pen, side, { plane, ...lowest, turned }, coloursOf(this.element));
        this.handles.forEach((handle, k) => {
            const [x, y] = placeOnMap(plane, 100, ends[k]);
            handle.hidden = this.form !== 'map';
            Object.assign(handle.style, { left: `${x}%`, top: `${y}%` });
            handle.setAttribute('aria-label', `${k ? 'End' : 'Start'} of the way: u ${words(ends[k][0])}, v ${words(ends[k][1])}; move it by the arrow keys`);
        });
    }

    placeUnder({ clientX, clientY }) {
        const { left, top, width, height } = this.canvas.getBoundingClientRect(), { first, reach } = this.plane;
        return [(clientX - left) / width, 1 - (clientY - top) / height].map((share) => this.plane.inside(first + share * reach));
    }

    listenTo(handle, end) {
        handle.addEventListener('pointerdown', (event) => { handle.setPointerCapture(event.pointerId); event.preventDefault(); handle.focus(); });
        handle.addEventListener('pointermove', (event) => { if (handle.hasPointerCapture(event.pointerId)) this.moveEnd(end, this.placeUnder(event)); });
        handle.addEventListener('keydown', (event) => {
            const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
            if (!by || !this.plane) return;
            event.preventDefault();
            this.moveEnd(end, this.ends[end].map((at, c) => this.plane.inside(at + KEY_STEP * by[c])));
        });
    }

    moveEnd(end, place) {
        this.ends[end] = place;
        this.redraw();
        this.heard.moves(end, place);
    }

    hover(event) {
        if (!this.plane) return;
        if (this.form === 'map') {
            this.place = this.placeUnder(event);
            this.heard.looks(this.place);
        } else if (event.buttons) this.turned += event.movementX * TURN;
        this.redraw();
    }
}
