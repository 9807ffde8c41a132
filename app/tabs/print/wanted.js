// What is asked for, as aims for the engine: the same grammar and the same sentences as ebm/generation/composition.py and
// run.py have, so that the page and programs agree; a test compares them.

import { about } from './fields.js';

const NOT = 0.03, MOST_TERMS = 6, HEAVIEST = 100, LONGEST_TEXT = 200, WORD = 16;
const MINUS = '\\-−–';
const LEAD = `(?:\\s|\\b(?:and|but|with|plus|minus|not|without)\\b|[,&+${MINUS}])*`;
const NUMBER = '(?:(\\d+\\.?\\d*|\\.\\d+)(?![\\d.])\\s*[*×·]?\\s*)?';
const EXAMPLES = 'e; c and e; e but not c; 2 e + c - 0.05 o';
const NEXT = '(?![\\p{L}\\p{N}_])';  // the end of a word

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * Reads a text of sorts and weights, such as "e but not c".
 *
 * @param {string} text at most 200 characters.
 * @param {{name: string, text: string, title: string}[]} sorts of the model.
 * @returns {[number, number][]} classes and weights.
 * @throws {Error} one sentence.
 */
export function termsOf(text, sorts) {
    if (!sorts.length) throw new Error('This model is an EBM without classes; it has no sorts to put together.');
    text = text.normalize('NFC').trim();
    if (!text || [...text].length > LONGEST_TEXT) throw new Error(`Name sorts in at most ${LONGEST_TEXT} characters, for instance: ${EXAMPLES}.`);
    const classes = new Map();
    for (const key of ['text', 'name']) sorts.forEach((sort, k) => classes.set(sort[key].normalize('NFC'), k));
    const names = [...classes.keys()].filter(Boolean).sort((a, b) => b.length - a.length);
    const any = names.map((name) => escaped(name) + (/[\p{L}\p{N}]$/u.test(name) ? NEXT : '')).join('|');
    const term = new RegExp(`(${fold(LEAD)})${NUMBER}(${any})`, 'uy');
    const weights = new Map();
    let terms = 0;
    while (term.lastIndex < text.length) {
        const from = term.lastIndex, match = term.exec(text);
        if (!match) throw notUnderstood(text.slice(from), sorts);
        const k = classes.get(match[3]);
        weights.set(k, (weights.get(k) ?? 0) + weightOf(match[1].toLowerCase(), match[2]));
        terms += 1;
    }
    if (terms > MOST_TERMS) throw new Error(`At most ${MOST_TERMS} terms can be put together, not ${terms}.`);
    const found = [...weights].filter(([, weight]) => weight);
    if (!found.every(([, weight]) => Math.abs(weight) <= HEAVIEST)) throw new Error(`Weights lie between -${HEAVIEST} and ${HEAVIEST}.`);
    if (!found.some(([, weight]) => weight > 0)) throw new Error('At least one sort needs a weight above 0: what is not wanted is no glyph yet.');
    return found;
}

function fold(pattern) {  // the words in capitals or not; sorts differ by them
    return pattern.replace(/\b(and|but|with|plus|minus|not|without)\b/g, (word) => [...word].map((c) => `[${c}${c.toUpperCase()}]`).join(''));
}

function weightOf(lead, number) {
    const signs = lead.match(new RegExp(`minus|not|without|[${MINUS}]`, 'g'))?.length ?? 0, sign = signs % 2 ? -1 : 1;
    return number === undefined ? (sign > 0 ? 1 : -NOT) : sign * Number(number);
}

function notUnderstood(rest, sorts) {
    const lead = new RegExp(`^(${fold(LEAD)})${NUMBER}`, 'u').exec(rest);
    const word = rest.slice(lead ? lead[0].length : 0).split(/[\s,&+]/)[0];
    if (!word) return new Error(`There is no sort after '${rest.trim().slice(0, 40)}'. Write, for instance: ${EXAMPLES}.`);
    return new Error(`The model knows no sort '${word.slice(0, 40)}'; it knows: ${sorts.map((sort) => sort.name).join(', ')}.`);
}

/** The classes of a word's letters; blanks have none. */
export function lettersOf(word, sorts) {
    if (!sorts.length) throw new Error('This model has no sorts, so it cannot be asked for letters.');
    const letters = [...word.normalize('NFC')].filter((c) => c.trim()), texts = sorts.map((sort) => sort.text.normalize('NFC'));
    if (!letters.length || letters.length > WORD) throw new Error(`Type a word of 1 to ${WORD} letters.`);
    const missing = letters.find((c) => !texts.includes(c));
    if (missing) throw new Error(`There is no '${missing}' in the case; there are: ${texts.join(' ')}.`);
    return letters.map((c) => texts.indexOf(c));
}

/**
 * What the controls of the tab Print ask for.
 *
 * @param {object} values of the controls, by name: way, sort, text, count, guidance.
 * @param {{name: string, text: string, title: string}[]} sorts of the model.
 * @returns {{aims: object[], count: number, labels: (number|null)[], what: string, name: string}} the aims of the chains (see
 *     Engine.aimOf), their number, the class that each is to be read as, the request in words, and the energy's name.
 * @throws {Error} one sentence.
 */
export function wantedOf({ way, sort, text, count, guidance }, sorts) {
    count = Math.round(Number(count));
    guidance = Number(guidance);
    const glyphs = (n) => (n === 1 ? 'one glyph' : `${n} glyphs`);
    if (way === 'combination') {
        return { aims: [{ terms: about('text', () => termsOf(text ?? '', sorts)) }], count, labels: [], what: `${glyphs(count)}: ${text.trim()}`, name: 'of the combination' };
    }
    if (way === 'word') {
        const labels = about('text', () => lettersOf(text ?? '', sorts));
        return { aims: labels.map((label) => ({ label, guidance })), count: labels.length, labels, what: `${glyphs(labels.length)}: ${text.trim()}`, name: 'with their sorts' };
    }
    const k = way === 'sort' && sort !== 'any' ? sorts.findIndex(({ name, text: letter }) => name === sort || letter === sort) : -1;
    if (way === 'sort' && sort !== 'any' && k < 0) throw new Error(`The model knows no sort '${String(sort).slice(0, 40)}'; it knows: ${sorts.map(({ name }) => name).join(', ')}.`);
    if (k < 0) return { aims: [{}], count, labels: [], what: `${glyphs(count)} of no sort in particular`, name: '' };
    return { aims: [{ label: k, guidance }], count, labels: Array(count).fill(k), what: `${glyphs(count)} of ${sorts[k].title}`, name: 'with its sort' };
}
