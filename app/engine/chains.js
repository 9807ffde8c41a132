// The chains of a run, or the part of them that one engine computes: chain k lies in the engine's slot k, so that its noise
// does not depend on who computes it.
import { PIXELS, toInk } from '../parts/glyph.js';

/** The chains `from` to `to` in an engine of this thread. */
export class Chains {
    /**
     * @param {Engine} engine whose memory they take.
     * @param {{seed: number, starts?: Float32Array, free?: Uint8Array, each?: number}} run `starts` has one glyph, or one for each
     *     chain of the run, or is missing; `free` has 1 where pixels may move, all others keep their values; after `each` chains
     *     the starting noise is that of the first again.
     * @param {number} from the first of them.
     * @param {number} to the one after the last.
     */
    constructor(engine, { seed, starts, free, each = Infinity }, from, to) {
        Object.assign(this, { engine, seed, from, to, masked: Boolean(free) });
        for (let k = from; k < to; k++) {
            const at = k * PIXELS, start = starts && (starts.length > PIXELS ? starts.subarray(at, at + PIXELS) : starts);
            if (!start || free) engine.start(k, seed, k % each);
            if (start && !free) engine.pictures.set(start, at);
            if (free) {
                engine.masks.set(free, at);
                for (let p = 0; p < PIXELS; p++) if (!free[p]) engine.pictures[at + p] = start[p];
            }
        }
    }

    /** Takes a step, the `index`-th since the start; gives the state before it. `groups` of chains up to `to` may have their own. */
    step(index, { aims, groups, ...how }) {
        const { engine, seed, from, to, masked } = this, inks = toInk(this.glyphs());
        this.aim(aims);
        let first = from;
        for (const group of groups ?? [{ to }]) {
            const end = Math.min(group.to, to);
            if (end > first) engine.step(end, index, { ...how, ...group, seed, masked, from: first });  // which measures the state before it
            first = Math.max(first, end);
        }
        return { inks, ...this.measured() };
    }

    /** The state as it is. */
    state({ aims }) {
        this.aim(aims);
        this.engine.measure(this.to, this.from);
        return { inks: toInk(this.glyphs()), ...this.measured(), glyphs: this.glyphs().slice() };
    }

    // New aims (see Engine.aimOf) are one, or one for each chain of the run; without any the chains keep theirs.
    aim(aims) {
        const { engine, from, to } = this, mixes = aims?.map((aim) => engine.aimOf(aim));
        for (let k = from; mixes && k < to; k++) engine.mixes.set(mixes[Math.min(k, mixes.length - 1)], k * (engine.outputs + 1));
    }

    glyphs() { return this.engine.pictures.subarray(this.from * PIXELS, this.to * PIXELS); }

    measured() {
        const { engine: { energies, aimed }, from, to } = this;
        return { energy: energies.slice(from, to), aimed: aimed.slice(from, to) };
    }
}

/** Chains in another worker, behind a port; it answers one question after the other. */
export class DistantChains {
    constructor(port, ...given) {
        Object.assign(this, { port, waiting: [] });
        port.onmessage = ({ data }) => this.waiting.shift()(data);
        port.postMessage({ does: 'begin', given });
    }

    step(...given) { return this.ask('step', given); }

    state(...given) { return this.ask('state', given); }

    ask(does, given) {
        this.port.postMessage({ does, given });
        return new Promise((done) => { this.waiting.push(done); });
    }
}

/** Computes chains for another worker, in an engine of this one. */
export function serveChains(engine, port) {
    let chains = null;
    port.onmessage = ({ data: { does, given } }) => {
        if (does === 'begin') chains = new Chains(engine, ...given);
        else port.postMessage(chains[does](...given));
    };
}

/** The states of parts of the chains as one, in the order of the chains. */
export function joined(parts) {
    if (parts.length === 1) return parts[0];
    return Object.fromEntries(Object.keys(parts[0]).map((key) => {
        const rows = parts.map((part) => part[key]), all = new rows[0].constructor(rows.reduce((sum, row) => sum + row.length, 0));
        let at = 0;
        for (const row of rows) { all.set(row, at); at += row.length; }
        return [key, all];
    }));
}
