// Wires the tab Surface: the page's engine walks the surface where it can, otherwise the server is asked.
import { model as shownModel, onModel } from '../../engine/page.js';
import { PIXELS, toInk, toModel, words } from '../../parts/glyph.js';
import { partOf, put } from '../../parts/places.js';
import { paint } from '../../parts/sheet.js';
import { barrier, lowestEnergy, onPlane, ontoPlane, straight } from './paths.js';
import { mount as mountTerrain } from './terrain.js';
import { mount as mountWays } from './ways.js';

const IMAGES = 24, GRID = 41, MARGIN = 0.25, MOST = 48;
const AXIS = Array.from({ length: GRID }, (_, k) => -MARGIN + (1 + 2 * MARGIN) * k / (GRID - 1));
const BELOW = 0.05;  // a path that dips further than this below both ends is worth a sentence
const LABELS = { first: 'From', second: 'To', third: 'Third' }, NAMES = Object.keys(LABELS);

/**
 * Makes the tab's desk.
 *
 * @param {HTMLElement} element with the template of desk.py.
 * @param {{askServer: function(): void, glyphsOf: function(string): Promise<object>}} outside what asks the server to look, and
 *     what gives the glyphs of a model that may be chosen: key -> ink, base64.
 */
export function mount(element, { askServer, glyphsOf }) {
    const find = (selector) => element.querySelector(selector);
    const terrain = mountTerrain(find('.terrain'), { moves: move, looks: look });
    const ways = mountWays(find('.ways'));
    const sliders = [...element.querySelectorAll('[data-axis]')];
    let model = null, glyphs = {}, corners = null, names = [], chosen = {}, own = {}, ends = [[0, 0], [1, 0]], probe = [0.33, 0.33], visited = false, turn = 0, planes = 0;

    for (const slider of sliders) {
        Object.assign(slider, { min: AXIS[0], max: AXIS.at(-1), step: 0.01, value: probe[0] });
        slider.addEventListener('input', () => look(sliders.map((s) => Number(s.value))));
    }

    function say(text, kind = 'hint') {
        find('.surface-words').className = `surface-words ${kind}`;
        find('.surface-words').textContent = text;
    }

    // Everything is asked of one worker; where it fails, the server is asked from then on.
    async function working(run) {
        try { await run(await model.client('surface', MOST)); } catch (error) {
            if (!model.clients.surface?.dead || model.closed) { if (!model.closed) say(error.message, 'problem'); return; }
            model.fail(error);
            askServer();
        }
    }

    async function begin(values) {
        model = await shownModel();
        if (!model.isHere) { askServer(); return; }
        terrain.view(values.view);
        const key = model.key, changed = NAMES.some((name) => values[name] !== chosen[name]) || chosen.key !== key;
        if (!changed) return;
        if (chosen.key !== key) { own = {}; glyphs = await glyphsOf(key); }
        for (const name of NAMES) if (values[name] !== chosen[name]) delete own[name];
        chosen = { ...values, key };
        await choose();
    }

    async function choose() {
        const inks = NAMES.map((name) => own[name] ?? (glyphs[chosen[name]] && Uint8Array.from(atob(glyphs[chosen[name]]), (c) => c.charCodeAt(0))));
        if (inks.some((ink) => !ink)) { say('This model came without pictures: bring a glyph from Read to each of the three places.'); return; }
        const all = new Set(inks.map((ink) => ink.join()));
        if (all.size < 3) { say('Choose three different glyphs: between a glyph and itself there is no way to go, and two alike span no plane.', 'problem'); return; }
        corners = inks.map(toModel);
        names = NAMES.map((name) => (own[name] ? 'the glyph of Read' : nameOf(chosen[name])));
        ends = [[0, 0], [1, 0]];
        showCorners(inks);
        await working(async (client) => {
            const mine = planes += 1;
            turn += 1;  // whoever walks on the plane before stops
            await plane(client, mine);
            if (mine !== planes) return;
            look(probe);
            await walk(client, turn += 1);
        });
    }

    function nameOf(key) { return model.facts.sorts.find((sort) => sort.name === key)?.text ?? key.replace('example: ', ''); }

    function showCorners(inks) {
        element.querySelectorAll('[data-corner]').forEach((figure, k) => {
            paint(figure.querySelector('canvas'), inks[k]);
            figure.querySelector('.name').textContent = `${LABELS[NAMES[k]]}: ${names[k]}`;
        });
    }

    async function plane(client, mine) {
        const energy = new Float32Array(GRID * GRID), row = new Float32Array(GRID * PIXELS);
        for (let v = 0; v < GRID; v++) {
            for (let u = 0; u < GRID; u++) row.set(onPlane(corners, AXIS[u], AXIS[v]), u * PIXELS);
            energy.set((await client.read(row)).energy, v * GRID);
            if (mine !== planes) return;
        }
        terrain.show({ corners, names, axis: AXIS, energy, threshold: model.facts.threshold });
        terrain.way([], [], ends);
    }

    // Both ways between the two ends; a newer walk ends an older one.
    async function walk(client, mine) {
        const [a, b] = ends.map(([u, v]) => onPlane(corners, u, v)), shadow = ontoPlane(corners), { threshold } = model.facts;
        const images = straight(a, b, IMAGES), line = { images, energy: (await client.read(images)).energy };
        for await (const { path, energy, step } of lowestEnergy(client, a, b, { n: IMAGES })) {
            if (mine !== turn) return;
            const lowest = { images: path, energy };
            ways.show(line, lowest, threshold);
            terrain.way(Array.from({ length: IMAGES }, (_, k) => shadow(path.subarray(k * PIXELS, (k + 1) * PIXELS))), [...energy], ends);
            if (step === 0) say('The lowest path is bending…');
            if (step === 100) say(told(line.energy, lowest));
        }
    }

    function told(line, { energy }) {
        const up = barrier(energy), low = Math.min(...energy), edge = Math.min(energy[0], energy.at(-1));
        const start = `The straight line climbs ${words(barrier(line))} above its higher end, the lowest path found ${up > 0.005 ? words(up) : 'not at all'}.`;
        if (low > edge - BELOW) return start;
        const at = energy.indexOf(low) + 1;
        return `${start} On its way it falls to ${words(low)} at image ${at}, below both ends (${words(energy[0])} and ${words(energy.at(-1))}). `
            + 'The lowest places are not the glyphs of the corpus: look at that image.';
    }

    function move(end, place) {
        ends[end] = place;
        working((client) => walk(client, turn += 1));
    }

    let looking = false, next = null;
    async function look(place) {  // only the latest place is read, as soon as the one before is answered
        probe = next = place;
        if (looking || !corners) return;
        looking = true;
        await working(async (client) => {
            while (next) {
                const [u, v] = next, glyph = onPlane(corners, u, v);
                next = null;
                const { energy: [energy], logits } = await client.read(glyph);
                terrain.probe([u, v]);
                show(glyph, u, v, energy, logits);
            }
        });
        looking = false;
    }

    function show(glyph, u, v, energy, logits) {
        const { threshold, sorts } = model.facts, notes = [];
        paint(find('.probe canvas'), toInk(glyph));
        if (threshold !== null) notes.push(energy > threshold ? 'a stranger' : 'like a known glyph');
        if (logits.length > 1) notes.push(`read as ${sorts[logits.indexOf(Math.max(...logits))].text}`);
        find('.probe-words').textContent = `u ${words(u)}, v ${words(v)}: energy ${words(energy)}${notes.length ? ` (${notes.join(', ')})` : ''}`;
        [sliders[0].value, sliders[1].value] = [u, v];
    }

    element.querySelectorAll('[data-corner] button').forEach((button, k) => button.addEventListener('click', async () => {
        const ink = (await partOf('lens')).ink();
        if (!ink) { say('There is no glyph on Read yet: draw one there first.', 'problem'); return; }
        own[NAMES[k]] = ink.slice();
        choose();
    }));
    onModel((shown) => { if (!shown.isHere) corners = null; });

    window.glyphLink?.tells('surface', () => {
        const moved = ends.flat().join() !== '0,0,1,0';
        return { left: [Object.keys(own).length && 'the glyph of Read', moved && 'where the ends were dragged'].filter(Boolean) };
    });

    return put('surface desk', {
        /** Looks at what the controls ask for. */
        look(values) { visited = true; begin(values); },
        /** Looks where the tab is opened for the first time. */
        visit(values) { if (!visited) this.look(values); },
        /** Looks by a new model, or at what a link asks for; not where nobody has looked yet. */
        again(opened, values) { if (visited || opened === 'surface') this.look(values); },
    });
}
