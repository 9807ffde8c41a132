// The tab Print in the visitor's own browser: chains in the engine's worker, shown by the player, steered while they run.
import { MOST } from '../../engine/engine.js';
import { model as shownModel } from '../../engine/page.js';
import { mean } from '../../parts/chart.js';
import { toModel, words } from '../../parts/glyph.js';
import { FieldError } from './fields.js';
import { wantedOf } from './wanted.js';

const RUNS = 10 * 1024;  // steps of the longest chains
const IN_A_ROW = 4;  // glyphs of each recipe that is compared

function number(field, name, value, [low, high], whole = false) {
    const n = Number(value);
    if (!(n >= low && n <= high) || value === null || value === '' || (whole && n !== Math.round(n))) {
        throw new FieldError(field, `The ${name} must be ${whole ? 'a whole number' : 'a number'} from ${low} to ${high}.`);
    }
    return n;
}

/** A checked request of the tab's controls; each number lies within the bounds of its name. */
export function requestOf(values, facts, bounds) {
    const count = values.way === 'word' ? 1 : number('count', 'number of glyphs', values.count, bounds.count, true);
    return {
        ...wantedOf({ ...values, count }, facts.sorts),
        steps: number('steps', 'number of steps', values.steps, bounds.steps, true),
        stepSize: number('step_size', 'step size', values.step_size, bounds.step_size),
        noise: number('noise', 'noise', values.noise, bounds.noise),
        seed: number('seed', 'seed', values.seed, bounds.seed, true),
        guidance: number('guidance', 'guidance', values.guidance ?? 1, bounds.guidance),
        values,
    };
}

/**
 * The softmax's largest class of each glyph, its energy, whether its energy is like a known one's (null: nobody knows), and whether it is
 * lower than that of any known glyph.
 */
export function readingsOf({ energy, logits }, facts) {
    const outputs = logits.length / energy.length;
    return Array.from(energy, (e, k) => {
        const row = logits.subarray(k * outputs, (k + 1) * outputs);
        const below = facts.reference.length > 0 && e < facts.reference[0];
        return { label: row.indexOf(Math.max(...row)), energy: e, known: facts.threshold === null ? null : e <= facts.threshold && !below, below };
    });
}

/** What became of several recipes, in words. */
function compared(readings, { groups, each, labels }, facts) {
    return groups.map(({ name }, k) => {
        const own = readings.slice(k * each, (k + 1) * each), known = own.filter((reading) => reading.known).length;
        const right = labels.length ? `, ${own.filter(({ label }) => label === labels[0]).length} read as ${facts.sorts[labels[0]].text}` : '';
        return `${name} (${known} of ${each} like a known glyph${right}, mean energy ${words(mean(own.map(({ energy }) => energy)))})`;
    }).join('; ') + '.';
}

/** What became of a run, in words. */
export function outcome(readings, request, facts) {
    if (request.groups) return `Side by side, from the same noise: ${compared(readings, request, facts)}`;
    const count = readings.length, known = readings.filter((reading) => reading.known).length;
    const below = readings.filter((reading) => reading.below).length;
    const low = facts.threshold === null ? 'The model is uncalibrated: no energy is called a stranger’s'
        : count > 1 ? `${known} of ${count} have an energy like a known glyph’s${below ? `; ${below} lie below those of all known glyphs` : ''}`
            : known ? 'Its energy is like a known glyph’s' : below ? 'Its energy is lower than that of any known glyph' : 'Its energy is a stranger’s';
    if (!facts.sorts.length) return `${low}.`;
    if (request.values.way !== 'sort' || !request.labels.length) return `Read back: ${readings.map(({ label }) => facts.sorts[label].text).join(' ')}. ${low}.`;
    const right = readings.filter(({ label }, k) => label === request.labels[k]).length;
    return `Read back: ${right} of ${count} as ${facts.sorts[request.labels[0]].title}. ${low}.`;
}

/** What the player must know of recipes that are compared. */
function rowsOf({ groups, each }) {
    return groups ? { wide: each, rows: groups.map(({ name }) => name), y: 'energy of all recipes' } : {};
}

/** Prints what is asked for. */
export class Printer {
    /**
     * @param {object} player of the tab, as player.js mounts it.
     * @param {object} bounds name -> [lowest, highest], see by_engine.py.
     * @param {object} heard what is called:
     * @param {function(string, string=): void} heard.say shows a sentence, of the kind 'hint' or 'problem'.
     * @param {function(): void} heard.begins when a run begins.
     * @param {function(object): void} heard.ended with each run that is over, as `record` gives it.
     */
    constructor(player, bounds, { say, begins, ended }) { Object.assign(this, { player, bounds, say, begins, ended, pace: 60, run: null, last: null }); }

    /** Prints afresh. */
    async start(values) {
        const model = await shownModel();
        const request = requestOf(values, model.facts, this.bounds);
        await this.go(model, request, { run: `run ${Date.now()}`, starts: null, done: 0, seed: request.seed, steps: request.steps });
    }

