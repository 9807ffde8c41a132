// The page that was read: its scan with a box around each glyph, its case, the glyph that is pointed at or chosen.
import { words } from '../../parts/glyph.js';
import { Case } from './case.js';
import { ScanView } from './scan_view.js';
import { Threshold } from './threshold.js';

/**
 * Makes the view of its element, which has the template of page_view.py.
 *
 * @param {HTMLElement} element of the component.
 * @param {{named: function(object): void, opens: function(number): void}} heard what is called with the component's value when
 *     the visitor has named a glyph, and with the glyph that is to be opened in Read.
 */
export function mount(element, heard) { return new PageView(element, heard); }

class PageView {
    constructor(element, heard) {
        Object.assign(this, {
            element, heard, picture: null, named: {},  // the visitor's own readings
            book: null,  // the component's value, see page_view.py
            at: null, chosen: null,  // the glyph shown beside the page; the one that can be named
        });
        this.scan = new ScanView(this.find('.book-scan canvas'), this);
        this.case = new Case(element, this);
        this.threshold = new Threshold(this.find('.book-threshold'), {
            moves: () => { this.scan.redraw(); if (this.at !== null) this.point(this.at); },
            moved: () => this.case.draw(),
        });
        this.input = this.find('.book-tools input');
        this.listen();
    }

    find(selector) { return this.element.querySelector(selector); }

    /** Shows the component's value. */
    take(value) {
        if (value && value === this.book) return;
        this.find('.book-page').hidden = !value?.id;
        if (!value?.id) { this.book = null; return; }
        const isNew = value.id !== this.book?.id, isOtherModel = value.threshold !== this.book?.threshold;
        Object.assign(this, { book: value, named: { ...value.named } });
        if (isNew) Object.assign(this, { picture: null, at: null, chosen: null });
        this.find('#book-sorts').replaceChildren(...value.sorts.map((sort) => Object.assign(document.createElement('option'), { value: sort })));
        this.threshold.show(value, isNew || isOtherModel);
        if (this.picture) this.showAll(); else this.waitForPicture();
    }

    waitForPicture() {  // it comes in a component of its own, perhaps a moment later
        const image = this.book && document.querySelector(`#scan img[data-page="${this.book.id}"]`);
        const again = () => { if (this.book) setTimeout(() => this.waitForPicture(), 50); };
        if (!image) { again(); return; }
        image.decode().then(() => {
            if (this.book?.id !== image.dataset.page) return;  // another page has come meanwhile
            this.picture = image;
            this.scan.resize();
            this.scan.fit(false);
            this.showAll();
        }, again);  // the element may have been replaced while it was decoded
    }

    showAll() {
        this.scan.redraw();
        this.case.draw();
        this.threshold.draw();
        this.point(this.chosen ?? this.at);
    }

    get strange() { return this.threshold.strange; }

    /** The sort of a glyph: the visitor's reading, or the model's; null where there is none. */
    nameOf(k) { return this.named[k] ?? (this.book.sort[k] < 0 ? null : this.book.sorts[this.book.sort[k]]); }

    /** A sort as it is written. */
    textOf(sort) { return this.book.texts[this.book.sorts.indexOf(sort)] ?? sort; }

    /** Draws a glyph in a square of a canvas, with or without what stands around it. */
    drawGlyph(k, pen, [x, y], side, withSurroundings) {
        const [left, top, right, bottom] = this.book.box[k], scale = this.picture.naturalWidth / this.book.width;
        const wide = right - left, high = bottom - top, wanted = Math.max(wide, high) * (withSurroundings ? 1.6 : 1.1), to = side / wanted;
        const [w, h] = withSurroundings ? [wanted, wanted] : [wide * 1.06, high * 1.06];
        pen.fillStyle = '#f4ecda';
        pen.fillRect(x, y, side, side);
        pen.drawImage(
            this.picture, ((left + right - w) / 2) * scale, ((top + bottom - h) / 2) * scale, w * scale, h * scale,
            x + (side - w * to) / 2, y + (side - h * to) / 2, w * to, h * to,
        );
    }

    /** Shows a glyph beside the page, or none. */
    point(k) {
        this.at = k;
        const isShown = k !== null && this.picture;
        this.find('.book-words').textContent = isShown ? this.wordsOf(k) : 'Point at a box, or click one.';
        if (isShown) this.drawGlyph(k, this.find('.book-glyph canvas').getContext('2d'), [0, 0], 168, true);
    }

    wordsOf(k) {
        const { book, named } = this, sort = this.nameOf(k), said = [];
        if (k in named) said.push(`${sort}: your own reading${book.sorts.includes(sort) ? '' : ', a new sort for this model'}`);
        else if (sort !== null) said.push(`reads ${this.textOf(sort)}${this.textOf(sort) === sort ? '' : ` (${sort})`}, ${Math.round(100 * book.share[k])} %`);
        said.push(`energy ${words(book.energy[k])}`);
        if (book.p[k] !== null) said.push(book.p[k] > 0 ? `p-value ${book.p[k].toFixed(3)}` : 'p-value below every known glyph’s');
        if (this.strange.has(k)) said.push('a stranger');
        if (book.cut.includes(k)) said.push('cut from letters that touch');
        return `Line ${book.line[k]}: ${said.join(', ')}.`;
    }

    /** Chooses a glyph, which can then be named; or none. */
    choose(k) {
        this.chosen = k;
        const isOne = k !== null;
        for (const part of this.element.querySelectorAll('.book-tools button, .book-tools input')) part.disabled = !isOne;
        this.find('[data-do=forget]').disabled = !(k in this.named);
        this.input.value = isOne ? this.nameOf(k) ?? '' : '';
        this.point(k);
        this.scan.redraw();
    }

    listen() {
        this.find('[data-do=name]').addEventListener('click', () => this.nameChosen());
        this.input.addEventListener('keydown', (event) => { if (event.key === 'Enter') this.nameChosen(); });
        this.find('[data-do=forget]').addEventListener('click', () => this.setName(undefined));
        this.find('[data-do=read]').addEventListener('click', () => { if (this.chosen !== null) this.heard.opens(this.chosen); });
    }

    nameChosen() {
        const name = this.input.value.trim(), { sorts, texts } = this.book;
        if (this.chosen === null || !name) return;
        this.setName(sorts.includes(name) ? name : sorts[texts.indexOf(name)] ?? name);
    }

    setName(sort) {
        if (sort === undefined) delete this.named[this.chosen]; else this.named[this.chosen] = sort;
        this.book = { ...this.book, named: { ...this.named } };
        this.heard.named(this.book);
        this.choose(this.chosen);
        this.case.draw();
    }
}
