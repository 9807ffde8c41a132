// The engine in a thread of its own: it answers one question after the other, and runs chains between them.
import { Chains, DistantChains, joined, serveChains } from './chains.js';
import { Engine } from './engine.js';

const TOGETHER = 8;  // milliseconds of frames that travel in one message
const AHEAD = 2;     // steps that a worker may be ahead of the other, so that neither stands still whenever the other one is held up
let engine = null, helper = null, run = null, wake = () => {};

const answers = {
    load({ module, bytes, architecture, most }) { engine = new Engine(module, bytes, architecture, most); },
    read({ glyphs }) { return engine.read(glyphs); },
    slope({ glyphs, aim }) { return engine.slope(glyphs, engine.aimOf(aim ?? {})); },
    help({ port }) { serveChains(engine, port); },  // this worker computes chains of another one's runs
    takeHelp({ port }) { helper = port; },
    run(settings, id) { return begin(settings, id); },  // answered at the run's end
    change(settings) {
        if (!run) return;
        Object.assign(run, settings);
        if ('pace' in settings || 'paused' in settings) run.due = performance.now();
        wake();
    },
    stop,
};

self.onmessage = async ({ data: { id, does, ...given } }) => {
    try { self.postMessage({ id, result: await answers[does](given, id) }); } catch (error) { self.postMessage({ id, error: error.message }); }
};

function stop() { if (run) run.of = run.step; wake(); }

// A run; a newer one ends it. `seed`, `starts`, `free` and `each` are those of Chains; `done` steps have been run before. What may
// change while it runs: `aims`, `stepSize`, `noise`, `clip`, and `pace`, in steps a second, 0 = as fast as it goes. `groups` of
// chains, {to, stepSize, noise}, keep step sizes and noises of their own.
function begin({ done = 0, steps, ...settings }, id) {
    stop();
    const before = run;
    run = { ...settings, id, step: done, of: done + steps, frames: [], sent: performance.now(), paused: false };
    run.end = go(run, before?.end);
    return run.end;
}

async function go(mine, before) {
    await before;
    const parts = shared(mine), coming = [];
    mine.due = performance.now();
    while (mine.step < mine.of) {
        const { step } = mine;
        coming.push(inAll(parts, 'step', step + 1, changed(mine)).then((state) => record(mine, step, state)));
        if (coming.length > AHEAD) await coming.shift();
        mine.step += 1;
        mine.due = Math.max(mine.due + (mine.pace ? 1000 / mine.pace : 0), performance.now() - 100);
        await rest(mine);
    }
    const { glyphs, ...last } = await inAll(parts, 'state', changed(mine));
    record(mine, mine.step, last);
    send(mine);
    if (run === mine) run = null;
    return { step: mine.step, glyphs };
}

// The run's chains: all of them here, or half of them in the other worker, which then takes every step together with this one.
function shared({ count, seed, starts, free, each, isShared }) {
    const run = { seed, starts, free, each }, half = isShared && helper ? Math.ceil(count / 2) : count;
    const here = new Chains(engine, run, 0, half);
    return half < count ? [here, new DistantChains(helper, run, half, count)] : [here];
}

function changed(mine) {
    const { aims, stepSize, noise, clip, groups } = mine;
    mine.aims = null;  // the parts keep them
    return { aims, stepSize, noise, clip: clip ?? Infinity, groups };
}

async function inAll(parts, does, ...given) {
    const waiting = parts.toReversed().map((part) => part[does](...given));  // the other worker is asked first: it works meanwhile
    return joined((await Promise.all(waiting)).reverse());
}

// Between two steps the thread looks for messages, and waits until the next one is due.
const next = new MessageChannel();
async function rest(mine) {
    const early = () => (mine.pace ? mine.due - performance.now() : 0);
    do {
        await new Promise((done) => {
            wake = done;
            if (mine.paused) return;
            if (early() > 2) setTimeout(done, early());
            else { next.port1.onmessage = done; next.port2.postMessage(null); }
        });
    } while (mine.step < mine.of && (mine.paused || early() > 2));
}

function record(mine, step, state) {
    mine.frames.push({ step, ...state });
    if (performance.now() - mine.sent > TOGETHER || mine.pace) send(mine);
}

function send(mine) {
    if (mine.frames.length) self.postMessage({ id: mine.id, frames: mine.frames }, mine.frames.map((frame) => frame.inks.buffer));
    Object.assign(mine, { frames: [], sent: performance.now() });
}
