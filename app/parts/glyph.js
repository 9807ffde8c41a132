// A glyph in the page: its size, its two forms, and how its energy is written.
export const SIZE = 56, PIXELS = SIZE * SIZE;

/** Ink, 255 = black, as the model sees it: [-1, 1], ink = +1. */
export function toModel(ink) { return Float32Array.from(ink, (value) => value / 127.5 - 1); }

/** What the model sees, as ink: bytes, 255 = black. */
export function toInk(glyph) {
    const ink = new Uint8ClampedArray(glyph.length);  // which rounds, and keeps within 0 and 255
    for (let k = 0; k < ink.length; k++) ink[k] = (glyph[k] + 1) * 127.5;
    return ink;
}

/** A number for people: two decimals, a true minus sign. */
export function words(number) { return number.toFixed(2).replace(/^-0\.00$/, '0.00').replace('-', '−'); }
