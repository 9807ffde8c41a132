// The player: shows chains while they run, and lets the visitor pause, step and scrub through what was recorded.
// It is fed by the server with pictures (`take`, see player.py), or by the engine in this page with states
// (`begin`, `add`, `end`), whose run it then also steers.
import { drawChart, mean } from './chart.js';
import { SIZE, words } from './glyph.js';
import { inkOf, openInRead } from './opening.js';
import { put } from './places.js';
import { GAP, Sheet } from './sheet.js';

const ZOOM = 3, SPARK = 16;  // canvas pixels of a glyph's pixel; height of the curve under a tile, in glyph pixels
const KEPT = 512, POINTS = 64;  // recorded states at most; points of a tile's curve at most
const MANY = 36;  // tiles from which what they are read as is written small
const ABOVE = 4;  // how far above the band of known glyphs the curves are drawn, in widths of the band

/** How many tiles a grid of `count` is wide; as `columns` in drawing.py. */
export function columns(count) { return Math.min(count, Math.max(1, Math.ceil(Math.sqrt(count * 1.3)))); }

/** Makes the player of its element, which has the template of player.py. */
export function mount(element) {
    const root = () => element.querySelector('.player');
    const find = (selector) => element.querySelector(selector);
    let reel = null, frames = [], at = 0, following = true, timer = null, low = Infinity, high = -Infinity, due = false, steer = null;

    function colour(name) { return getComputedStyle(root()).getPropertyValue(name).trim(); }

    // What the server gives may repeat frames: they are told apart by their step.
    function take(value) {
        if (!value || !value.frames) return;
        if (!reel || reel.run !== value.run) reset(null);
        const last = frames.length ? frames.at(-1).step : -Infinity;
        if (value.done) {
            const kept = new Map(frames.map((frame) => [frame.step, frame]));
            frames = value.frames.map((given) => kept.get(given[0]) ?? decode(given));
        } else {
            for (const given of value.frames) if (given[0] > last) frames.push(decode(given));
        }
        measure();
        reel = value;
        settle(value.at);
    }

    function reset(hands) { frames = []; following = true; steer = hands; pause(); }

    function settle(rest) {
        root().dataset.empty = 'false';
        root().dataset.live = String(Boolean(steer));
        if (following || at >= frames.length) at = frames.length - 1;
        if (reel.done && rest !== null && rest !== undefined) at = rest;
        letters();
        later();
    }

    // What the engine gives: `about` as in player.py; `hands` are functions that steer the run: pause(yes), branch(frame).
    function begin(about, hands) {
        const goesOn = reel && reel.run === about.run;
        if (!goesOn) reset(hands);
        steer = hands;
        reel = { x: 'step', cell: SIZE, gap: GAP, letters: [], done: false, wide: columns(about.tiles), ...about };
        root().dataset.paused = 'false';
        delete root().dataset.mark;
        find('[data-do=branch]').hidden = !hands.branch;
        following = true;
    }

    function add(states) {
        for (const state of states) {
            if (frames.length && state.step <= frames.at(-1).step) frames.pop();  // the state that a run goes on from
            frames.push({ ...state, picture: null });
            for (const e of state.energy) { low = Math.min(low, e); high = Math.max(high, e); }
        }
        if (frames.length > KEPT) {
            frames = frames.filter((frame, k) => k % 2 === 0 || k === frames.length - 1);
            at = Math.floor(at / 2);
        }
        settle(null);
    }

    function end(read) { reel = { ...reel, done: true, letters: read ?? [], of: frames.at(-1)?.step ?? reel.of }; settle(null); }

    function measure() {
        low = Infinity;
        high = -Infinity;
        for (const { energy } of frames) for (const e of energy) { low = Math.min(low, e); high = Math.max(high, e); }
    }

    function decode([step, uri, energy, aimed]) {
        const picture = new Image();
        picture.src = uri;
        const frame = { step, energy, aimed, picture };
        picture.onload = () => { if (frames[at] === frame) later(); };
        return frame;
    }

    function letters() {  // what each glyph of the last frame was read as
        const tall = Math.ceil(reel.tiles / reel.wide);
        find('.letters').innerHTML = '';
        find('.letters').classList.toggle('many', reel.tiles > MANY);
        reel.letters.forEach(([text, known], k) => {
            const mark = Object.assign(document.createElement('button'), { type: 'button', textContent: text, tabIndex: k ? -1 : 0 });
            const judged = known === null ? '' : `its energy is ${known ? '' : 'not '}like a known glyph’s; `;
            if (known !== null) mark.className = known ? 'known' : 'stranger';  // null: an uncalibrated model calls nothing a stranger
            mark.title = `${judged}open it in Read`;
            mark.setAttribute('aria-label', `Glyph ${k + 1}, read as ${text}; ${mark.title}`);
            mark.addEventListener('click', () => openTile(k));
            mark.style.left = `${100 * (k % reel.wide) / reel.wide}%`;
            mark.style.top = `${100 * Math.floor(k / reel.wide) / tall}%`;
            find('.letters').append(mark);
        });
    }

    function openTile(k) {
        const frame = frames[at], cell = reel.cell + reel.gap, pixels = reel.cell ** 2;
        if (!frame || k >= reel.tiles) return;
        if (frame.inks) openInRead(frame.inks.slice(k * pixels, (k + 1) * pixels));
        else openInRead(inkOf(frame.picture, (k % reel.wide) * cell + reel.gap, Math.floor(k / reel.wide) * cell + reel.gap, reel.cell, reel.cell));
    }

    // However many states come, the page is drawn once for each frame of the screen.
    function later() {
        if (due) return;
        due = true;
        requestAnimationFrame(() => { due = false; draw(); });
    }

    function draw() {
        const frame = frames[at];
        if (!frame) return;
        const running = !reel.done, range = find('.controls input');
        range.max = frames.length - 1;
        range.value = at;
        const said = `${reel.x} ${frame.step} of ${reel.of}`;
        range.setAttribute('aria-valuetext', said);
        find('.controls output').textContent = said + (running && !following ? ' (the run goes on)' : '');
        find('.controls').hidden = frames.length < 2;
        find('.chart').hidden = frames.length < 2;
        find('[data-do=play]').innerHTML = timer || (running && following && !paused()) ? '&#10074;&#10074;' : '&#9654;';
        find('.letters').hidden = at !== frames.length - 1;
        find('.chart .head b').textContent = words(mean(frame.energy));
        find('.chart .head span').textContent = `${frame.energy.length > 1 ? 'mean ' : ''}${reel.y ?? 'energy'}`;
        find('.chart .aimed').textContent = frame.aimed && reel.aim ? `${reel.aim}: ${words(mean(frame.aimed))}` : '';
        tiles(frame);
        chart();
        element.dispatchEvent(new CustomEvent('frame', { bubbles: true, detail: { at, step: frame.step } }));
    }

    function bounds() {
        const [from, to] = reel.band ?? [Infinity, -Infinity], least = Math.min(low, from);
        // Noise lies so high that the rest would be a flat line: the curves come in from above.
        const most = Math.min(Math.max(high, to), reel.band ? to + ABOVE * (to - from) : Infinity);
        const pad = 0.06 * (most - least) || 0.5;
        return [least - pad, most + pad];
    }

    /** How wide the tiles are at most so that they and the controls fit the screen; the page may be zoomed. */
    function wholeScreen(ratio) {
        const zoom = root().currentCSSZoom ?? 1;
        return Math.floor(ratio * (innerHeight / zoom - 140));
    }

    function tiles(frame) {
        const canvas = find('.tiles canvas'), cell = reel.cell + reel.gap;
        const spark = frames.length > 1 ? SPARK : 0, tall = Math.ceil(reel.tiles / reel.wide);
        const width = (reel.wide * cell + reel.gap) * ZOOM, height = (tall * (cell + spark) + reel.gap) * ZOOM;
        if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
        const isWhole = document.fullscreenElement === root(), wide = isWhole ? wholeScreen(width / height) : Math.max(reel.wide * 168, 300);
        canvas.style.setProperty('max-width', `${wide}px`, isWhole ? 'important' : '');
        canvas.setAttribute('aria-label', `${reel.tiles} glyphs, ${find('.controls output').textContent}${reel.rows ? `; rows: ${reel.rows.join(', ')}` : ''}`);
        if (frame.inks) { sheet ??= new Sheet(); sheet.show(frame.inks, reel.wide); }
        else if (!frame.picture.complete || !frame.picture.naturalWidth) return;
        const picture = frame.inks ? sheet.canvas : frame.picture;
        const ink = canvas.getContext('2d'), [least, most] = bounds();
        ink.imageSmoothingEnabled = false;
        ink.fillStyle = colour('--table');
        ink.fillRect(0, 0, width, height);
        ink.strokeStyle = colour('--accent');
        ink.lineWidth = 2;
        const every = Math.ceil((at + 1) / POINTS);
        for (let k = 0; k < reel.tiles; k++) {
            const x = (k % reel.wide) * cell + reel.gap, row = Math.floor(k / reel.wide);
            const y = row * (cell + spark) + reel.gap;
            ink.drawImage(picture, x, row * cell + reel.gap, reel.cell, reel.cell, x * ZOOM, y * ZOOM, reel.cell * ZOOM, reel.cell * ZOOM);
            if (reel.rows && k % reel.wide === 0) name(ink, reel.rows[row], x * ZOOM, (y + reel.cell - 9) * ZOOM);
            if (!spark) continue;
            ink.beginPath();
            for (let j = at % every; j <= at; j += every) {
                const e = frames[j].energy[k];
                const px = (x + reel.cell * frames[j].step / (Math.max(reel.of, frames.at(-1).step) || 1)) * ZOOM;
                ink.lineTo(px, (y + reel.cell + 2 + (spark - 4) * (1 - (Math.min(e, most) - least) / (most - least))) * ZOOM);
            }
            ink.stroke();
        }
    }
    let sheet = null;

    /** What a row of tiles is called, at the foot of its first one: its head has the letter that it is read as. */
    function name(ink, text, x, y) {
        ink.font = `bold ${7 * ZOOM}px sans-serif`;
        ink.fillStyle = colour('--card');
        ink.fillRect(x, y, ink.measureText(text).width + 4 * ZOOM, 9 * ZOOM);
        ink.fillStyle = colour('--ink');
        ink.fillText(text, x + 2 * ZOOM, y + 7 * ZOOM);
    }

    const chart = () => drawChart(find('.chart canvas'), { frames, reel, at, bounds: bounds(), isCut: high > bounds()[1] }, colour);

    function pause() { clearInterval(timer); timer = null; }
    const paused = () => root().dataset.paused === 'true';

    function hold(yes) {  // a run in this page waits while the visitor looks around
        if (!steer || !reel || reel.done) return;
        root().dataset.paused = String(yes);
        steer.pause(yes);
    }

    function move(by) {
        pause();
        hold(true);
        const next = at + by;
        if (steer && next >= frames.length && reel) { steer.step?.(); return; }
        at = Math.max(0, Math.min(frames.length - 1, next));
        following = !reel?.done && at === frames.length - 1;
        draw();  // at once: what a hand does is seen before the next frame
    }

    function play() {
        const running = reel && !reel.done;
        if (running && steer) {
            hold(!paused());
            if (!paused()) { following = true; at = frames.length - 1; }
            later();
            return;
        }
        if (timer || (running && following)) { following = false; pause(); later(); return; }
        if (running) { following = true; at = frames.length - 1; later(); return; }
        if (at >= frames.length - 1) at = 0;
        timer = setInterval(() => {
            at += 1;
            if (at >= frames.length - 1) { at = frames.length - 1; pause(); }
            later();
        }, Math.max(40, Math.min(120, 4000 / Math.max(frames.length, 1))));
        later();
    }

    find('[data-do=play]').addEventListener('click', play);
    element.querySelectorAll('[data-move]').forEach((button) => {
        button.addEventListener('click', () => move(Number(button.dataset.move)));
    });
    find('.controls input').addEventListener('input', (event) => { move(Number(event.target.value) - at); });
    find('[data-do=branch]').addEventListener('click', () => { if (frames[at]) steer?.branch(frames[at]); });
    find('[data-do=full]').addEventListener('click', () => {
        if (document.fullscreenElement) document.exitFullscreen(); else root().requestFullscreen?.();
    });
    find('.tiles canvas').addEventListener('click', (event) => {
        const box = event.target.getBoundingClientRect(), tall = Math.ceil(reel.tiles / reel.wide);
        const column = Math.floor(reel.wide * (event.clientX - box.left) / box.width);
        openTile(Math.floor(tall * (event.clientY - box.top) / box.height) * reel.wide + column);
    });
    find('.letters').addEventListener('keydown', (event) => {  // one stop for Tab, the arrow keys go from glyph to glyph
        const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -reel.wide, ArrowDown: reel.wide }[event.key];
        const marks = [...event.currentTarget.children], next = marks[marks.indexOf(event.target) + by];
        if (!by) return;
        event.preventDefault();
        if (!next) return;
        event.target.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
    });
    // Space and the arrow keys, wherever the focus is of no use for them; in a lecture everywhere but in fields and lists.
    document.addEventListener('keydown', (event) => {
        const inLecture = document.documentElement.classList.contains('lecture'), near = inLecture || event.target === document.body || root().contains(event.target);
        const isFree = near && !event.target.closest(inLecture ? 'input, select, textarea' : 'button, input');
        if (!isFree || !root().offsetParent || !frames.length || event.ctrlKey || event.metaKey || event.altKey) return;
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (event.key === ' ') play();
        else if (by) move(event.shiftKey ? 10 * by : by);
        else return;
        event.preventDefault();
    });
    new ResizeObserver(() => later()).observe(root());
    new MutationObserver(() => later()).observe(document.body, { attributes: true, attributeFilter: ['class'] });  // light, dark
    const api = {
        take, begin, add, end, hold,
        /** Marks what is shown as old, in a few words. */
        mark(text) { if (frames.length) root().dataset.mark = text; },
        name(aim) { reel = { ...reel, aim }; },
        recorded: () => frames,
        shown: () => frames[at],
        cut(step) {  // what comes after is another run's
            frames = frames.filter((frame) => frame.step <= step);
            measure();
            at = frames.length - 1;
        },
    };
    return put(root().dataset.name, api);
}
