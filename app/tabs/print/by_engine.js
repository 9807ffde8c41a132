// The tab Print: whether this page's engine prints or the server is decided here, for every button and link.
import { model as shownModel, onModel } from '../../engine/page.js';
import { partOf, put } from '../../parts/places.js';
import { columns } from '../../parts/tiles.js';
import { complain, settle } from './fields.js';
import { Printer } from './printer.js';
import { asAnimation, asPng, asStates, nameOf, offer } from './saving.js';

const FILES = { png: asPng, webp: asAnimation, npz: asStates };
const BEFORE = 'Every glyph starts as noise. Press Print.';

/**
 * Makes the tab's part in the page, below the player: speed, files; and the functions that its buttons call.
 *
 * @param {HTMLElement} element with the template of by_engine.py.
 * @param {function(string, object=): void} askServer sends an event to the server: 'start', 'on', 'diagnose',
 *     'diagnoseServer', 'line'.
 */
export function mount(element, askServer) { return put('print by engine', new PrintByEngine(element, askServer)); }

class PrintByEngine {
    constructor(element, askServer) {
        const bounds = JSON.parse(element.querySelector('.print-by-engine').dataset.bounds);
        Object.assign(this, { element, askServer, bounds, printer: null, isVisited: false, latest: {} });
        this.listen();
    }

    find(selector) { return this.element.querySelector(selector); }

    /** Has the engine print ('start') or go on ('on'), or the server where the page cannot. */
    async ask(kind, values) {
        this.latest = values;
        if (!(await shownModel()).isHere) { this.askServer(kind); return; }
        await this.withPrinter((printer) => (kind === 'on' ? printer.goOn(values) : printer.start(values)));
    }

    /** Prints by several recipes side by side, see printer.js. */
    async compare(values, recipes) {
        this.latest = values;
        await this.withPrinter((printer) => printer.compare(values, recipes));
    }

    /** Asks the server for a diagnosis of the last run, whoever made it. */
    async diagnose() {
        if ((await shownModel()).isHere && this.printer?.last) this.askServer('diagnose', forServer(this.printer.record()));
        else this.askServer('diagnoseServer');
    }

    /** Prints where the tab is opened for the first time. */
    visit(values) { if (!this.isVisited) this.again('print', values); }

    /** Prints what a link asks for. */
    again(opened, values) {
        if (opened !== 'print') return;
        this.isVisited = true;
        this.ask('start', values);
    }

    /** The controls have changed. */
    change(values) {
        this.latest = values;
        settle();
        this.printer?.change(values);
    }

    async withPrinter(run) {
        this.printer ??= new Printer(await partOf('printed'), this.bounds, {
            say: (...said) => this.say(...said),
            begins: () => { wordLine().hidden = true; },
            ended: (record) => this.showWord(record),
        });
        const model = await shownModel();
        settle();
        try { await run(this.printer); } catch (error) {
            if (error.field) {
                if (complain(error)) this.say('Nothing was printed.'); else this.say(error.message, 'problem');
                this.printer.player.mark('from the run before');
                return;
            }
            if (model.closed) return;  // another one is shown
            if (!model.clients.print?.dead) { this.say(error.message, 'problem'); return; }
            model.fail(error);
            if (!model.isAlone) this.find('.why').textContent = `${model.why} Press Print again.`;
        }
    }

    say(text, kind = 'hint') {
        const box = Object.assign(document.createElement('div'), { className: kind });
        box.setAttribute('role', 'status');
        box.append(Object.assign(document.createElement('p'), { textContent: text }));
        this.find('.said').replaceChildren(box);
    }

    /** Has the word of a run that is over set on a line. */
    showWord(record) {
        const isWord = record.request.values.way === 'word';
        wordLine().hidden = !isWord;
        if (isWord) this.askServer('line', forServer(record));
    }

    async save(kind) {
        const record = this.printer.record();
        if (!record) throw new Error('There is nothing to save yet: press Print first.');
        offer(await FILES[kind](record, columns(record.count)), nameOf(record, kind));
    }

    listen() {
        for (const button of this.element.querySelectorAll('[data-save]')) {
            button.addEventListener('click', () => this.withPrinter(() => this.save(button.dataset.save)));
        }
        this.find('[data-live=pace]').addEventListener('change', ({ target }) => this.printer?.setPace(Number(target.value)));
        this.find('[data-do=on]').addEventListener('click', () => this.withPrinter((printer) => printer.goOn(this.latest)));
        this.find('[data-do=stop]').addEventListener('click', () => this.printer?.stop());
        onModel((model) => {
            this.find('.why').textContent = model.isHere || model.isAlone || model.why === 'server' ? '' : model.why;
            this.printer?.end();
            this.printer = null;
            this.say(BEFORE);
        });
        window.glyphLink?.tells('print', (link) => this.forLink(link));
    }

    // The same seed goes the same way: a run that went on is one of more steps.
    forLink(link) {
        const run = this.printer?.last, steps = run?.step, [, longest] = this.bounds.steps;
        if (!run || String(run.seed) !== link.get('seed')) return run ? { left: ['the branch that was taken'] } : {};
        if (steps <= Number(link.get('steps'))) return {};
        return steps > longest ? { left: [`the steps beyond ${longest.toLocaleString('en')}`] } : { more: { steps: String(steps) } };
    }
}

/** The line of a word; the static site has no place for it. */
function wordLine() { return document.getElementById('word-line') ?? {}; }

/** What the server must know of a run that it did not see. */
function forServer({ request, step, frames, seed }) {
    const last = frames.at(-1);
    return {
        values: { ...request.values, seed, steps: request.steps }, step, ink: btoa(String.fromCharCode(...last.inks)),
        energy: frames.map(({ aimed }) => [...aimed].map((e) => Math.round(e * 1e4) / 1e4)),
    };
}