    /**
     * Prints by several recipes at once, a row each, from the same noise.
     *
     * @param {object} values of the controls.
     * @param {[string, number, number][]} recipes name, and how many times the trained step size and the trained noise.
     */
    async compare(values, recipes) {
        if (values.way === 'word') throw new Error('Recipes are compared on one sort, a combination or no sort, not on a word.');
        const model = await shownModel(), { sampler } = model.facts, count = IN_A_ROW * recipes.length;
        const asked = requestOf({ ...values, count, step_size: sampler.stepSize, noise: sampler.noise }, model.facts, this.bounds);
        const groups = recipes.map(([name, further, hotter], k) => ({
            name, to: IN_A_ROW * (k + 1), stepSize: further * sampler.stepSize, noise: Math.min(hotter * sampler.noise, this.bounds.noise[1]),
        }));
        const request = { ...asked, groups, each: IN_A_ROW };
        await this.go(model, request, { run: `run ${Date.now()}`, starts: null, done: 0, seed: request.seed, steps: request.steps });
    }

    /** Goes on with the last run, from its end, for as many steps more. */
    async goOn(values) {
        const { last } = this, model = await shownModel();
        const request = requestOf(values, model.facts, this.bounds);
        if (!last || last.model !== model.key || request.count !== last.request.count) throw new Error('Nothing like this was printed yet: press Print first.');
        if (last.step + request.steps > RUNS) throw new Error(`These chains are ${last.step} steps long: that is enough. Press Print for fresh ones.`);
        await this.go(model, request, { run: last.run, starts: last.glyphs, done: last.step, seed: last.seed, steps: request.steps });
    }

    /** Goes on from a state that was recorded, with other noise. */
    async branch(frame) {
        const basis = this.run ?? this.last, model = await shownModel();
        if (!basis || model.key !== basis.model) return;
        const left = Math.max(basis.of - frame.step, 16), starts = toModel(frame.inks);
        await this.end();
        this.player.cut(frame.step);
        await this.go(model, basis.request, { run: basis.run, starts, done: frame.step, seed: basis.seed + 1, steps: left });
    }

    async go(model, request, { run, starts, done, seed, steps }) {
        await this.end();
        const { facts } = model, mine = { run, request, seed, model: model.key, of: done + steps };
        this.run = mine;
        this.begins();
        this.player.begin({ run, of: done + steps, band: facts.band, tiles: request.count, aim: request.name && `energy ${request.name}`, y: 'energy', ...rowsOf(request) }, {
            pause: (paused) => this.client?.change({ paused }),
            branch: (frame) => this.branch(frame),
        });
        this.say(`Printing ${request.what}…`);
        try {
            this.client = await model.client('print', MOST);
            const { stepSize, noise, count, aims } = request;
            const running = this.client.run({
                count, seed, aims, starts, done, steps, stepSize, noise, clip: facts.sampler.clip ?? Infinity, pace: this.pace,
                groups: request.groups, each: request.each,
            }, (frames) => { if (this.run === mine) this.player.add(frames); });
            mine.ending = running.catch(() => {});
            const { step, glyphs } = await running;
            const read = readingsOf(await this.client.read(glyphs), facts);
            if (this.run !== mine) return;
            this.last = { ...mine, step, glyphs };
            this.player.end(facts.sorts.length ? read.map(({ label, known }) => [facts.sorts[label].text, known]) : []);
            this.say((step < mine.of ? `Stopped after ${step} of ${mine.of} steps. ` : '') + outcome(read, mine.request, facts));  // its sort may have changed meanwhile
            this.ended(this.record());
        } finally { if (this.run === mine) this.run = null; }
    }

    /** Ends the run, if there is one. */
    async end() {
        const { run } = this;
        if (!run) return;
        this.run = null;
        await this.client?.stop();
        await run.ending;
    }

    /** Stops the run and keeps what it printed. */
    stop() { this.client?.stop(); }

    /** The controls have changed: what can act on running chains does so at once. */
    async change(values) {
        const { run } = this;
        if (!run || run.request.groups) return;  // recipes that are compared stay as they are
        const { facts } = await shownModel();
        try {
            const request = requestOf({ ...values, count: run.request.count, seed: run.request.seed }, facts, this.bounds);
            if (request.count !== run.request.count) return;  // another word: it is for the next run
            run.request = { ...request, seed: run.request.seed };
            const { aims, stepSize, noise } = request;
            this.client.change({ aims, stepSize, noise });
            this.player.name(request.name && `energy ${request.name}`);
        } catch { /* half a word is being typed */ }
    }

    /** How many steps a second are run; 0 = as many as the machine can. */
    setPace(pace) { this.pace = pace; if (this.run) this.client?.change({ pace }); }

    /** The run as it is recorded so far, or the last one; null before the first. */
    record() {
        const frames = [...this.player.recorded()], basis = this.run ?? this.last;
        if (!basis || !frames.length) return null;
        const { request, seed, model } = basis;
        return { request, step: frames.at(-1).step, seed, model, frames, count: request.count };
    }
}
