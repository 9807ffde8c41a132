// What the player recorded of a run: a frame for each state that it was shown.

const KEPT = 512;  // frames at most
const ABOVE = 4;  // how far above the band of known glyphs the curves are drawn, in widths of the band

export class Recording {
    /** @param {function(object): void} loaded is called with a frame when its picture can be drawn. */
    constructor(loaded) { Object.assign(this, { loaded, frames: [], low: Infinity, high: -Infinity }); }

    get last() { return this.frames.at(-1); }

    /**
     * Takes frames from the server, which may repeat some: they are told apart by their step.
     *
     * @param {Array[]} given [step, address of the picture, energies, energies aimed at], ...
     * @param {boolean} isWhole whether these are all frames of a run that is over.
     */
    take(given, isWhole) {
        const last = this.last?.step ?? -Infinity;
        if (isWhole) {
            const kept = new Map(this.frames.map((frame) => [frame.step, frame]));
            this.frames = given.map((one) => kept.get(one[0]) ?? this.decode(one));
        } else {
            for (const one of given) if (one[0] > last) this.frames.push(this.decode(one));
        }
        this.measure();
    }

    decode([step, address, energy, aimed]) {
        const frame = { step, energy, aimed, picture: new Image() };
        frame.picture.onload = () => this.loaded(frame);
        frame.picture.src = address;
        return frame;
    }

    /**
     * Adds states of a run in this page. Of too many frames every second one goes.
     *
     * @param {{step: number, inks: Uint8ClampedArray, energy: number[], aimed: number[]}[]} states of which the first may be
     *     the one that the run goes on from.
     * @returns {boolean} whether every second frame went.
     */
    add(states) {
        for (const state of states) {
            if (this.frames.length && state.step <= this.last.step) this.frames.pop();
            this.frames.push(state);
            this.widen(state);
        }
        if (this.frames.length <= KEPT) return false;
        this.frames = this.frames.filter((frame, k) => k % 2 === 0 || k === this.frames.length - 1);
        return true;
    }

    /** Forgets what comes after a step: it is another run's. */
    cut(step) {
        this.frames = this.frames.filter((frame) => frame.step <= step);
        this.measure();
    }

    measure() {
        [this.low, this.high] = [Infinity, -Infinity];
        for (const frame of this.frames) this.widen(frame);
    }

    widen({ energy }) {
        for (const e of energy) { this.low = Math.min(this.low, e); this.high = Math.max(this.high, e); }
    }

    /**
     * The energies between which the curves are drawn. Noise lies so high that the rest would be a flat line: where the band
     * of known glyphs is known, the curves come in from above.
     *
     * @param {?[number, number]} band of known glyphs.
     * @returns {[number, number]} the lowest and the highest.
     */
    bounds(band) {
        const [from, to] = band ?? [Infinity, -Infinity], least = Math.min(this.low, from);
        const most = Math.min(Math.max(this.high, to), band ? to + ABOVE * (to - from) : Infinity);
        const pad = 0.06 * (most - least) || 0.5;
        return [least - pad, most + pad];
    }
}
