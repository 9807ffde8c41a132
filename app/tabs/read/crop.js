// The picture that was brought: its letters are boxed, a click or a drawn box chooses the part that is read, a slider turns it.
// The wheel, or two fingers, enlarge it.
import { openTab } from '../../parts/opening.js';
import { Zoom } from './zoom.js';

const LEAST = 0.01;  // share of the picture's side that a box has at least
const SIDES = ['top', 'left', 'bottom', 'right'];  // which side of the frame is up after so many quarter turns to the right
const SEVERAL = 'shapes here may be letters, and one is read at a time: first the one in the red frame. Click the one you mean, or draw a box around it.';
const ONE = 'If the letter was not found well, draw a box around it, or turn it.';

/**
 * Makes the view of its element, which has the template of crop.py.
 *
 * @param {HTMLElement} element of the component.
 * @param {function({box: number[], angle: number}): void} chooses is called with the part to read.
 */
export function mount(element, chooses) { return new Crop(element, chooses); }

class Crop {
    constructor(element, chooses) {
        const find = (selector) => element.querySelector(selector);
        Object.assign(this, {
            find, chooses, view: find('.crop-view'), frame: find('.crop-stage > i'), range: find('input'), image: find('img'),
            box: null, quarter: 0,  // the part that is read; quarter turns, in degrees
            corner: null,  // where a box that is being drawn began
        });
        this.zoom = new Zoom(this.view, find('.crop-stage'), (scale) => { find('.crop-whole').hidden = scale === 1; });
        this.listen(element);
    }

    /** Shows the component's value: a picture and its letters. */
    take(value) {
        this.find('.crop').hidden = !value?.picture;
        if (!value?.picture || this.image.src === value.picture) return;  // the same one, with what was chosen of it
        const isSeveral = value.letters.length > 1;
        this.image.src = value.picture;
        this.zoom.reset();
        this.range.value = 0;
        this.find('.crop-book').hidden = !isSeveral;
        this.find('.crop-said').textContent = isSeveral ? `${value.letters.length} ${SEVERAL}` : ONE;
        this.find('.crop-boxes').replaceChildren(...(isSeveral ? value.letters : []).map((letter, k) => this.button(letter, k, value.around[k])));
        Object.assign(this, { quarter: 0, box: value.chosen?.box ?? null });
        this.show();
    }

    button(letter, k, around) {
        const button = Object.assign(document.createElement('button'), { type: 'button', title: 'Read this letter' });
        button.setAttribute('aria-label', `Read letter ${k + 1}`);
        lay(button, letter);
        button.addEventListener('click', () => this.choose(around));
        return button;
    }

    get angle() { return ((this.quarter + Number(this.range.value) + 540) % 360) - 180; }

    show() {
        const { frame, box } = this;
        frame.hidden = !box;
        frame.dataset.up = this.angle ? SIDES[(this.quarter / 90 % 4 + 4) % 4] : '';  // a mark shows how the letter is read
        if (box) { lay(frame, box); frame.style.transform = `rotate(${-Number(this.range.value)}deg)`; }  // a quarter turn takes the same part
        this.find('output').textContent = `${this.angle}°`;
    }

    choose(box) {
        this.box = box;
        this.show();
        this.chooses({ box, angle: this.angle });
    }

    /** The box between the corner where it began and a pointer; null while it is too small for one. */
    drawnBox(event) {
        const [x, y] = this.zoom.placeOf(event), [left, top] = this.corner;
        const box = [Math.min(left, x), Math.min(top, y), Math.max(left, x), Math.max(top, y)];
        return box[2] - box[0] >= LEAST && box[3] - box[1] >= LEAST ? box : null;
    }

    drag(event) {
        if (this.zoom.pinches(event) || !this.corner) return;
        const box = this.drawnBox(event);
        if (!box) return;
        if (!this.view.hasPointerCapture(event.pointerId)) this.view.setPointerCapture(event.pointerId);  // not for a click on a letter
        this.box = box;
        this.show();
    }

    listen(element) {
        const { view, range, zoom } = this;
        view.addEventListener('pointerdown', (event) => {
            if (event.button !== 0) return;
            this.corner = zoom.press(event) === 1 ? zoom.placeOf(event) : null;
            event.preventDefault();
        });
        view.addEventListener('pointermove', (event) => this.drag(event));
        view.addEventListener('pointerup', (event) => {
            const box = this.corner && this.drawnBox(event);
            this.corner = null;
            if (box) this.choose(box);
        });
        view.addEventListener('pointercancel', () => { this.corner = null; });
        range.addEventListener('input', () => this.show());
        range.addEventListener('change', () => this.choose(this.box ?? [0, 0, 1, 1]));
        for (const button of element.querySelectorAll('[data-turn]')) button.addEventListener('click', () => {
            this.quarter += Number(button.dataset.turn);
            this.choose(this.box ?? [0, 0, 1, 1]);
        });
        this.find('.crop-whole').addEventListener('click', () => zoom.reset());
        this.find('.crop-book').addEventListener('click', toBook);
    }
}

function lay(part, [left, top, right, bottom]) {
    const percent = (share) => `${100 * share}%`;
    Object.assign(part.style, { left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top) });
}

/** Brings the picture that was uploaded here to the tab Book, as if the visitor had chosen the file there. */
async function toBook() {
    const { src } = document.querySelector('#upload img'), file = await (await fetch(src)).blob(), chosen = new DataTransfer();
    chosen.items.add(new File([file], decodeURIComponent(src.split('/').at(-1)), { type: file.type }));
    openTab('Book');
    let input = null;
    while (!(input = document.querySelector('#book-file input[type=file]'))) {
        document.querySelector('#book-file button[aria-label=Clear]')?.click();  // a page that was read before gives way
        await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
    input.files = chosen.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
}
