// "Let the model finish it" in the page: a chain from the glyph in the lens, shown by the player while it runs.
import { onModel, model as shownModel } from '../../engine/page.js';
import { toModel, words } from '../../parts/glyph.js';
import { partOf } from '../../parts/places.js';
import { verdictOf } from './verdict.js';

const AS_READ = 'as read', ANY = 'any';
const PACE = 30;  // steps a second

/**
 * Makes what the page's own engine needs beside Gradio's controls.
 *
 * @param {HTMLElement} element with the template of finish_panel.py.
 * @param {function(): void} askServer has the server finish the glyph, where the page cannot.
 */
export function mount(element, askServer) { return new Finish(element, askServer); }

class Finish {
    constructor(element, askServer) {
        const { steps, shares } = element.querySelector('.finish-by-engine').dataset;
        Object.assign(this, {
            askServer, said: element.querySelector('.said'), use: element.querySelector('[data-do=use]'), made: null, current: null,
            steps: JSON.parse(steps),  // least and most
            shares: JSON.parse(shares),  // of the trained step size and noise, by preset
        });
        this.use.addEventListener('click', () => this.takeMade());
        onModel(() => { this.keep(null); this.say(''); });
    }

    /** Finishes the glyph as the panel's controls say. */
    async start(values) {
        const model = await shownModel();
        if (!model.isHere) { this.askServer(); return; }
        try { await this.run(values, model); } catch (error) {
            if (model.closed) return;  // another one is shown
            if (!model.clients.finish?.dead) { this.say(error.message, 'problem'); return; }
            model.fail(error);
            this.askServer();
        }
    }

    async run(values, model) {
        const { facts } = model, [lens, player] = await Promise.all([partOf('lens'), partOf('finished')]), ink = lens.ink();
        if (!ink) throw new Error('There is no glyph to finish: draw one, bring one, or click an example.');
        const { steps, share, seed } = this.checked(values), client = await model.client('finish', 1);
        const starts = toModel(ink), free = lens.mask().some(Boolean) ? lens.mask() : null, before = await client.read(starts);
        const label = labelOf(values.towards, before.logits, facts), part = free ? 1 : share, { stepSize, noise, clip } = facts.sampler;
        const mine = this.current = {};  // a newer run ends this one
        this.keep(null);
        this.say('The chain is running…');
        player.begin({ run: `finish ${Date.now()}`, of: steps, band: facts.band, tiles: 1, aim: label === null ? '' : 'energy with its sort' }, {
            pause: (paused) => client.change({ paused }),
        });
        const { glyphs } = await client.run({
            count: 1, seed, aims: [label === null ? {} : { label }], starts, free, steps,
            stepSize: part * stepSize, noise: part * noise, clip: clip ?? Infinity, pace: PACE,
        }, (frames) => { if (this.current === mine) player.add(frames); });
        const after = this.current === mine && await client.read(glyphs);
        if (this.current !== mine) return;
        player.end([]);
        this.say(comparison(...[before, after].map(({ energy, logits }) => verdictOf(energy[0], logits, facts)), facts) + (free ? '; only masked pixels changed.' : '.'));
        this.keep(glyphs);
    }

    checked({ preset, far, finish_seed: seed }) {
        const steps = Math.round(Number(far)), share = this.shares[preset], [least, most] = this.steps;
        if (!share) throw new Error(`The preset is one of ${Object.keys(this.shares).join(', ')}.`);
        if (!(steps >= least && steps <= most)) throw new Error(`The number of steps must be a whole number from ${least} to ${most}.`);
        return { steps, share, seed: Number(seed) || 0 };
    }

    say(text, kind = 'hint') { Object.assign(this.said, { className: `said ${kind}`, textContent: text }); }

    /** Keeps what the model made, for the button that takes it. */
    keep(made) {
        this.made = made;
        this.use.disabled = !made;
    }

    async takeMade() {
        if (!this.made) return;
        (await partOf('reading')).take(this.made);
        document.querySelector('#live').scrollIntoView({ behavior: 'smooth', block: 'center' });
    }
}

function labelOf(sort, logits, facts) {
    if (!facts.sorts.length || sort === ANY) return null;
    if (sort === AS_READ) return logits.indexOf(Math.max(...logits));
    const k = facts.sorts.findIndex(({ name }) => name === sort);
    if (k < 0) throw new Error(`The model knows no sort '${sort}'.`);
    return k;
}

/** Two verdicts in words. */
function comparison(was, now, facts) {
    const title = ({ top }) => facts.sorts[top[0].index].title;
    return `Energy ${words(was.energy)} before, ${words(now.energy)} after${now.top.length ? `; read as ${title(was)} before, as ${title(now)} after` : ''}`;
}
