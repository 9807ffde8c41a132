// The picture that was brought: its letters are boxed, a click or a drawn box chooses the part that is read, a slider turns it.
// The wheel, or two fingers, enlarge it.

import { openTab } from '../../parts/opening.js';

const LEAST = 0.01;  // share of the picture's side that a box has at least
const LARGEST = 8;  // how far it is enlarged at most
const SIDES = ['top', 'left', 'bottom', 'right'];  // which side of the frame is up after so many quarter turns to the right

/**
 * Makes the view of its element, which has the template of crop.py.
 *
 * @param {HTMLElement} element of the component.
 * @param {function({box: number[], angle: number}): void} chooses is called with the part to read.
 */
export function mount(element, chooses) {
    const find = (selector) => element.querySelector(selector);
    const view = find('.crop-view'), stage = find('.crop-stage'), frame = find('.crop-stage > i'), range = find('input'), image = find('img');
    const fingers = new Map();  // pointers that are down: id -> [x, y] on the screen
    let box = null, quarter = 0, from = null, zoom = { scale: 1, x: 0, y: 0 };

    const angle = () => ((quarter + Number(range.value) + 540) % 360) - 180;
    const percent = (share) => `${100 * share}%`;
    function lay(part, [left, top, right, bottom]) {
        Object.assign(part.style, { left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top) });
    }

    function take(value) {
        find('.crop').hidden = !value?.picture;
        if (!value?.picture || image.src === value.picture) return;  // the same one, with what was chosen of it
        image.src = value.picture;
        box = null;
        quarter = 0;
        zoomTo(1, 0, 0);
        range.value = 0;
        const several = value.letters.length > 1;
        find('.crop-book').hidden = !several;
        find('.crop-said').textContent = several ? `${value.letters.length} shapes here may be letters, and one is read at a time: first the one in the red frame. Click the one you mean, or draw a box around it.`
            : 'If the letter was not found well, draw a box around it, or turn it.';
        find('.crop-boxes').replaceChildren(...(several ? value.letters : []).map((letter, k) => {
            const button = Object.assign(document.createElement('button'), { type: 'button', title: 'Read this letter' });
            button.setAttribute('aria-label', `Read letter ${k + 1}`);
            lay(button, letter);
            button.addEventListener('click', () => choose(value.around[k]));
            return button;
        }));
        if (value.chosen) ({ box } = value.chosen);
        show();
    }

    function show() {
        frame.hidden = !box;
        frame.dataset.up = angle() ? SIDES[(quarter / 90 % 4 + 4) % 4] : '';  // a mark shows how the letter is read
        if (box) { lay(frame, box); frame.style.transform = `rotate(${-Number(range.value)}deg)`; }  // a quarter turn takes the same part
        find('output').textContent = `${angle()}°`;
    }

    function choose(next) {
        box = next;
        show();
        chooses({ box, angle: angle() });
    }

    /** Enlarges the picture and moves it, without baring the view's edges. */
    function zoomTo(scale, x, y) {
        const least = (side) => Math.min(0, side * (1 - scale)), { clientWidth: wide, clientHeight: tall } = view;
        zoom = { scale, x: Math.max(least(wide), Math.min(0, x)), y: Math.max(least(tall), Math.min(0, y)) };
        stage.style.setProperty('--zoom', scale);  // lines keep their width
        find('.crop-whole').hidden = scale === 1;
        stage.style.transform = `translate(${zoom.x}px, ${zoom.y}px) scale(${scale})`;
    }

    /** Enlarges by a factor around a point of the screen, which may have moved there from another. */
    function zoomAround(factor, [x, y], [fromX, fromY] = [x, y]) {
        const area = view.getBoundingClientRect(), scale = Math.max(1, Math.min(LARGEST, zoom.scale * factor)), k = scale / zoom.scale;
        zoomTo(scale, x - area.left - k * (fromX - area.left - zoom.x), y - area.top - k * (fromY - area.top - zoom.y));
    }

    function pinch(event) {
        const [a, b] = [...fingers.values()], middle = ([p, q]) => [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
        const before = middle([a, b]), apart = Math.hypot(a[0] - b[0], a[1] - b[1]);
        fingers.set(event.pointerId, [event.clientX, event.clientY]);
        const [c, d] = [...fingers.values()];
        zoomAround(Math.hypot(c[0] - d[0], c[1] - d[1]) / Math.max(apart, 1), middle([c, d]), before);
    }

    function placeOf(event) {
        const area = stage.getBoundingClientRect(), inside = (share) => Math.max(0, Math.min(1, share));
        return [inside((event.clientX - area.left) / area.width), inside((event.clientY - area.top) / area.height)];
    }
    const around = ([x, y]) => [Math.min(from[0], x), Math.min(from[1], y), Math.max(from[0], x), Math.max(from[1], y)];

    view.addEventListener('pointerdown', (event) => {
        if (event.button !== 0) return;
        fingers.set(event.pointerId, [event.clientX, event.clientY]);
        from = fingers.size === 1 ? placeOf(event) : null;
        event.preventDefault();
    });
    view.addEventListener('pointermove', (event) => {
        if (fingers.size > 1 && fingers.has(event.pointerId)) { pinch(event); return; }
        if (!from) return;
        const next = around(placeOf(event));
        if (next[2] - next[0] < LEAST || next[3] - next[1] < LEAST) return;
        if (!view.hasPointerCapture(event.pointerId)) view.setPointerCapture(event.pointerId);  // not for a click on a letter
        box = next;
        show();
    });
    view.addEventListener('pointerup', (event) => {
        const next = from && around(placeOf(event));
        from = null;
        fingers.delete(event.pointerId);
        if (next && next[2] - next[0] >= LEAST && next[3] - next[1] >= LEAST) choose(next);
    });
    view.addEventListener('pointercancel', (event) => { from = null; fingers.delete(event.pointerId); });
    addEventListener('pointerup', (event) => fingers.delete(event.pointerId));  // outside the view
    view.addEventListener('wheel', (event) => {
        if (zoom.scale === 1 && event.deltaY > 0) return;  // then the page scrolls
        event.preventDefault();
        zoomAround(Math.exp(-event.deltaY / 400), [event.clientX, event.clientY]);
    }, { passive: false });
    range.addEventListener('input', show);
    range.addEventListener('change', () => choose(box ?? [0, 0, 1, 1]));
    element.querySelectorAll('[data-turn]').forEach((button) => button.addEventListener('click', () => {
        quarter += Number(button.dataset.turn);
        choose(box ?? [0, 0, 1, 1]);
    }));
    find('.crop-whole').addEventListener('click', () => zoomTo(1, 0, 0));
    find('.crop-book').addEventListener('click', toBook);
    return { take };
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
