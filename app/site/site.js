// The static site: the parts of the explorer that need no server, on one model.
import { Model, onModel, present } from './modules/engine/page.js';
import { toModel } from './modules/parts/glyph.js';
import { mount as mountPlayer } from './modules/parts/player.js';
import { mount as mountPrint } from './modules/tabs/print/by_engine.js';
import { mount as mountLens } from './modules/tabs/read/lens.js';
import { mount as mountLive } from './modules/tabs/read/live.js';
import { mount as mountPad } from './modules/tabs/read/pad.js';
import { mount as mountTour } from './modules/tabs/learn/tour.js';
import { mount as mountSurface } from './modules/tabs/surface/by_engine.js';

const find = (selector) => document.querySelector(selector);
const dark = matchMedia('(prefers-color-scheme: dark)'), dress = () => document.body.classList.toggle('dark', dark.matches);
dark.addEventListener('change', dress);
dress();

const live = mountLive(find('#live'));
const pad = mountPad(find('#sketch'), { draws: (strokes) => live.draws(strokes), drawn: (text) => live.drawn(text) });
const lens = mountLens(find('#lens'), { changes: (ink) => live.read(ink), changed: () => live.read(lens.ink()), drags: (right, down) => live.shift({ right, down }), scales: (size) => live.shift({ size }) });
find('#overlay').addEventListener('change', (event) => live.lay(event.target.value));
for (const example of document.querySelectorAll('[data-ink]')) {
    const ink = Uint8Array.from(atob(example.dataset.ink), (c) => c.charCodeAt(0));
    example.addEventListener('click', () => live.take(toModel(ink)));
}

mountPlayer(find('#printed'));
const printing = mountPrint(find('#print-by-engine'), () => {});  // there is nobody to ask
const form = find('#controls'), values = () => Object.fromEntries(new FormData(form));
form.addEventListener('submit', (event) => { event.preventDefault(); printing.ask('start', values()); });
find('#compare').addEventListener('click', ({ target }) => printing.compare(values(), JSON.parse(target.dataset.recipes)));
form.elements.text.value = form.elements.text.dataset.combination;
form.addEventListener('input', ({ target }) => {
    const { text } = form.elements, isExample = Object.values(text.dataset).includes(text.value);
    if (target.name === 'way' && isExample) text.value = text.dataset[target.value] ?? text.value;
    for (const said of form.querySelectorAll('output[data-of]')) {
        said.textContent = Number(form.elements[said.dataset.of].value).toPrecision(3).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
    }
    const { way } = values();
    find('.for-sort').hidden = way !== 'sort';
    find('.for-text').hidden = !['word', 'combination'].includes(way);
    printing.change(values());
});

const surface = mountSurface(find('#surface-by-engine'), {
    askServer: () => {},
    glyphsOf: async () => (await fetch('glyphs.json')).json(),
});
const places = find('#surface-controls'), chosen = () => Object.fromEntries(new FormData(places));
places.addEventListener('input', () => surface.look(chosen()));

mountTour(find('#tour'));

const tabs = [...document.querySelectorAll('[role=tab]')];
function open(tab) {
    for (const other of tabs) {
        other.setAttribute('aria-selected', String(other === tab));
        other.tabIndex = other === tab ? 0 : -1;
        document.getElementById(other.getAttribute('aria-controls')).hidden = other !== tab;
    }
}
function visit(tab) {  // opens a tab as a visitor does
    open(tab);
    if (tab.id === 'tab-print') printing.visit(values());
    if (tab.id === 'tab-surface') surface.visit(chosen());
}
tabs.forEach((tab, k) => {
    tab.addEventListener('click', () => visit(tab));
    tab.addEventListener('keydown', ({ key }) => {
        const next = { ArrowRight: k + 1, ArrowLeft: k - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[key];
        if (next === undefined) return;
        tabs[next % tabs.length].focus();
        visit(tabs[next % tabs.length]);
    });
});

// The doors of Learn open a tab in a state, which is written as in the explorer's links.
async function follow({ tab, example, draw, overlay = 'none', ...settings }) {
    open(find(`#tab-${tab}`));
    if (tab === 'read') {
        find(`#overlay [value=${overlay}]`).checked = true;
        live.lay(overlay);
        if (draw) { pad.take(draw); live.drawn(draw); }
        for (const button of document.querySelectorAll('[data-ink]')) if (button.dataset.key === example) button.click();
    }
    if (tab === 'print') {
        form.reset();
        form.elements.text.value = form.elements.text.dataset.combination;
        for (const [name, value] of Object.entries(settings)) form.elements[name].value = value;
        form.dispatchEvent(new Event('input'));
        printing.ask('start', values());
    }
    if (tab === 'surface') surface.visit(chosen());
    scrollTo(0, 0);
}
for (const door of document.querySelectorAll('[data-door]')) door.addEventListener('click', () => follow(JSON.parse(door.dataset.door)));

function complain(sentence) {
    find('.trouble').hidden = false;
    find('.trouble').textContent = `This page cannot run its model: ${sentence}`;
}
onModel((model) => { if (!model.isHere) complain(model.why); });  // it may also fail later
try {
    const facts = await (await fetch('facts.json')).json();
    present(new Model('site', 'alone', facts, async () => (await fetch('model.safetensors')).arrayBuffer()));
    document.querySelector('[data-ink]')?.click();
} catch (error) { complain(error.message); }
