// What a page asks the engine for; the work is done in a worker, so that the page stays smooth.

const here = (name) => new URL(name, import.meta.url);
// The smallest module with a vector instruction: i8x16.splat and a way to drop it.
const VECTORS = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]);
const SHARED = 4;  // chains from which on two workers share them
let module = null;

/** Whether this browser can run the engine. */
export function isPossible() {
    try { return typeof Worker === 'function' && WebAssembly.validate(VECTORS); } catch { return false; }
}

function compiled() {
    module ??= fetch(here('engine.wasm')).then((got) => {
        if (!got.ok) throw new Error('The engine could not be fetched.');
        return got.arrayBuffer();
    }).then((bytes) => WebAssembly.compile(bytes).catch(() => { throw new Error('The browser could not compile it.'); }));
    module.catch(() => { module = null; });
    return module;
}

/** One model in a worker. All questions are answered in their order; a run goes on between them. */
export class Client {
    /**
     * @param {{bytes: ArrayBuffer, architecture: object}} model its weights and its card's architecture.
     * @param {number} most pictures at once.
     */
    constructor(model, most) {
        Object.assign(this, { model, most, open: new Map(), last: 0, workers: [] });
        this.ready = this.begin();
        this.ready.catch((error) => this.end(error.message));
    }

    // Starts one more worker with the model; whoever asks waits for the first.
    async begin() {
        const worker = new Worker(here('worker.js'), { type: 'module' });
        this.workers.push(worker);
        worker.onmessage = ({ data }) => this.answer(data);
        worker.onerror = (event) => { event.preventDefault?.(); this.end('The engine in this page has stopped.'); };
        await this.ask('load', { module: await compiled(), ...this.model, most: this.most }, { worker });
        return worker;
    }

    // A second worker takes half of the chains of a run; without it the first runs all of them.
    async help() {
        const worker = await this.begin(), { port1, port2 } = new MessageChannel();
        await this.ask('help', { port: port1 }, { worker, transfer: [port1] });
        await this.ask('takeHelp', { port: port2 }, { transfer: [port2] });
    }

    ask(does, given = {}, { worker = this.workers[0], transfer = [], onFrames = null } = {}) {
        if (this.dead) return Promise.reject(new Error(this.dead));
        const id = this.last += 1;
        return new Promise((resolve, reject) => {
            this.open.set(id, { resolve, reject, onFrames });
            worker.postMessage({ id, does, ...given }, transfer);
        });
    }

    answer({ id, result, error, frames }) {
        const asked = this.open.get(id);
        if (!asked) return;
        if (frames) { asked.onFrames?.(frames); return; }
        this.open.delete(id);
        if (error) asked.reject(new Error(error)); else asked.resolve(result);
    }

    /** Reads glyphs (n, 3136): {energy, logits}. */
    async read(glyphs) { await this.ready; return this.ask('read', { glyphs }); }

    /** The slope of an energy (see Engine.aimOf) in glyphs (n, 3136): {energy, slope}. */
    async slope(glyphs, aim) { await this.ready; return this.ask('slope', { glyphs, aim }); }

    /** Runs chains (see worker.js); resolves at the end with {step, glyphs}. */
    async run(settings, onFrames) {
        const isShared = settings.count >= SHARED && navigator.hardwareConcurrency > 2;  // the page itself draws on one
        if (isShared) this.helped ??= this.help().catch(() => {});
        await Promise.all([this.ready, this.helped]);
        return this.ask('run', { ...settings, isShared }, { onFrames });
    }

    /** Changes the chains that run: aims, stepSize, noise, pace, paused. */
    change(settings) { return this.ask('change', settings); }

    /** Ends the run at its next step. */
    stop() { return this.ask('stop'); }

    /** Ends the workers; whoever waits for them gets the sentence. */
    end(sentence = 'Another model is shown.') {
        this.dead ??= sentence;
        for (const worker of this.workers) worker.terminate();
        for (const { reject } of this.open.values()) reject(new Error(this.dead));
        this.open.clear();
    }
}
