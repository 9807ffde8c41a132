// Reading in the page: the energy moves while one draws, pushes pixels, or moves the glyph by its handles.
import { glyphOf, strokesOf } from '../../engine/drawing.js';
import { onModel } from '../../engine/page.js';
import { SIZE, toInk, toModel } from '../../parts/glyph.js';
import { latest } from '../../parts/latest.js';
import { inkOf, openInRead } from '../../parts/opening.js';
import { pack } from '../../parts/packing.js';
import { partOf, put } from '../../parts/places.js';
import { dotEffects } from './dots.js';
import { Handles } from './handles.js';
import { finishBelow, offerHelp } from './stranger_help.js';
import { card, summary, verdictOf } from './verdict.js';

const MOST = 48;  // glyphs at once
const HINT = 'Draw a letter, bring a picture, or click one of the examples: its energy appears here.';

/**
 * Makes the card and the handles of its element, which has the template of live.py.
 *
 * @param {HTMLElement} element of the component.
 * @returns {Reading} what the pad, the lens and the radio of overlays call.
 */
export function mount(element) { return put('reading', new Reading(element)); }

class Reading {
    constructor(element) {
        Object.assign(this, {
            element, model: null, lens: null, isDrawing: false, overlay: 'none',
            verdict: null,  // of the glyph that was read last
            dotted: null,  // the glyph whose dots are being read
            kept: null,  // called when the lens holds what the handles made
        });
        this.handles = new Handles(element, {
            energies: (glyphs) => this.energies(glyphs),
            threshold: () => this.model.facts.threshold,
            show: (glyph) => this.showMoved(glyph),
            kept: () => this.kept?.(),
        });
        this.readLatest = latest((ink) => this.readInk(ink));
        this.listen();
    }

    find(selector) { return this.element.querySelector(selector); }

    /** Whether this page's engine reads. */
    isHere() { return Boolean(this.model?.isHere); }

    client() { return this.model.client('read', MOST); }

    /** The verdict on the glyph that is shown; null before the first. */
    shown() { return this.verdict; }

    /** Reads strokes while they are drawn. */
    draws(strokes) {
        this.isDrawing = true;
        if (this.isHere()) this.take(glyphOf(strokes, this.model.facts.preprocessing));
    }

    /** Reads a finished drawing; false where the server has to. */
    drawn(text) {
        this.isDrawing = false;
        const glyph = this.isHere() ? glyphOf(strokesOf(text), this.model.facts.preprocessing) : null;
        if (!this.isHere() || (text && !glyph)) return false;
        this.take(glyph);
        return true;
    }

    /** Shows and reads a glyph, (3136,) in [-1, 1], or nothing. */
    take(glyph) {
        const ink = glyph && toInk(glyph);
        this.lens.show(ink);
        this.read(ink);
    }

    /** Reads what the lens shows. */
    read(ink) {
        if (!this.isHere()) return;
        this.tell('');
        if (!ink) { this.clear(); return; }
        this.handles.begin(toModel(ink));
        this.readLatest(ink);
    }

    /** Moves the glyph by so much more, see handles.js. */
    shift(by) { if (this.isHere()) this.handles.shift(by); }

    /** Lays the slope or the effects of dots over the glyph, or nothing; false where the server has to. */
    lay(name) {
        this.overlay = name;
        if (!this.isHere()) return false;
        if (name === 'none') this.lens?.lay(null);
        else if (this.lens?.ink()) this.readLatest(this.lens.ink());
        return true;
    }

    clear() {
        this.find('.live-card').innerHTML = `<div class="hint"><p>${HINT}</p></div>`;
        this.find('.live-spoken').textContent = '';
        this.verdict = this.dotted = null;
        this.handles.begin(null);
        this.offer();
    }

    async energies(glyphs) {
        if (!this.isHere()) return null;
        try { return (await (await this.client()).read(glyphs)).energy; } catch (error) { this.failed('read', error); return null; }
    }

    showMoved(glyph) {
        const ink = toInk(glyph);
        this.lens.show(ink, true);
        this.readLatest(ink);
    }

    async readInk(ink) {
        const { model } = this;
        try {
            const client = await this.client(), glyph = toModel(ink), { energy, logits } = await client.read(glyph);
            if (!this.handles.base) return;  // the pad was emptied meanwhile
            this.verdict = verdictOf(energy[0], logits, model.facts);
            this.find('.live-card').innerHTML = card(this.verdict, model.facts);
            this.offer();
            if (!this.isDrawing) this.find('.live-spoken').textContent = summary(this.verdict, model.facts);
            if (this.overlay === 'slope') this.lens.lay((await client.slope(glyph)).slope);
            if (this.overlay === 'dot') this.layDots(glyph);
        } catch (error) { this.failed('read', error); }
    }

    // In a worker of its own, so that readings do not wait; a newer glyph ends it.
    async layDots(glyph) {
        this.dotted = glyph;
        try {
            for await (const effects of dotEffects(await this.model.client('dots', SIZE), glyph)) {
                if (this.dotted !== glyph || this.overlay !== 'dot') return;
                this.lens.lay(effects);
            }
        } catch (error) { this.failed('dots', error); }
    }

    failed(purpose, error) { if (this.isHere() && !this.model.closed && this.model.clients[purpose]?.dead) this.model.fail(error); }

    offer() { offerHelp(this.find('.then'), Boolean(this.verdict?.isStranger) && !this.isDrawing); }

    /** Says what is wrong with what was brought; the reading before stays, but is marked as old. */
    tell(text) {
        this.find('.live-said').textContent = text;
        this.find('.live-card').classList.toggle('old', Boolean(text));
    }

    listen() {
        partOf('lens').then((lens) => { this.lens = lens; this.read(lens.ink()); });
        onModel((model) => { this.model = model; if (this.lens) this.read(this.lens.ink()); });
        this.find('.live-card').addEventListener('click', ({ target }) => this.openTypical(target.dataset.typical));
        this.find('.then [data-do=ink]').addEventListener('click', async () => (await partOf('pad')).inkLikePrint());
        this.find('.then [data-do=finish]').addEventListener('click', finishBelow);
        const onServer = document.querySelector('#reading');  // the static site has none
        if (onServer) {  // what the server says of a picture that it cannot read appears here too
            new MutationObserver(() => this.tell(onServer.querySelector('.problem')?.textContent ?? '')).observe(onServer, { subtree: true, childList: true });
        }
        window.glyphLink?.tells('read', (link) => this.forLink(link));
    }

    async openTypical(index) {
        if (index === undefined) return;
        const all = Object.assign(new Image(), { src: this.model.facts.typical });
        await all.decode();
        openInRead(inkOf(all, SIZE * Number(index), 0, SIZE, SIZE));
    }

    // A glyph that is no drawing and no example goes into the link itself, and so does the mask.
    async forLink(link) {
        const more = {}, { lens } = this, ink = lens?.ink();
        if (ink && (lens.isEdited() || !(link.get('draw') || link.get('example')))) more.ink = await pack(ink);
        if (ink && lens.mask().some(Boolean)) more.mask = await pack(lens.mask());
        const isFinished = document.querySelector('.player[data-name=finished]')?.dataset.empty === 'false';
        return { more, left: isFinished ? ['what the model made of the glyph (the same seed makes it again)'] : [] };
    }
}
