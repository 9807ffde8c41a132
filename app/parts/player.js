// The player: shows chains while they run, and lets the visitor pause, step and scrub through what was recorded.
// It is fed by the server with pictures (`take`, see player.py), or by the engine in this page with states
// (`begin`, `add`, `end`), whose run it then also steers.
import { coloursOf, drawnLater } from './canvas.js';
import { drawChart, mean } from './chart.js';
import { SIZE, words } from './glyph.js';
import { showLetters, walkLetters } from './letters.js';
import { inkOf, openInRead } from './opening.js';
import { put } from './places.js';
import { Recording } from './recording.js';
import { GAP } from './sheet.js';
import { Tiles, columns } from './tiles.js';

/** Makes the player of its element, which has the template of player.py. */
export function mount(element) {
    const player = new Player(element);
    return put(player.root.dataset.name, player);
}

class Player {
    constructor(element) {
        Object.assign(this, { element, root: element.querySelector('.player'), reel: null, at: 0, timer: null, isFollowing: true, steer: null });
        this.tiles = new Tiles(this.find('.tiles canvas'));
        this.redraw = drawnLater(this.root, () => this.draw());
        this.reset(null);
        this.listen();
    }

    find(selector) { return this.element.querySelector(selector); }

    get frames() { return this.recording.frames; }

    get isPaused() { return this.root.dataset.paused === 'true'; }

    get isRunning() { return Boolean(this.reel && !this.reel.done); }

    /** The frames so far. */
    recorded() { return this.frames; }

    /** The frame that is shown. */
    shown() { return this.frames[this.at]; }

    // What the server gives.
    take(value) {
        if (!value?.frames) return;
        if (this.reel?.run !== value.run) this.reset(null);
        this.recording.take(value.frames, value.done);
        this.reel = value;
        this.settle(value.at);
    }

    /**
     * Begins a run of the engine in this page, or goes on with the one before, by its name `run`.
     *
     * @param {object} about as in player.py.
     * @param {{pause: function(boolean): void, step: ?function(): void, branch: ?function(object): void}} hands steer the run.
     */
    begin(about, hands) {
        if (this.reel?.run !== about.run) this.reset(hands);
        this.steer = hands;
        this.reel = { x: 'step', cell: SIZE, gap: GAP, letters: [], done: false, wide: columns(about.tiles), ...about };
        this.root.dataset.paused = 'false';
        delete this.root.dataset.mark;
        this.find('[data-do=branch]').hidden = !hands.branch;
        this.isFollowing = true;
    }

    /** Shows states of the run, see recording.js. */
    add(states) {
        if (this.recording.add(states)) this.at = Math.floor(this.at / 2);
        this.settle(null);
    }

    /** Ends the run, with what its glyphs were read as. */
    end(letters = []) {
        this.reel = { ...this.reel, done: true, letters, of: this.recording.last?.step ?? this.reel.of };
        this.settle(null);
    }

    /** Marks what is shown as old, in a few words. */
    mark(text) { if (this.frames.length) this.root.dataset.mark = text; }

    /** Names the energy that the chains go down. */
    name(aim) { this.reel = { ...this.reel, aim }; }

    /** Forgets what comes after a step. */
    cut(step) {
        this.recording.cut(step);
        this.at = this.frames.length - 1;
    }

    reset(hands) {
        this.recording = new Recording((frame) => { if (this.shown() === frame) this.redraw(); });
        this.isFollowing = true;
        this.steer = hands;
        this.stopPlaying();
    }

    settle(rest) {
        this.root.dataset.empty = 'false';
        this.root.dataset.live = String(Boolean(this.steer));
        if (this.isFollowing || this.at >= this.frames.length) this.at = this.frames.length - 1;
        if (this.reel.done) this.at = rest ?? this.at;
        showLetters(this.find('.letters'), this.reel, (tile) => this.openTile(tile));
        this.redraw();
    }

    openTile(tile) {
        const frame = this.shown(), { cell, gap, tiles, wide } = this.reel, pixels = cell ** 2;
        if (!frame || tile >= tiles) return;
        if (frame.inks) openInRead(frame.inks.slice(tile * pixels, (tile + 1) * pixels));
        else openInRead(inkOf(frame.picture, (tile % wide) * (cell + gap) + gap, Math.floor(tile / wide) * (cell + gap) + gap, cell, cell));
    }

    draw() {
        const { frames, reel, at } = this, frame = this.shown();
        if (!frame) return;
        const colour = coloursOf(this.root), bounds = this.recording.bounds(reel.band);
        this.say(frame);
        this.tiles.draw({ frames, reel, at, bounds }, colour);
        this.fitTiles();
        drawChart(this.find('.chart canvas'), { frames, reel, at, bounds, isCut: this.recording.high > bounds[1] }, colour);
        this.element.dispatchEvent(new CustomEvent('frame', { bubbles: true, detail: { at, step: frame.step } }));
    }

