// The model that the page shows, as the engine runs it. Every part of the page finds it here.
import { Client, isPossible } from './client.js';
import { fits } from './engine.js';

const FROM_NOISE = 'uniform';  // the one start that the engine knows
let current = null, asked = null, heard = [], resolve;
let first = new Promise((done) => { resolve = done; });

/**
 * Shows another model; called by the slot (slot.py).
 *
 * @param {{model: string, way: string}} value its key, and whether the engine may be used.
 * @param {{facts: function, weights: function}} server gives what is known of it, and its weights.
 */
export async function shows({ model, way }, server) {
    if (asked === model) return;
    asked = model;
    current?.close();
    let next;
    try {
        const facts = await server.facts(model);
        next = new Model(model, way, facts.architecture ? facts : null, async () => bytesOf(await server.weights(model)));
    } catch { next = new Model(model, 'server', null, null); }
    if (asked !== model) return;  // another one was chosen meanwhile
    present(next);
}

/** Presents a model to every part of the page. */
export function present(next) {
    current = next;
    document.body.classList.toggle('by-engine', next.isHere);
    resolve(next);
    for (const listen of heard) listen(next);
}

/** The model that is shown, as soon as it is known. */
export async function model() { return current ?? first; }

/** Calls a function with the model that is shown, and with each that is shown later. */
export function onModel(listen) { heard.push(listen); if (current) listen(current); }

function bytesOf(text) {
    const letters = atob(text), bytes = new Uint8Array(letters.length);
    for (let k = 0; k < letters.length; k++) bytes[k] = letters.charCodeAt(k);
    return bytes.buffer;
}

/** A model, and a worker for each purpose, so that a reading does not wait for chains. */
export class Model {
    /**
     * @param {string} key of the model.
     * @param {string} way 'page', or 'server' where the engine must not be used, or 'alone' where there is no server.
     * @param {object} facts see `facts_of` in slot.py; null where nothing is known.
     * @param {function(): Promise<ArrayBuffer>} fetchWeights its .safetensors file.
     */
    constructor(key, way, facts, fetchWeights) {
        Object.assign(this, { key, facts, fetchWeights, clients: {}, isAlone: way === 'alone' });
        this.why = way === 'server' || !facts ? 'server'
            : !isPossible() ? this.because('This browser has no WebAssembly with vectors')
                : !fits(facts.architecture) || facts.sampler.start !== FROM_NOISE ? this.because('The engine in this page does not know this model’s architecture')
                    : '';
    }

    because(reason) { return `${reason}${this.isAlone ? ', and this site has no server' : ', so the server reads and prints'}.`; }

    /** Whether the engine in this page runs it; `why` says why not. */
    get isHere() { return !this.why; }

    /** The worker for a purpose, such as 'read' or 'print', of at most so many pictures. */
    async client(purpose, most) {
        if (!this.isHere) throw new Error(this.why);
        this.bytes ??= this.fetchWeights();
        const bytes = await this.bytes;
        if (this.closed) throw new Error('Another model is shown.');
        if (this.clients[purpose]?.dead) delete this.clients[purpose];
        this.clients[purpose] ??= new Client({ bytes, architecture: this.facts.architecture }, most);
        return this.clients[purpose];
    }

    /** What the page says where the engine fails: from then on the server is asked, if there is one. */
    fail(error) {
        this.why = this.because(`The engine in this page failed (${error.message.replace(/\.$/, '')})`);
        this.close();
        present(this);
    }

    close() { this.closed = true; for (const client of Object.values(this.clients)) client.end(); }
}
