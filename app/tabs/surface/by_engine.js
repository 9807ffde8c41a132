// The tab Surface by this page's engine: it computes plane and ways where it can, otherwise the server is asked.
import { model as shownModel, onModel } from '../../engine/page.js';
import { PIXELS, toInk, toModel, words } from '../../parts/glyph.js';
import { latest } from '../../parts/latest.js';
import { partOf, put } from '../../parts/places.js';
import { paint } from '../../parts/sheet.js';
import { barrier, lowestEnergy, onPlane, ontoPlane, straight } from './paths.js';
import { Plane } from './plane.js';
import { Terrain } from './terrain.js';
import { Ways } from './ways.js';

const IMAGES = 24, GRID = 41, MARGIN = 0.25, MOST = 48;
const AXIS = Array.from({ length: GRID }, (_, k) => -MARGIN + (1 + 2 * MARGIN) * k / (GRID - 1));
const BELOW = 0.05;  // a path that dips further than this below both ends is worth a sentence
const LABELS = { first: 'From', second: 'To', third: 'Third' }, NAMES = Object.keys(LABELS);
const HOME = [[0, 0], [1, 0]];  // the ends of the ways until they are moved: the first two glyphs

/**
 * Makes the tab's part in the page.
 *
 * @param {HTMLElement} element with the template of by_engine.py.
 * @param {{askServer: function(): void, glyphsOf: function(string): Promise<object>}} outside what asks the server to look, and
 *     what gives the glyphs of a model that may be chosen: key -> ink, base64.
 */
export function mount(element, outside) { return put('surface by engine', new SurfaceByEngine(element, outside)); }

class SurfaceByEngine {
    constructor(element, outside) {
        Object.assign(this, outside, {
            element, model: null, glyphs: {}, corners: null, names: [], chosen: {}, own: {}, ends: [...HOME],
            probe: [0.33, 0.33], isVisited: false, planes: 0, walks: 0,  // planes and walks begun; a newer one ends an older one
        });
        this.terrain = new Terrain(this.find('.terrain'), {
            moves: (end, place) => this.moveEnd(end, place), looks: (place) => this.lookAt(place),
        });
        this.ways = new Ways(this.find('.ways'));
        this.readLatest = latest((place) => this.withEngine((client) => this.readPlace(client, place)));
        this.sliders = [...element.querySelectorAll('[data-axis]')];
        this.listen();
    }

    find(selector) { return this.element.querySelector(selector); }

    /** Looks at what the controls ask for. */
    look(values) { this.isVisited = true; this.begin(values); }

    /** Looks where the tab is opened for the first time. */
    visit(values) { if (!this.isVisited) this.look(values); }

    /** Looks by a new model, or at what a link asks for; not where nobody has looked yet. */
    again(opened, values) { if (this.isVisited || opened === 'surface') this.look(values); }

    listen() {
        for (const slider of this.sliders) {
            Object.assign(slider, { min: AXIS[0], max: AXIS.at(-1), step: 0.01, value: this.probe[0] });
            slider.addEventListener('input', () => this.lookAt(this.sliders.map((s) => Number(s.value))));
        }
        this.element.querySelectorAll('[data-corner] button').forEach((button, k) => {
            button.addEventListener('click', () => this.takeFromRead(NAMES[k]));
        });
        onModel((shown) => { if (!shown.isHere) this.corners = null; });
        window.glyphLink?.tells('surface', () => {
            const isMoved = this.ends.flat().join() !== HOME.flat().join(), isOwn = Object.keys(this.own).length > 0;
            return { left: [isOwn && 'the glyph of Read', isMoved && 'where the ends were dragged'].filter(Boolean) };
        });
    }

    say(text, kind = 'hint') {
        const place = this.find('.surface-words');
        place.className = `surface-words ${kind}`;
        place.textContent = text;
    }

    // Everything is asked of one worker; where it fails, the server is asked from then on.
    async withEngine(run) {
        const { model } = this;
        try { await run(await model.client('surface', MOST)); } catch (error) {
            if (model.closed) return;
            if (!model.clients.surface?.dead) { this.say(error.message, 'problem'); return; }
            model.fail(error);
            this.askServer();
        }
    }

    async begin(values) {
        const model = this.model = await shownModel();
        if (!model.isHere) { this.askServer(); return; }
        this.terrain.view(values.view);
        const isNew = this.chosen.key !== model.key, changed = NAMES.filter((name) => values[name] !== this.chosen[name]);
        if (!changed.length && !isNew) return;
        if (isNew) { this.own = {}; this.glyphs = await this.glyphsOf(model.key); }
        for (const name of changed) delete this.own[name];
        this.chosen = { ...values, key: model.key };
        await this.showChosen();
    }

    async takeFromRead(name) {
        const ink = (await partOf('lens')).ink();
        if (!ink) { this.say('There is no glyph on Read yet: draw one there first.', 'problem'); return; }
        this.own[name] = ink.slice();
        await this.showChosen();
    }

