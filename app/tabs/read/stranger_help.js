// What can be done about a stranger: a drawing may be inked like print, and any glyph be finished by the model.
import { partOf } from '../../parts/places.js';

const PATIENCE = 2000;  // milliseconds

/**
 * Offers what helps.
 *
 * @param {HTMLElement} place `.then` of live.py.
 * @param {boolean} isStranger whether the glyph that is shown is one.
 */
export async function offerHelp(place, isStranger) {
    const pad = await partOf('pad'), [ink, finish] = ['ink', 'finish'].map((name) => place.querySelector(`[data-do=${name}]`));
    ink.hidden = !pad.strokes().length || pad.isInked();
    finish.hidden = !document.querySelector('#finish-go');
    place.querySelector('.then-said').hidden = !pad.isInked();
    place.hidden = !isStranger || (ink.hidden && finish.hidden);
}

/** Presses the buttons of the panel below: finish, and go. Gradio sets the steps that go with the first a moment later. */
export function finishBelow() {
    document.querySelector('#finish-preset input[value=finish]').click();
    document.querySelector('#finish').scrollIntoView({ behavior: 'smooth' });
    const steps = () => document.querySelector('#finish-steps input[type=number]').value, before = steps(), began = performance.now();
    const press = () => {
        if (steps() === before && performance.now() - began < PATIENCE) { setTimeout(press, 50); return; }
        setTimeout(() => document.querySelector('#finish-go').click(), 100);
    };
    press();
}
