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

function cropOf(k, target, side, margin) {  // a glyph in the middle of a canvas, with what stands around it
    const [left, top, right, bottom] = book.box[k], s = scaleOf(), c = target.getContext('2d');
    const wanted = Math.max(right - left, bottom - top) * margin, x = (left + right - wanted) / 2, y = (top + bottom - wanted) / 2;
    c.fillStyle = '#ece5d6';
    c.fillRect(0, 0, side, side);
    c.drawImage(picture, x * s, y * s, wanted * s, wanted * s, 0, 0, side, side);
}

function point(k) {
    at = k;
    const words = find('.desk-words');
    if (k === null || !picture) { words.textContent = 'Point at a box, or click one.'; return; }
    const glyphSide = 168;
    cropOf(k, find('.desk-glyph canvas'), glyphSide, 1.5);
    const sort = nameOf(k), said = [];
    if (k in named) said.push(`${sort}: your own reading`);
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
