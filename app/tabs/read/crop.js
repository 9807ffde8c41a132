// The picture that was brought: its letters are boxed, a click or a drawn box chooses the part that is read, a slider turns it.

const LEAST = 0.01;  // share of the picture's side that a box has at least

/**
 * Makes the view of its element, which has the template of crop.py.
 *
 * @param {HTMLElement} element of the component.
 * @param {function({box: number[], angle: number}): void} chooses is called with the part to read.
 */
export function mount(element, chooses) {
    const find = (selector) => element.querySelector(selector);
    const view = find('.crop-view'), frame = find('.crop-view > i'), range = find('input'), image = find('img');
    let box = null, quarter = 0, from = null;

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
        range.value = 0;
        const several = value.letters.length > 1;
        find('.crop-said').textContent = several ? `There are ${value.letters.length} letters here, and one is read at a time. Click the one you mean, or draw a box around it. A whole page is for the tab Book.`
            : 'If the letter was not found well, draw a box around it, or turn it.';
        find('.crop-boxes').replaceChildren(...(several ? value.letters : []).map((letter, k) => {
            const button = Object.assign(document.createElement('button'), { type: 'button', title: 'Read this letter' });
            button.setAttribute('aria-label', `Read letter ${k + 1}`);
            lay(button, letter);
            button.addEventListener('click', () => choose(wider(letter)));
            return button;
        }));
        show();
    }

    function wider([left, top, right, bottom]) {  // some paper around a letter
        const x = 0.12 * (right - left), y = 0.12 * (bottom - top);
        return [Math.max(0, left - x), Math.max(0, top - y), Math.min(1, right + x), Math.min(1, bottom + y)];
    }

    function show() {
        frame.hidden = !box;
        if (box) { lay(frame, box); frame.style.transform = `rotate(${-Number(range.value)}deg)`; }  // a quarter turn takes the same part
        find('output').textContent = `${angle()}°`;
    }

    function choose(next) {
        box = next;
        show();
        chooses({ box, angle: angle() });
    }

    function placeOf(event) {
        const area = view.getBoundingClientRect(), inside = (share) => Math.max(0, Math.min(1, share));
        return [inside((event.clientX - area.left) / area.width), inside((event.clientY - area.top) / area.height)];
    }
    const around = ([x, y]) => [Math.min(from[0], x), Math.min(from[1], y), Math.max(from[0], x), Math.max(from[1], y)];

    view.addEventListener('pointerdown', (event) => {
        if (event.button !== 0) return;
        from = placeOf(event);
        event.preventDefault();
    });
    view.addEventListener('pointermove', (event) => {
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
        if (next && next[2] - next[0] >= LEAST && next[3] - next[1] >= LEAST) choose(next);
    });
    view.addEventListener('pointercancel', () => { from = null; });
    range.addEventListener('input', show);
    range.addEventListener('change', () => choose(box ?? [0, 0, 1, 1]));
    element.querySelectorAll('[data-turn]').forEach((button) => button.addEventListener('click', () => {
        quarter += Number(button.dataset.turn);
        choose(box ?? [0, 0, 1, 1]);
    }));
    return { take };
}
