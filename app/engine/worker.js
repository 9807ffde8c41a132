// The engine in a thread of its own: it answers one question after the other, and runs chains between them.
import { PIXELS, toInk } from '../parts/glyph.js';
import { Engine } from './engine.js';

const TOGETHER = 8;  // milliseconds of frames that travel in one message
let engine = null, run = null;

const answers = {
    load({ module, bytes, architecture, most }) { engine = new Engine(module, bytes, architecture, most); return null; },
    read({ glyphs }) { return engine.read(glyphs); },
    slope({ glyphs, aim }) { return engine.slope(glyphs, engine.aimOf(aim ?? {})); },
    run(settings, id) { begin(settings, id); return undefined; },  // answered at the run's end
    change(settings) { if (run) change(settings); return null; },
    stop() { if (run) run.of = run.step; wake(); return null; },
};

self.onmessage = ({ data: { id, does, ...given } }) => {
    try {
        const result = answers[does](given, id);
        if (result !== undefined) self.postMessage({ id, result });
    } catch (error) { self.postMessage({ id, error: error.message }); }
};

// A run. `aims` has one entry, or one for each chain (see Engine.aimOf). `starts` has one glyph, or one for each chain, or
// is missing; `free` has 1 where pixels may move, all others keep their values; `done` steps have been run before.
function begin({ count, seed, aims, starts, free, done = 0, steps, ...pace }, id) {
    if (run) { run.of = run.step; finish(); }
    run = { id, count, seed, step: done, of: done + steps, masked: Boolean(free), frames: [], sent: performance.now(), paused: false };
    change({ aims, ...pace });
    for (let k = 0; k < count; k++) {
        const at = k * PIXELS, start = starts && (starts.length > PIXELS ? starts.subarray(at, at + PIXELS) : starts);
        if (!start || free) engine.start(k, seed);
        if (start && !free) engine.pictures.set(start, at);
        if (free) {
            engine.masks.set(free, at);
            for (let p = 0; p < PIXELS; p++) if (!free[p]) engine.pictures[at + p] = start[p];
        }
    }
    run.due = performance.now();
    turn();
}

// What may change while chains run; `pace` is in steps a second, 0 = as fast as it goes.
function change({ aims, stepSize, noise, clip, pace, paused, of }) {
    if (aims) {
        const mixes = aims.map((aim) => engine.aimOf(aim));
        for (let k = 0; k < run.count; k++) engine.mixes.set(mixes[Math.min(k, mixes.length - 1)], k * (engine.outputs + 1));
    }
    if (stepSize !== undefined) run.stepSize = stepSize;
    if (noise !== undefined) run.noise = noise;
    if (clip !== undefined) run.clip = clip ?? Infinity;
    if (of !== undefined) run.of = Math.max(of, run.step);
    if (pace !== undefined) { run.pace = pace; run.due = performance.now(); }
    if (paused !== undefined) { run.paused = paused; run.due = performance.now(); }
    wake();
}

// Between two steps the thread looks for messages.
const next = new MessageChannel();
next.port1.onmessage = turn;
let timer = null, waiting = false;
function wake() { if (!waiting && run && !run.paused) { clearTimeout(timer); timer = null; later(); } }
function later() {
    const wait = run.pace ? run.due - performance.now() : 0;
    if (wait > 2) timer = setTimeout(turn, wait);
    else { waiting = true; next.port2.postMessage(null); }
}

function turn() {
    waiting = false;
    timer = null;
    if (!run || run.paused) return;
    if (run.step >= run.of) { finish(); return; }
    const inks = ink();
    engine.step(run.count, run.step + 1, run);  // which measures the state before it
    record(inks);
    run.step += 1;
    run.due = Math.max(run.due + (run.pace ? 1000 / run.pace : 0), performance.now() - 100);
    later();
}

function finish() {
    const { id, count, step } = run;
    engine.measure(count);
    record(ink());
    send();
    self.postMessage({ id, result: { step, glyphs: engine.pictures.slice(0, count * PIXELS) } });
    run = null;
}

function ink() { return toInk(engine.pictures.subarray(0, run.count * PIXELS)); }  // as the page shows it

function record(inks) {
    run.frames.push({ step: run.step, inks, energy: engine.energies.slice(0, run.count), aimed: engine.aimed.slice(0, run.count) });
    if (performance.now() - run.sent > TOGETHER || run.pace) send();
}

function send() {
    if (run.frames.length) self.postMessage({ id: run.id, frames: run.frames }, run.frames.map((frame) => frame.inks.buffer));
    run.frames = [];
    run.sent = performance.now();
}
