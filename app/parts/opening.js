// Any glyph on the page opens in Read when it is clicked.
import { SIZE } from './glyph.js';
import { partOf } from './places.js';
import { GAP, INK, PAPER } from './sheet.js';

/** Opens a tab of the page by its title; on a phone it may be in the menu of those that have no room. */
export function openTab(title) {
    [...document.querySelectorAll('[role=tab], .overflow-dropdown button')].find((tab) => tab.textContent.trim() === title)?.click();
}

/** Reads a glyph (3136 bytes, 255 = ink) on the tab Read. */
export async function openInRead(ink) {
    openTab('Read');
    (await partOf('pad')).take('');
    (await partOf('lens')).bring(Uint8Array.from(ink));
    window.scrollTo({ top: 0 });
}

/** The ink (3136 bytes) of a glyph that is painted as dark ink on light paper. */
export function inkOf(picture, left = 0, top = 0, wide = picture.naturalWidth ?? picture.width, tall = picture.naturalHeight ?? picture.height) {
    const canvas = Object.assign(document.createElement('canvas'), { width: SIZE, height: SIZE });
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    pen.drawImage(picture, left, top, wide, tall, 0, 0, SIZE, SIZE);
    const { data } = pen.getImageData(0, 0, SIZE, SIZE), [paper] = PAPER, [ink] = INK;  // their red tells all
    return Uint8Array.from(Uint8ClampedArray.from({ length: SIZE * SIZE }, (_, k) => 255 * (paper - data[4 * k]) / (paper - ink)));
}

/** The tile of a sheet, as drawing.py and sheet.js lay it out, that lies under a pointer; null on the table. */
function tileUnder(sheet, event) {
    const box = sheet.getBoundingClientRect(), wide = sheet.naturalWidth ?? sheet.width, tall = sheet.naturalHeight ?? sheet.height;
    const cell = SIZE + GAP, corner = (at) => Math.floor((at - GAP / 2) / cell) * cell + GAP;
    const left = corner((event.clientX - box.left) * wide / box.width), top = corner((event.clientY - box.top) * tall / box.height);
    const ink = left >= GAP && top >= GAP && left + SIZE <= wide && top + SIZE <= tall ? inkOf(sheet, left, top, SIZE, SIZE) : null;
    return ink?.some((value) => value > 100) ? ink : null;
}

// A button with the first mark shows one glyph, as an image or on a canvas; what has the second is a sheet of tiles.
document.addEventListener('click', (event) => {
    const picture = event.target.closest?.('[data-glyph]')?.querySelector('img, canvas');
    const ink = picture ? inkOf(picture) : event.target.matches?.('[data-sheet]') ? tileUnder(event.target, event) : null;
    if (ink) openInRead(ink);
});
