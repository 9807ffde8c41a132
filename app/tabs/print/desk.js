// Wires the tab Print: whether this page's engine prints or the server is decided here, for every button and link.
import { model as shownModel, onModel } from '../../engine/page.js';
import { partOf, put } from '../../parts/places.js';
import { columns } from '../../parts/player.js';
import { complain, settle } from './fields.js';
import { Printer } from './printer.js';
import { asAnimation, asPng, asStates, nameOf, offer } from './saving.js';

const FILES = { png: asPng, webp: asAnimation, npz: asStates };
const BEFORE = 'Every glyph starts as noise. Press Print.';

/**
 * Makes the tab's desk, below the player: speed, files; and the functions that its buttons call.
 *
 * @param {HTMLElement} element with the template of desk.py.
 * @param {function(string, object=): void} askServer sends an event to the server: 'start', 'on', 'diagnose',
 *     'diagnoseServer', 'line'.
 */
export function mount(element, askServer) {
    const find = (selector) => element.querySelector(selector);
    let printer = null, visited = false, latest = {};

    function say(text, kind = 'hint') {
        find('.said').innerHTML = '';
        const box = Object.assign(document.createElement('div'), { className: kind });
        box.setAttribute('role', 'status');
        box.append(Object.assign(document.createElement('p'), { textContent: text }));
        find('.said').append(box);
    }

    // The word of a run that is over, set on a line; the static site has no place for it.
    const line = () => document.getElementById('word-line') ?? {};

    function ended(record) {
        line().hidden = record.request.values.way !== 'word';
        if (record.request.values.way === 'word') askServer('line', told(record));
    }

    function told({ request, step, frames, seed }) {  // what the server must know of a run that it did not see
        const last = frames.at(-1);
        return {
            values: { ...request.values, seed, steps: request.steps }, step, ink: btoa(String.fromCharCode(...last.inks)),
            energy: frames.map(({ aimed }) => [...aimed].map((e) => Math.round(e * 1e4) / 1e4)),
        };
    }

    async function withPrinter(run) {
        printer ??= new Printer(await partOf('printed'), say, ended, () => { line().hidden = true; });
        const model = await shownModel();
        settle();
        try { await run(printer); } catch (error) {
            if (error.field) {
                if (complain(error)) say('Nothing was printed.'); else say(error.message, 'problem');
                printer.player.mark('from the run before');
                return;
            }
            if (!model.clients.print?.dead) { say(error.message, 'problem'); return; }
            model.fail(error);
            if (!model.isAlone) find('.why').textContent = `${model.why} Press Print again.`;
        }
    }

    async function ask(kind, values) {
        latest = values;
        const model = await shownModel();
        if (!model.isHere) { askServer(kind); return; }
        await withPrinter((printer) => (kind === 'on' ? printer.goOn(values) : printer.start(values)));
    }

    element.querySelectorAll('[data-save]').forEach((button) => button.addEventListener('click', () => withPrinter(async () => {
        const record = printer.record();
        if (!record) throw new Error('There is nothing to save yet: press Print first.');
        offer(await FILES[button.dataset.save](record, columns(record.count)), nameOf(record, button.dataset.save));
    })));
    find('[data-live=pace]').addEventListener('change', (event) => printer?.setPace(Number(event.target.value)));
    find('[data-do=on]').addEventListener('click', () => withPrinter((printer) => printer.goOn(latest)));
    find('[data-do=stop]').addEventListener('click', () => printer?.stop());
    onModel((model) => {
        find('.why').textContent = model.isHere || model.isAlone || model.why === 'server' ? '' : model.why;
        printer?.end();
        printer = null;
        say(BEFORE);
    });
    // The same seed goes the same way: a run that went on is one of more steps.
    window.glyphLink?.tells('print', (link) => {
        const run = printer?.last, steps = run?.step;
        if (!run || String(run.seed) !== link.get('seed')) return run ? { left: ['the branch that was taken'] } : {};
        if (steps <= Number(link.get('steps'))) return {};
        return steps > 1024 ? { left: ['the steps beyond 1,024'] } : { more: { steps: String(steps) } };
    });

    return put('print desk', {
        ask,
        async compare(values, recipes) {
            latest = values;
            await withPrinter((printer) => printer.compare(values, recipes));
        },
        async diagnose() {
            if ((await shownModel()).isHere && printer?.last) askServer('diagnose', told(printer.record()));
            else askServer('diagnoseServer');
        },
        visit(values) { if (!visited) { visited = true; ask('start', values); } },
        again(opened, values) { if (opened === 'print') { visited = true; ask('start', values); } },
        change(values) { latest = values; settle(); printer?.change(values); },
    });
}
