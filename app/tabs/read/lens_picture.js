// What the lens shows: the glyph with its overlay and its mask as colours, and what a pixel would do, in words.
import { PIXELS, SIZE } from '../../parts/glyph.js';

const HELP = 'As the model sees it, 56 x 56. Move over it, or use the arrow keys and Enter.';
const WANTS_INK = [0, 114, 178], WANTS_PAPER = [213, 94, 0], MASKED = [150, 41, 31];
const STRONGEST = 0.85;  // share of a colour that is laid over the strongest pixels

/** What is laid over a pixel: below 0 ink is wanted there, above 0 it is not. */
function wishAt(k, { ink, slope, dot }) {
    if (slope) return slope[k];
    if (dot) return ink[k] > 127 ? -dot[k] : dot[PIXELS + k];
    return 0;
}

function strongestWish(shown) {  // all but the strongest in a hundred fit into the colours
    const sizes = Float32Array.from({ length: PIXELS }, (_, k) => Math.abs(wishAt(k, shown))).sort();
    return sizes[Math.floor(0.99 * sizes.length)] || 1e-9;
}

/**
 * Draws what the lens shows.
 *
 * @param {CanvasRenderingContext2D} pen of a canvas of 56 x 56.
 * @param {{ink: Uint8Array, mask: Uint8Array, slope: ?Float32Array, dot: ?Float32Array, at: ?number}} shown the glyph, the
 *     mask (1 = to be filled in), the slope or the effects of dots (2, 3136), the pixel that is pointed at.
 */
export function drawLens(pen, shown) {
    const { ink, mask, slope, dot, at } = shown, picture = pen.createImageData(SIZE, SIZE);
    const most = slope || dot ? strongestWish(shown) : 1;
    for (let k = 0; k < PIXELS; k++) {
        const dark = ink[k] / 255;
        let colour = [251 - 223 * dark, 247 - 223 * dark, 238 - 218 * dark];
        if (slope || dot) {
            const strength = Math.max(-1, Math.min(1, wishAt(k, shown) / most)), share = Math.abs(strength) * STRONGEST;
            const over = strength < 0 ? WANTS_INK : WANTS_PAPER;
            colour = colour.map((value, c) => value + (over[c] - value) * share);
        }
        if (mask[k] && (k + Math.floor(k / SIZE)) % 2) colour = MASKED;
        picture.data.set([...colour, 255], 4 * k);
    }
    pen.putImageData(picture, 0, 0);
    if (at === null) return;
    pen.strokeStyle = '#96291f';
    pen.strokeRect(at % SIZE - 0.5, Math.floor(at / SIZE) - 0.5, 2, 2);
}

const signed = (value, digits = 2) => (value < 0 ? '−' : '+') + Math.abs(value).toFixed(digits);

/** What the lens shows in words: of the pixel that is pointed at, or else of the whole. */
export function wordsOfLens({ ink, mask, slope, dot, at }) {
    if (at === null || !ink) {
        const masked = mask.reduce((sum, m) => sum + m, 0);
        const legend = slope || dot ? 'Blue: ink here would lower the energy. Orange: it would raise it.' : masked ? '' : HELP;
        return [legend, masked ? `${masked} pixels are masked: the model fills them in.` : ''].join(' ').trim();
    }
    const where = `Row ${Math.floor(at / SIZE) + 1}, column ${at % SIZE + 1}, ${Math.round(ink[at] / 2.55)} % ink`;
    if (dot) return `${where}. A dot of ink here: energy ${signed(dot[PIXELS + at])}; of paper: ${signed(dot[at])}.`;
    if (slope) return `${where}. A little more ink ${slope[at] < 0 ? 'lowers' : 'raises'} the energy (slope ${signed(slope[at], 4)}).`;
    return `${where}.`;
}
