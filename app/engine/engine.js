// The engine: an EnergyNet in WebAssembly. The same C runs behind `ebm.sgld`; see ebm/sampling/native/engine.c.
import { PIXELS } from '../parts/glyph.js';
import { weightsOf } from './weights.js';

export const MOST = 100;  // pictures at once

/** Whether a network of this card's architecture can run here; all others are left to the server. */
export function fits({ width, outputs, head }) {
    return width > 0 && width % 16 === 0 && width <= 64 && outputs > 0 && outputs <= 1024 && ['flat', 'pool'].includes(head);
}

/** The two words of a seed, a whole number from 0 to 2^53. */
function wordsOf(seed) { return [seed % 2 ** 32, Math.floor(seed / 2 ** 32)]; }

/** One network, and the memory of up to MOST pictures. Everything in it runs at once, in the calling thread. */
export class Engine {
    /**
     * @param {WebAssembly.Module} module of engine.wasm.
     * @param {ArrayBuffer} bytes of a .safetensors file.
     * @param {{width: number, outputs: number, head: string}} architecture of its card.
     * @param {number} most pictures at once.
     * @throws {Error} one sentence, where the model does not fit or the page has no memory left.
     */
    constructor(module, bytes, architecture, most = MOST) {
        if (!fits(architecture)) throw new Error('The engine does not know this architecture.');
        const weights = weightsOf(bytes, architecture);
        this.outputs = architecture.outputs;
        this.most = most;
        const { width, outputs, head } = architecture, refused = new Error('The browser gave the engine no memory.');
        try { this.code = new WebAssembly.Instance(module).exports; } catch { throw refused; }  // it imports nothing, so only memory is missing
        if (!this.code.open_net(width, outputs, Number(head === 'pool'), most)) throw refused;
        if (this.code.weights_count() !== weights.length) throw new Error('The weights do not fit the engine.');
        this.floats(this.code.weights_at(), weights.length).set(weights);
        this.code.pack_net();
        this.pictures = this.floats(this.code.pictures_at(), most * PIXELS);
        this.slopes = this.floats(this.code.slopes_at(), most * PIXELS);
        this.logits = this.floats(this.code.logits_at(), most * outputs);
        this.energies = this.floats(this.code.energies_at(), most);
        this.aimed = this.floats(this.code.aimed_at(), most);
        this.mixes = this.floats(this.code.mixes_at(), most * (outputs + 1));
        this.masks = new Uint8Array(this.code.memory.buffer, this.code.masks_at(), most * PIXELS);
    }

    floats(at, count) { return new Float32Array(this.code.memory.buffer, at, count); }

    /**
     * Reads glyphs.
     *
     * @param {Float32Array} glyphs (n, 3136) in [-1, 1], ink = +1.
     * @returns {{energy: Float32Array, logits: Float32Array}} E(x) (n,) and the logits (n, outputs).
     */
    read(glyphs) {
        const n = glyphs.length / PIXELS;
        this.pictures.set(glyphs);
        this.code.read_glyphs(n);
        return { energy: this.energies.slice(0, n), logits: this.logits.slice(0, n * this.outputs) };
    }

    /**
     * The slope of the energy in each pixel.
     *
     * @param {Float32Array} glyphs (n, 3136).
     * @param {Float32Array} mix of `aimOf`; without it the energy is E(x).
     * @returns {{energy: Float32Array, slope: Float32Array}} the energies (n,) and gradients (n, 3136).
     */
    slope(glyphs, mix = this.aimOf({})) {
        const n = glyphs.length / PIXELS;
        this.pictures.set(glyphs);
        for (let k = 0; k < n; k++) this.mixes.set(mix, k * (this.outputs + 1));
        this.code.slope_of(0, n);
        return { energy: this.aimed.slice(0, n), slope: this.slopes.slice(0, n * PIXELS) };
    }

    /**
     * What a chain goes down, as weights of the logits and, last, of the logsumexp: f = sum_k w_k f(x)[k] + w log q(x).
     *
     * @param {{label?: number, guidance?: number, terms?: [number, number][]}} wanted a class and how much it counts (1 = as
     *     trained; Dhariwal & Nichol 2021), or classes with weights, which are divided by the sum of those above 0 as
     *     `compose` does; nothing gives E(x).
     * @returns {Float32Array} (outputs + 1,).
     */
    aimOf({ label = null, guidance = 1, terms = null }) {
        const mix = new Float32Array(this.outputs + 1);
        if (terms) {
            const total = terms.reduce((sum, [, weight]) => sum + Math.max(weight, 0), 0);
            for (const [k, weight] of terms) mix[k] += weight / total;
        } else {
            if (label !== null) mix[label] = guidance;
            mix[this.outputs] = label === null ? 1 : 1 - guidance;
        }
        return mix;
    }

    /** Chain `k` starts from the seed's noise, that of another chain where it is named. */
    start(k, seed, chain = k) { this.code.start(k, ...wordsOf(seed), chain); }

    /**
     * One step of the chains `from` to n, the `index`-th since their start; `energies` and `aimed` are then of the state before.
     */
    step(n, index, { seed, stepSize, noise, clip = Infinity, masked = false, from = 0 }) {
        this.code.take_step(from, n, index, ...wordsOf(seed), stepSize, noise, clip, Number(masked));
    }

    /** The energies of the chains `from` to n as they are now, into `energies` and `aimed`. */
    measure(n, from = 0) { this.code.slope_of(from, n); }
}
