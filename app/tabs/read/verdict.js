// What the model reads in a glyph, in words and small graphics: the same as verdict_card.py and drawing.py make on the
// server, which a test compares.

import { words } from '../../parts/glyph.js';

const UNIT = 'Energies have no unit and no zero of their own: only differences within one model count';
const BINS = 72, TOP = 5, SURE = 0.9;

const short = (value) => Number(value.toPrecision(2)).toString();
const escaped = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/**
 * A verdict, as `ebm.verdict` gives it.
 *
 * @param {number} energy E(x).
 * @param {Float32Array} logits of the glyph.
 * @param {object} facts of the model, see slot.py.
 * @returns {{energy: number, pValue: ?number, isStranger: ?boolean, top: {index: number, share: number}[]}} what is said of it.
 */
export function verdictOf(energy, logits, facts) {
    const { threshold, reference, temperature } = facts;
    let top = [];
    if (logits.length > 1) {
        const most = Math.max(...logits), shares = Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
        const sum = shares.reduce((a, b) => a + b, 0);
        top = shares.map((share, index) => ({ index, share: share / sum })).sort((a, b) => b.share - a.share).slice(0, TOP);
    }
    if (threshold === null) return { energy, pValue: null, isStranger: null, top };
    return { energy, pValue: (reference.length - below(reference, energy) + 1) / (reference.length + 1), isStranger: energy > threshold, top };
}

function below(sorted, value) {  // how many are smaller
    let low = 0, high = sorted.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (sorted[middle] < value) low = middle + 1; else high = middle;
    }
    return low;
}

function sentence({ pValue, isStranger }, { threshold, reference }) {
    if (threshold === null) return 'This model is uncalibrated: it has no threshold, so there is an energy but no verdict.';
    const start = `Its energy lies ${isStranger ? 'above' : 'below'} the threshold of ${words(threshold)}`, count = reference.length.toLocaleString('en');
    if (!reference.length) return `${start}.`;
    const asHigh = Math.round(pValue * (reference.length + 1)) - 1;  // the glyph itself counts as one
    const share = asHigh ? `${(100 * asHigh / reference.length).toFixed(1)}%` : 'none';
    return `${start}; ${share} of the ${count} known glyphs have an energy as high (p = ${short(pValue)}).`;
}

/** The histogram of known glyphs, with the threshold and one glyph's energy marked. */
export function ruler({ reference, threshold }, mark) {
    if (!reference.length) return '<p class="hint">The card has no reference energies, so there is no histogram.</p>';
    const quantile = (share) => {
        const place = share * (reference.length - 1), k = Math.floor(place);
        return reference[k] + (place - k) * ((reference[k + 1] ?? reference[k]) - reference[k]);
    };
    let low = Math.min(quantile(0.002), threshold), high = Math.max(quantile(0.998), threshold);
    const reach = high - low || 1;  // far outliers wait at the edge
    [low, high] = [Math.max(Math.min(low, mark), low - 1.2 * reach), Math.min(Math.max(high, mark), high + 2 * reach)];
    const pad = 0.06 * (high - low);
    low -= pad;
    high += pad;
    const counts = new Array(BINS).fill(0), wide = (high - low) / BINS;
    for (const e of reference) counts[Math.max(0, Math.min(BINS - 1, Math.floor((e - low) / wide)))] += 1;
    const tall = Math.max(...counts, 1);
    const bars = counts.map((c, k) => (c ? `<rect x="${k}" y="${(100 - 100 * c / tall).toFixed(1)}" width=".92" height="${(100 * c / tall).toFixed(1)}" class="${low + (k + 1) * wide <= threshold ? 'bar' : 'bar over'}"/>` : '')).join('');
    const at = (value) => 100 * (Math.min(Math.max(value, low), high) - low) / (high - low);
    const side = at(threshold) < 64 ? (at(mark) < at(threshold) ? 'left' : 'right') : 'right';
    const arrow = mark > high ? ' ▸' : mark < low ? ' ◂' : '', kind = mark > threshold ? 'stranger' : 'known';
    return `<figure class="ruler" role="img" aria-label="Histogram of the energies of ${reference.length} known glyphs; threshold ${words(threshold)}; this glyph ${words(mark)}."><div class="plot"><svg viewBox="0 0 ${BINS} 100" preserveAspectRatio="none" aria-hidden="true">${bars}</svg>`
        + `<i class="cut ${side}" style="left:${at(threshold).toFixed(2)}%"><b>threshold ${words(threshold)}</b></i>`
        + `<i class="mark ${at(mark) < 50 ? 'left' : 'right'} ${kind}" style="left:${at(mark).toFixed(2)}%"><b>this glyph ${words(mark)}${arrow}</b></i></div>`
        + `<figcaption><span>← lower energy: likelier</span><span>${reference.length.toLocaleString('en')} known glyphs</span><span>higher: stranger →</span></figcaption></figure>`;
}

function sorts({ top, isStranger }, { sorts: known, typical }) {
    if (!top.length) return '<p class="hint small">This model has one output: it gives an energy, but reads no sorts.</p>';
    const rows = top.map(({ index, share }) => {
        const { name, text, title } = known[index];
        const tile = typical ? `<button type="button" class="tile typical" data-typical="${index}" title="Open in Read" aria-label="Open a typical ${escaped(title)}" style="background-image:url(${typical});background-position-x:${-34 * index}px"></button>` : '';
        return `<li>${tile}<span class="letter">${escaped(text)}</span><span class="name">${text === name ? '' : escaped(name)}</span>`
            + `<span class="track"><i style="width:${(100 * share).toFixed(1)}%"></i></span><span class="share">${(100 * share).toFixed(1)}%</span></li>`;
    }).join('');
    const sure = top[0].share >= SURE;
    const note = !isStranger ? ' <small>(the likeliest sorts; a sort is a piece of type, one letter of the case)</small>' : sure ? ' <small>(it reads like this sort, but is not printed like the corpus)</small>'
        : ' <small>(forced to choose: for a stranger this means little)</small>';
    return `<h3>Read as${note}</h3><ol${isStranger ? ' class="doubt"' : ''}>${rows}</ol>`;
}

/** The verdict in a few words, for who cannot see the card. */
export function summary({ energy, isStranger, top }, { sorts: known }) {
    const said = isStranger === null ? '' : isStranger ? ', a stranger' : ', a known glyph';
    return `Energy ${words(energy)}${said}${top.length ? `, read as ${known[top[0].index].title}` : ''}.`;
}

/** The verdict's card as HTML; the same classes as on the server, so that it looks the same. */
export function card(verdict, facts) {
    const [kind, word] = facts.threshold === null ? ['uncalibrated', 'No verdict'] : verdict.isStranger ? ['stranger', 'Stranger'] : ['known', 'Known glyph'];
    const unit = facts.threshold === null ? `${UNIT}.` : `${UNIT}, so the number stands here on the histogram of known glyphs.`;
    return `<section class="reading"><div class="top"><div class="verdict"><span class="word">energy</span><span class="energy">${words(verdict.energy)}</span>`
        + `<span class="badge ${kind}">${word}</span><p>${sentence(verdict, facts)}</p><p class="fineprint">${unit}</p></div></div>`
        + `${facts.threshold === null ? '' : ruler(facts, verdict.energy)}${sorts(verdict, facts)}</section>`;
}
