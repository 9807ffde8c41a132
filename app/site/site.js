// The static site: the parts of the explorer that need no server, on one model.
import { Model, present } from './modules/engine/page.js';
import { toModel } from './modules/parts/glyph.js';
import { mount as mountPlayer } from './modules/parts/player.js';
import { mount as mountDesk } from './modules/tabs/print/desk.js';
import { mount as mountLens } from './modules/tabs/read/lens.js';
import { mount as mountLive } from './modules/tabs/read/live.js';
import { mount as mountPad } from './modules/tabs/read/pad.js';

const find = (selector) => document.querySelector(selector);
const dark = matchMedia('(prefers-color-scheme: dark)'), dress = () => document.body.classList.toggle('dark', dark.matches);
dark.addEventListener('change', dress);
dress();

const live = mountLive(find('#live'));
mountPad(find('#sketch'), { draws: (strokes) => live.draws(strokes), drawn: (text) => live.drawn(text) });
const lens = mountLens(find('#lens'), { changes: (ink) => live.read(ink), changed: () => live.read(lens.ink()) });
find('#overlay').addEventListener('change', (event) => live.lay(event.target.value));
for (const example of document.querySelectorAll('[data-ink]')) {
    const ink = Uint8Array.from(atob(example.dataset.ink), (c) => c.charCodeAt(0));
    example.addEventListener('click', () => live.take(toModel(ink)));
}

mountPlayer(find('#printed'));
const desk = mountDesk(find('#print-desk'), () => {});  // there is nobody to ask
const form = find('#controls'), values = () => Object.fromEntries(new FormData(form));
form.addEventListener('submit', (event) => { event.preventDefault(); desk.ask('start', values()); });
form.addEventListener('input', ({ target }) => {
    const said = form.querySelector(`output[data-of=${target.name}]`);
    if (said) said.textContent = Number(target.value).toPrecision(3).replace(/\.?0+$/, '');
    const { way } = values();
    find('.for-sort').hidden = way !== 'sort';
    find('.for-text').hidden = !['word', 'combination'].includes(way);
    desk.change(values());
});

for (const tab of document.querySelectorAll('[role=tab]')) {
    tab.addEventListener('click', () => {
        for (const other of document.querySelectorAll('[role=tab]')) {
            other.setAttribute('aria-selected', String(other === tab));
            document.getElementById(other.getAttribute('aria-controls')).hidden = other !== tab;
        }
        if (tab.id === 'tab-print') desk.visit(values());
    });
}

try {
    const facts = await (await fetch('facts.json')).json();
    const model = new Model('site', 'page', facts, async () => (await fetch('model.safetensors')).arrayBuffer());
    if (!model.isHere) throw new Error(model.why.replace(/, so the server.*$/, ', and this site has no server.'));
    present(model);
    document.querySelector('[data-ink]')?.click();
} catch (error) {
    find('.trouble').hidden = false;
    find('.trouble').textContent = `This page cannot run its model: ${error.message}`;
}
