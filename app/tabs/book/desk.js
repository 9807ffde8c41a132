// The desk: what its parts share, and the glyph that is pointed at or chosen.
// `book` is the value that Python sends (see desk.py), `named` the visitor's own readings, `at` the glyph shown beside.
let book = null, picture = null, named = {}, at = null, chosen = null, threshold = null, strange = new Set();
const find = (selector) => element.querySelector(selector);
const number = (value) => value.toFixed(2).replace('-', '\u2212');
const nameOf = (k) => named[k] ?? (book.sort[k] < 0 ? null : book.sorts[book.sort[k]]);
const textOf = (sort) => book.texts[book.sorts.indexOf(sort)] ?? sort;
const scaleOf = () => picture.naturalWidth / book.width;

function take() {
    const value = props.value;
    if (!value?.id) { find('.desk').hidden = true; book = null; return; }
    if (value === book) return;
    const isNew = value.id !== book?.id, model = value.threshold !== book?.threshold;
    book = value;
    named = { ...value.named };
    if (isNew) { picture = null; at = chosen = null; }
    find('.desk').hidden = false;
    find('#desk-sorts').innerHTML = '';
    for (const sort of book.sorts) {
        const option = document.createElement('option');
        option.value = sort;
        find('#desk-sorts').append(option);
    }
    if (isNew || model || threshold === null) threshold = book.threshold ?? book.range[1];
    setUpThreshold();
    if (picture) showAll(); else waitForPicture();
}

function waitForPicture() {  // it comes in a component of its own, perhaps a moment later
    const image = document.querySelector(`#scan img[data-page="${book.id}"]`);
    if (!image) { setTimeout(waitForPicture, 50); return; }
    image.decode().then(() => { picture = image; resize(); fit(false); showAll(); });
}

function showAll() { drawView(); drawRows(); drawHistogram(); point(chosen ?? at); }

function publish() {
    book = { ...book, named: Object.fromEntries(Object.entries(named)) };
    props.value = book;
    trigger('input');
}

function cropOf(k, c, [x, y], side, around) {  // a glyph in a square of a canvas, with or without what stands around it
    const [left, top, right, bottom] = book.box[k], s = scaleOf(), wide = right - left, high = bottom - top;
    const wanted = Math.max(wide, high) * (around ? 1.6 : 1.1), to = side / wanted;
    const [w, h] = around ? [wanted, wanted] : [wide * 1.06, high * 1.06];
    c.fillStyle = '#f4ecda';
    c.fillRect(x, y, side, side);
    c.drawImage(
        picture, ((left + right - w) / 2) * s, ((top + bottom - h) / 2) * s, w * s, h * s,
        x + (side - w * to) / 2, y + (side - h * to) / 2, w * to, h * to,
    );
}

function point(k) {
    at = k;
    const words = find('.desk-words');
    if (k === null || !picture) { words.textContent = 'Point at a box, or click one.'; return; }
    cropOf(k, find('.desk-glyph canvas').getContext('2d'), [0, 0], 168, true);
    const sort = nameOf(k), said = [];
    if (k in named) said.push(`${sort}: your own reading${book.sorts.includes(sort) ? '' : ', a new sort for this model'}`);
    else if (sort !== null) said.push(`reads ${textOf(sort)}${textOf(sort) === sort ? '' : ` (${sort})`}, ${Math.round(100 * book.share[k])} %`);
    said.push(`energy ${number(book.energy[k])}`);
    if (book.p[k] !== null) said.push(book.p[k] > 0 ? `p-value ${book.p[k].toFixed(3)}` : 'p-value below every known glyph\u2019s');
    if (strange.has(k)) said.push('a stranger');
    if (book.cut.includes(k)) said.push('cut from letters that touch');
    words.textContent = `Line ${book.line[k]}: ${said.join(', ')}.`;
}

function choose(k) {
    chosen = k;
    const input = find('.desk-tools input'), is = k !== null;
    for (const part of element.querySelectorAll('.desk-tools button, .desk-tools input')) part.disabled = !is;
    find('[data-do=forget]').disabled = !(k in named);
    input.value = is ? nameOf(k) ?? '' : '';
    point(k);
    drawView();
}

function sayName() {
    const sort = find('.desk-tools input').value.trim();
    if (chosen === null || !sort) return;
    named[chosen] = book.sorts.find((known) => known === sort) ?? book.sorts[book.texts.indexOf(sort)] ?? sort;
    publish();
    choose(chosen);
    drawRows();
}

find('[data-do=name]').addEventListener('click', sayName);
find('.desk-tools input').addEventListener('keydown', (event) => { if (event.key === 'Enter') sayName(); });
find('[data-do=forget]').addEventListener('click', () => {
    delete named[chosen];
    publish();
    choose(chosen);
    drawRows();
});
find('[data-do=read]').addEventListener('click', () => { if (chosen !== null) trigger('select', { index: chosen }); });