    say(frame) {
        const { reel } = this, range = this.find('.controls input'), said = `${reel.x} ${frame.step} of ${reel.of}`;
        const isMoving = this.timer || (this.isRunning && this.isFollowing && !this.isPaused);
        range.max = this.frames.length - 1;
        range.value = this.at;
        range.setAttribute('aria-valuetext', said);
        this.find('.controls output').textContent = said + (this.isRunning && !this.isFollowing ? ' (the run goes on)' : '');
        for (const part of ['.controls', '.chart']) this.find(part).hidden = this.frames.length < 2;
        this.find('[data-do=play]').innerHTML = isMoving ? '&#10074;&#10074;' : '&#9654;';
        this.find('.letters').hidden = this.at !== this.frames.length - 1;
        this.find('.chart .head b').textContent = words(mean(frame.energy));
        this.find('.chart .head span').textContent = `${frame.energy.length > 1 ? 'mean ' : ''}${reel.y ?? 'energy'}`;
        this.find('.chart .aimed').textContent = frame.aimed && reel.aim ? `${reel.aim}: ${words(mean(frame.aimed))}` : '';
    }

    /** In full screen tiles and controls fit the screen; the page may be zoomed. */
    fitTiles() {
        const { canvas } = this.tiles, { tiles, wide, rows } = this.reel, isWhole = document.fullscreenElement === this.root;
        const zoom = this.root.currentCSSZoom ?? 1, whole = Math.floor(canvas.width / canvas.height * (innerHeight / zoom - 140));
        canvas.style.setProperty('max-width', `${isWhole ? whole : Math.max(wide * 168, 300)}px`, isWhole ? 'important' : '');
        const said = this.find('.controls output').textContent;
        canvas.setAttribute('aria-label', `${tiles} glyphs, ${said}${rows ? `; rows: ${rows.join(', ')}` : ''}`);
    }

    stopPlaying() { clearInterval(this.timer); this.timer = null; }

    /** Has a run in this page wait while the visitor looks around, or go on. */
    hold(yes) {
        if (!this.steer || !this.isRunning) return;
        this.root.dataset.paused = String(yes);
        this.steer.pause(yes);
    }

    move(by) {
        this.stopPlaying();
        this.hold(true);
        const next = this.at + by, last = this.frames.length - 1;
        if (this.steer && next > last && this.reel) { this.steer.step?.(); return; }
        this.at = Math.max(0, Math.min(last, next));
        this.isFollowing = this.isRunning && this.at === last;
        this.draw();  // at once: what a hand does is seen before the next frame
    }

    follow() { this.isFollowing = true; this.at = this.frames.length - 1; }

    /** Play or pause: of a run in this page the run itself, of the server's what it sends, of one that is over its recording. */
    play() {
        if (this.isRunning && this.steer) {
            this.hold(!this.isPaused);
            if (!this.isPaused) this.follow();
        } else if (this.timer || (this.isRunning && this.isFollowing)) {
            this.isFollowing = false;
            this.stopPlaying();
        } else if (this.isRunning) this.follow();
        else this.replay();
        this.redraw();
    }

    replay() {
        if (this.at >= this.frames.length - 1) this.at = 0;
        this.timer = setInterval(() => {
            this.at = Math.min(this.at + 1, this.frames.length - 1);
            if (this.at === this.frames.length - 1) this.stopPlaying();
            this.redraw();
        }, Math.max(40, Math.min(120, 4000 / Math.max(this.frames.length, 1))));
    }

    listen() {
        const on = (selector, kind, act) => this.find(selector).addEventListener(kind, act);
        on('[data-do=play]', 'click', () => this.play());
        on('[data-do=branch]', 'click', () => { if (this.shown()) this.steer?.branch(this.shown()); });
        on('[data-do=full]', 'click', () => {
            if (document.fullscreenElement) document.exitFullscreen(); else this.root.requestFullscreen?.();
        });
        on('.controls input', 'input', ({ target }) => this.move(Number(target.value) - this.at));
        on('.tiles canvas', 'click', (event) => this.openTile(this.tiles.under(event, this.reel)));
        on('.letters', 'keydown', (event) => walkLetters(event, this.reel.wide));
        for (const button of this.element.querySelectorAll('[data-move]')) {
            button.addEventListener('click', () => this.move(Number(button.dataset.move)));
        }
        document.addEventListener('keydown', (event) => this.press(event));
    }

    // Space and the arrow keys, wherever the focus is of no use for them; in a lecture everywhere but in fields and lists.
    press(event) {
        const inLecture = document.documentElement.classList.contains('lecture');
        const isNear = inLecture || event.target === document.body || this.root.contains(event.target);
        const isFree = isNear && !event.target.closest(inLecture ? 'input, select, textarea' : 'button, input');
        if (!isFree || !this.root.offsetParent || !this.frames.length || event.ctrlKey || event.metaKey || event.altKey) return;
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (event.key === ' ') this.play();
        else if (by) this.move(event.shiftKey ? 10 * by : by);
        else return;
        event.preventDefault();
    }
}
