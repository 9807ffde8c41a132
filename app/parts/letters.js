// What the glyphs of the player's last frame were read as: a small button over each tile, which opens it in Read.

const MANY = 36;  // tiles from which the letters are written small

/**
 * Shows the letters of a run.
 *
 * @param {HTMLElement} place over the tiles.
 * @param {{letters: [string, ?boolean][], tiles: number, wide: number}} reel for each tile a short text and whether it is a
 *     known glyph; an uncalibrated model calls nothing a stranger, and gives null.
 * @param {function(number): void} open opens a tile in Read.
 */
export function showLetters(place, { letters, tiles, wide }, open) {
    const tall = Math.ceil(tiles / wide);
    place.classList.toggle('many', tiles > MANY);
    place.replaceChildren(...letters.map(([text, known], k) => {
        const mark = Object.assign(document.createElement('button'), { type: 'button', textContent: text, tabIndex: k ? -1 : 0 });
        const judged = known === null ? '' : `its energy is ${known ? '' : 'not '}like a known glyph’s; `;
        if (known !== null) mark.className = known ? 'known' : 'stranger';
        mark.title = `${judged}open it in Read`;
        mark.setAttribute('aria-label', `Glyph ${k + 1}, read as ${text}; ${mark.title}`);
        mark.addEventListener('click', () => open(k));
        mark.style.left = `${100 * (k % wide) / wide}%`;
        mark.style.top = `${100 * Math.floor(k / wide) / tall}%`;
        return mark;
    }));
}

/** Goes from letter to letter by the arrow keys: all of them are one stop for Tab. */
export function walkLetters(event, wide) {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide }[event.key];
    if (!by) return;
    event.preventDefault();
    const marks = [...event.currentTarget.children], next = marks[marks.indexOf(event.target) + by];
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
}
