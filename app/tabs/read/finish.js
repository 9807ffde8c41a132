// "Let the model finish it" in the page: a chain from the glyph in the lens, shown by the player while it runs.
import { onModel, model as shownModel } from '../../engine/page.js';
import { toModel, words } from '../../parts/glyph.js';
import { partOf } from '../../parts/places.js';
import { verdictOf } from './verdict.js';

const STEPS = [4, 256], AS_READ = 'as read', ANY = 'any';
const SHARES = { mend: 0.25, finish: 0.5, dream: 1 };  // of the trained step size and noise, as in finishing.py

/**
 * Makes what the page's own engine needs beside Gradio's controls.
 *
 * @param {HTMLElement} element with the template of finish_panel.py.
 * @param {function(): void} askServer has the server finish the glyph, where the page cannot.
 */
export function mount(element, askServer) {
    const find = (selector) => element.querySelector(selector);
    let made = null, client = null;

    function say(text, kind = 'hint') { find('.said').className = `said ${kind}`; find('.said').textContent = text; }

    function labelOf(sort, logits, facts) {
        if (!facts.sorts.length || sort === ANY) return null;
        if (sort === AS_READ) return logits.indexOf(Math.max(...logits));
        const k = facts.sorts.findIndex(({ name }) => name === sort);
        if (k < 0) throw new Error(`The model knows no sort '${sort}'.`);
        return k;
    }

    async function run({ preset, towards, far, finish_seed: seed }, model) {
        const { facts } = model, [lens, player] = await Promise.all([partOf('lens'), partOf('finished')]), ink = lens.ink();
        if (!ink) throw new Error('There is no glyph to finish: draw one, bring one, or click an example.');
        const steps = Math.round(Number(far)), share = SHARES[preset];
        if (!share) throw new Error(`The preset is one of ${Object.keys(SHARES).join(', ')}.`);
        if (!(steps >= STEPS[0] && steps <= STEPS[1])) throw new Error(`The number of steps must be a whole number from ${STEPS[0]} to ${STEPS[1]}.`);
        client = await model.client('finish', 1);
        const glyph = toModel(ink), mask = lens.mask(), masked = mask.some(Boolean);
        const before = await client.read(glyph), label = labelOf(towards, before.logits, facts), part = masked ? 1 : share;
        find('[data-do=use]').disabled = true;
        say('The chain is running…');
        player.begin({ run: `finish ${Date.now()}`, of: steps, band: facts.band, tiles: 1, aim: label === null ? '' : 'energy with its sort' }, {
            pause: (paused) => client.change({ paused }),
        });
        const { stepSize, noise, clip } = facts.sampler;
        const { glyphs } = await client.run({
            count: 1, seed: Number(seed) || 0, aims: [label === null ? {} : { label }], starts: glyph, free: masked ? mask : null, steps,
            stepSize: part * stepSize, noise: part * noise, clip: clip ?? Infinity, pace: 30,
        }, (frames) => player.add(frames));
        player.end([]);
        const after = await client.read(glyphs), [was, now] = [before, after].map(({ energy, logits }) => verdictOf(energy[0], logits, facts));
        const title = ({ top }) => facts.sorts[top[0].index].title;
        const read = now.top.length ? `; read as ${title(was)} before, as ${title(now)} after` : '';
        say(`Energy ${words(was.energy)} before, ${words(now.energy)} after${read}${masked ? '; only masked pixels changed' : ''}.`);
        made = glyphs;
        find('[data-do=use]').disabled = false;
    }

    find('[data-do=use]').addEventListener('click', async () => {
        if (!made) return;
        (await partOf('reading')).take(made);
        document.querySelector('#live').scrollIntoView({ behavior: 'smooth', block: 'center' });
    });
    onModel(() => { made = null; find('[data-do=use]').disabled = true; say(''); });
    return {
        async start(values) {
            const model = await shownModel();
            if (!model.isHere) { askServer(); return; }
            try { await run(values, model); } catch (error) {
                if (!model.clients.finish?.dead) { say(error.message, 'problem'); return; }
                model.fail(error);
                askServer();
            }
        },
    };
}
