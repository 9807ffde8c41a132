// Reading in the page: the energy moves while one draws, pushes pixels, or moves the glyph by its handles.
import { glyphOf, strokesOf } from '../../engine/drawing.js';
import { onModel } from '../../engine/page.js';
import { SIZE, toInk, toModel } from '../../parts/glyph.js';
import { inkOf, openInRead } from '../../parts/opening.js';
import { pack } from '../../parts/packing.js';
import { partOf, put } from '../../parts/places.js';
import { dotEffects } from './dots.js';
import { card, summary, verdictOf } from './verdict.js';
import { MOVES, NONE, alongOne, moved } from './moves.js';

const MOST = 48;  // glyphs at once
const HINT = 'Draw a letter, bring a picture, or click one of the examples: its energy appears here.';

/** Only the latest of many questions is asked, as soon as the one before is answered. */
function latest(ask) {
    let busy = false, next = null;
    return async (...given) => {
        next = given;
        if (busy) return;
        busy = true;
        try { while (next) { const now = next; next = null; await ask(...now); } } finally { busy = false; }
    };
}

/**
 * Makes the card and the handles of its element, which has the template of live.py.
 *
 * @param {HTMLElement} element of the component.
 * @returns {object} what the pad, the lens and the radio of overlays call.
 */
export function mount(element) {
    const find = (selector) => element.querySelector(selector);
    let model = null, lens = null, drawing = false, overlay = 'none', base = null, moves = { ...NONE }, shown = null;
    partOf('lens').then((part) => { lens = part; read(lens.ink()); });

    const isHere = () => Boolean(model?.isHere);
    const client = () => model.client('read', MOST);

    const paint = latest(async (ink) => {
        try {
            const worker = await client(), glyph = toModel(ink), { energy, logits } = await worker.read(glyph);
            if (!base) return;  // the pad was emptied meanwhile
            shown = verdictOf(energy[0], logits, model.facts);
            find('.live-card').innerHTML = card(shown, model.facts);
            offer();
            if (!drawing) find('.live-spoken').textContent = summary(shown, model.facts);
            if (overlay === 'slope') lens.lay((await worker.slope(glyph)).slope);
            if (overlay === 'dot') dots(glyph);
        } catch (error) { if (isHere() && model.clients.read?.dead) model.fail(error); }
    });

    // In a worker of its own, so that readings do not wait; a newer glyph ends it.
    let dotted = null;
    async function dots(glyph) {
        dotted = glyph;
        try {
            for await (const effects of dotEffects(await model.client('dots', SIZE), glyph)) {
                if (dotted !== glyph || overlay !== 'dot') return;
                lens.lay(effects);
            }
        } catch (error) { if (isHere() && model.clients.dots?.dead) model.fail(error); }
    }

    function read(ink) {
        if (!isHere()) return;
        tell('');
        if (!ink) { find('.live-card').innerHTML = `<div class="hint"><p>${HINT}</p></div>`; base = shown = dotted = null; find('.live-spoken').textContent = ''; offer(); return; }
        base = toModel(ink);
        reset();
        paint(ink);
    }

    // What can be done about a stranger: a drawing may be inked anew, and any glyph be finished.
    async function offer() {
        const pad = await partOf('pad'), button = (name) => find(`.then [data-do=${name}]`);
        button('ink').hidden = !pad.strokes().length || pad.isInked();
        button('finish').hidden = !document.querySelector('#finish-go');
        find('.then-said').hidden = !pad.isInked();
        find('.then').hidden = drawing || !shown?.isStranger || (button('ink').hidden && button('finish').hidden);
    }
    find('.then [data-do=ink]').addEventListener('click', async () => (await partOf('pad')).inkLikePrint());
    find('.then [data-do=finish]').addEventListener('click', () => {
        document.querySelector('#finish-preset input[value=finish]').click();
        document.querySelector('#finish').scrollIntoView({ behavior: 'smooth' });
        const far = () => document.querySelector('#finish-steps input[type=number]').value, before = far();
        const began = performance.now(), press = () => {  // Gradio sets the steps that go with it a moment later
            if (far() === before && performance.now() - began < 2000) { setTimeout(press, 50); return; }
            setTimeout(() => document.querySelector('#finish-go').click(), 100);
        };
        press();
    });

    function tell(text) {
        find('.live-said').textContent = text;
        find('.live-card').classList.toggle('old', Boolean(text));  // nothing is lost, and it is no reading of what was brought
    }

    // What the server says of a picture that it cannot read appears here too.
    const onServer = document.querySelector('#reading');  // the static site has none
    if (onServer) {
        new MutationObserver(() => tell(onServer.querySelector('.problem')?.textContent ?? '')).observe(onServer, { subtree: true, childList: true });
    }

    // The handles, each with the energies along its whole way.
    const curves = latest(async () => {
        if (!base || !isHere() || !find('.moves').open) return;
        const worker = await client(), glyph = base;
        for (const name of Object.keys(MOVES)) {
            if (base !== glyph) return;  // another one, or none, has come meanwhile
            const { values, glyphs } = alongOne(glyph, moves, name);
            curve(name, values, (await worker.read(glyphs)).energy);
        }
    });

    function curve(name, values, energies) {
        const canvas = find(`canvas[data-move=${name}]`), box = canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
        if (!box.width) return;
        canvas.width = box.width * scale;
        canvas.height = box.height * scale;
        const pen = canvas.getContext('2d'), style = getComputedStyle(element), colour = (token) => style.getPropertyValue(token).trim();
        const { threshold } = model.facts, all = [...energies, ...(threshold === null ? [] : [threshold])];
        const low = Math.min(...all), high = Math.max(...all), span = high - low || 1;
        const { low: first, high: last } = MOVES[name], x = (v) => 8 + (box.width - 16) * (v - first) / (last - first);
        const y = (e) => 4 + (box.height - 8) * (1 - (e - low) / span);
        pen.scale(scale, scale);
        if (threshold !== null) {
            pen.strokeStyle = colour('--axis');
            pen.setLineDash([4, 4]);
            pen.beginPath(); pen.moveTo(0, y(threshold)); pen.lineTo(box.width, y(threshold)); pen.stroke();
            pen.setLineDash([]);
        }
        pen.strokeStyle = colour('--accent');
        pen.lineWidth = 2;
        pen.beginPath();
        values.forEach((value, k) => pen.lineTo(x(value), y(energies[k])));
        pen.stroke();
        const nearest = values.reduce((best, value, k) => (Math.abs(value - moves[name]) < Math.abs(values[best] - moves[name]) ? k : best), 0);
        pen.fillStyle = colour('--ink');
        pen.beginPath(); pen.arc(x(moves[name]), y(energies[nearest]), 4, 0, 2 * Math.PI); pen.fill();
    }

    function reset() {
        moves = { ...NONE };
        for (const input of element.querySelectorAll('input[data-move]')) input.value = MOVES[input.dataset.move].none;
        write();
        curves();
    }

    function write() {
        for (const [name, { words }] of Object.entries(MOVES)) find(`output[data-move=${name}]`).textContent = words(moves[name]);
    }

    for (const input of element.querySelectorAll('input[data-move]')) {
        const { low, high, none } = MOVES[input.dataset.move];
        Object.assign(input, { min: low, max: high, step: (high - low) / 280, value: none });
        input.addEventListener('input', () => {
            if (!base || !isHere()) return;
            moves[input.dataset.move] = Number(input.value);
            show(toInk(moved(base, moves)));
        });
        input.addEventListener('change', () => api.kept?.());
    }
    find('[data-do=back]').addEventListener('click', () => { if (base) { show(toInk(base)); reset(); api.kept?.(); } });
    find('.live-card').addEventListener('click', async (event) => {
        const { typical } = event.target.dataset;
        if (!typical) return;
        const all = Object.assign(new Image(), { src: model.facts.typical });
        await all.decode();
        openInRead(inkOf(all, SIZE * Number(typical), 0, SIZE, SIZE));
    });
    find('.moves').addEventListener('toggle', () => curves());
    new MutationObserver(() => curves()).observe(document.body, { attributes: true, attributeFilter: ['class'] });  // light, dark

    function show(ink) {
        lens.show(ink, true);
        paint(ink);
        write();
        curves();
    }

    // A glyph that is no drawing and no example goes into the link itself, and so does the mask.
    window.glyphLink?.tells('read', async (link) => {
        const more = {}, ink = lens?.ink();
        if (ink && (lens.isEdited() || !(link.get('draw') || link.get('example')))) more.ink = await pack(ink);
        if (ink && lens.mask().some(Boolean)) more.mask = await pack(lens.mask());
        const isFinished = document.querySelector('.player[data-name=finished]')?.dataset.empty === 'false';
        return { more, left: isFinished ? ['what the model made of the glyph (the same seed makes it again)'] : [] };
    });

    onModel((next) => { model = next; if (lens) read(lens.ink()); });
    const api = {
        isHere,
        kept: null,  // called when the lens holds what the handles made
        /** Reads strokes while they are drawn. */
        draws(strokes) { drawing = true; if (isHere()) this.take(glyphOf(strokes, model.facts.preprocessing)); },
        /** Reads a finished drawing; false where the server has to. */
        drawn(text) {
            drawing = false;
            const glyph = isHere() ? glyphOf(strokesOf(text), model.facts.preprocessing) : null;
            if (!isHere() || (text && !glyph)) return false;
            this.take(glyph);
            return true;
        },
        take(glyph) {
            const ink = glyph && toInk(glyph);
            lens.show(ink);
            read(ink);
        },
        /** Reads what the lens shows. */
        read,
        /** Moves the glyph by so much more, by the names of MOVES; within their bounds. */
        shift(by) {
            if (!base || !isHere()) return;
            for (const [name, more] of Object.entries(by)) {
                const { low, high } = MOVES[name];
                moves[name] = Math.max(low, Math.min(high, moves[name] + more));
                find(`input[data-move=${name}]`).value = moves[name];
            }
            show(toInk(moved(base, moves)));
        },
        /** Lays the slope over the glyph, or nothing; false where the server has to. */
        lay(name) {
            overlay = name;
            if (!isHere()) return false;
            if (name === 'none') lens?.lay(null);
            else if (lens?.ink()) paint(lens.ink());
            return true;
        },
        shown: () => shown,
    };
    write();
    return put('reading', api);
}