    inkOf(name) {
        const text = this.glyphs[this.chosen[name]];
        return this.own[name] ?? (text && Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
    }

    async showChosen() {
        const inks = NAMES.map((name) => this.inkOf(name));
        if (inks.some((ink) => !ink)) { this.say('This model came without pictures: bring a glyph from Read to each of the three places.'); return; }
        if (new Set(inks.map((ink) => ink.join())).size < 3) {
            this.say('Choose three different glyphs: between a glyph and itself there is no way to go, and two alike span no plane.', 'problem');
            return;
        }
        Object.assign(this, { corners: inks.map(toModel), ends: [...HOME] });
        this.names = NAMES.map((name) => (this.own[name] ? 'the glyph of Read' : this.nameOf(this.chosen[name])));
        this.showCorners(inks);
        await this.withEngine(async (client) => {
            const mine = this.planes += 1;
            this.walks += 1;  // whoever walks on the plane before stops
            await this.showPlane(client, mine);
            if (mine !== this.planes) return;
            this.lookAt(this.probe);
            await this.walk(client);
        });
    }

    nameOf(key) { return this.model.facts.sorts.find((sort) => sort.name === key)?.text ?? key.replace('example: ', ''); }

    showCorners(inks) {
        this.element.querySelectorAll('[data-corner]').forEach((figure, k) => {
            paint(figure.querySelector('canvas'), inks[k]);
            figure.querySelector('.name').textContent = `${LABELS[NAMES[k]]}: ${this.names[k]}`;
        });
    }

    async showPlane(client, mine) {
        const energy = new Float32Array(GRID * GRID), row = new Float32Array(GRID * PIXELS), { corners, names } = this;
        for (let v = 0; v < GRID; v++) {
            for (let u = 0; u < GRID; u++) row.set(onPlane(corners, AXIS[u], AXIS[v]), u * PIXELS);
            energy.set((await client.read(row)).energy, v * GRID);
            if (mine !== this.planes) return;
        }
        this.terrain.show(new Plane({ corners, names, axis: AXIS, energy, threshold: this.model.facts.threshold }));
        this.terrain.way([], [], this.ends);
    }

    moveEnd(end, place) {
        this.ends[end] = place;
        this.withEngine((client) => this.walk(client));
    }

    // Both ways between the two ends.
    async walk(client) {
        const mine = this.walks += 1, { corners, ends } = this, { threshold } = this.model.facts;
        const [a, b] = ends.map(([u, v]) => onPlane(corners, u, v)), shadow = ontoPlane(corners);
        const images = straight(a, b, IMAGES), line = { images, energy: (await client.read(images)).energy };
        for await (const { path, energy, step } of lowestEnergy(client, a, b, { n: IMAGES })) {
            if (mine !== this.walks) return;
            this.ways.show(line, { images: path, energy }, threshold);
            const places = Array.from({ length: IMAGES }, (_, k) => shadow(path.subarray(k * PIXELS, (k + 1) * PIXELS)));
            this.terrain.way(places, [...energy], ends);
            if (step === 0) this.say('The lowest path is bending…');
            if (step === 100) this.say(comparison(line.energy, energy));
        }
    }

    lookAt(place) {
        this.probe = place;
        if (this.corners) this.readLatest(place);
    }

    async readPlace(client, [u, v]) {
        const glyph = onPlane(this.corners, u, v), { energy: [energy], logits } = await client.read(glyph);
        this.terrain.probe([u, v]);
        this.showProbe(glyph, [u, v], energy, logits);
    }

    showProbe(glyph, [u, v], energy, logits) {
        const { threshold, sorts } = this.model.facts, notes = [];
        paint(this.find('.probe canvas'), toInk(glyph));
        if (threshold !== null) notes.push(energy > threshold ? 'a stranger' : 'like a known glyph');
        if (logits.length > 1) notes.push(`read as ${sorts[logits.indexOf(Math.max(...logits))].text}`);
        this.find('.probe-words').textContent = `u ${words(u)}, v ${words(v)}: energy ${words(energy)}${notes.length ? ` (${notes.join(', ')})` : ''}`;
        [this.sliders[0].value, this.sliders[1].value] = [u, v];
    }
}

/** Both ways in words, by the energies of their images. */
function comparison(line, path) {
    const up = barrier(path), low = Math.min(...path), [first, last] = [path[0], path.at(-1)];
    const start = `The straight line climbs ${words(barrier(line))} above its higher end, the lowest path found ${up > 0.005 ? words(up) : 'not at all'}.`;
    if (low > Math.min(first, last) - BELOW) return start;
    return `${start} On its way it falls to ${words(low)} at image ${path.indexOf(low) + 1}, below both ends (${words(first)} and ${words(last)}). `
        + 'The lowest places are not the glyphs of the corpus: look at that image.';
}
