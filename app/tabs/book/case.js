// The case of a page: its glyphs sorted, one row a sort, each from the most to the least typical.

const THUMB = 40;  // pixels of a glyph
const MOST = 400;  // glyphs of a row
const UNSURE = '\u0000', ALL = 'all glyphs';  // rows that are no sorts: strangers and unsure ones; those of a model without sorts

export class Case {
    /**
     * @param {HTMLElement} element with the template of page_view.py.
     * @param {PageView} page what is shown.
     */
    constructor(element, page) {
        Object.assign(this, { page, place: element.querySelector('.book-rows'), said: element.querySelector('.book-case-words') });
        this.unpainted = [];  // rows are painted one after the other, so that the page stays quick
    }

    draw() {
        const { page } = this;
        if (!page.picture) return;
        const rows = this.sorted(), own = [...rows.keys()].filter((name) => name !== UNSURE);  // the visitor may have named new sorts
        const order = [...new Set([...page.book.sorts, ...own, UNSURE])].filter((name) => rows.has(name));
        this.unpainted = [];
        this.place.replaceChildren(...order.map((name) => this.rowOf(name, rows.get(name).sort((a, b) => page.book.energy[a] - page.book.energy[b]))));
        this.paintNext();
        this.said.textContent = `The case: ${own.length} sorts, each from the most to the least typical glyph. `
            + `${rows.get(UNSURE)?.length ?? 0} glyphs are strangers or unsure. Named by you or proposed: ${Object.keys(page.named).length}.`;
    }

    /** The glyphs of each row. */
    sorted() {
        const { page } = this, rows = new Map(), sure = new Set(page.book.sure);
        page.book.box.forEach((_, k) => {
            const sort = page.nameOf(k), isKnown = k in page.named || (sure.has(k) && !page.strange.has(k));
            const name = sort === null ? ALL : isKnown ? sort : UNSURE;
            if (!rows.has(name)) rows.set(name, []);
            rows.get(name).push(k);
        });
        return rows;
    }

    paintNext() {
        const paint = this.unpainted.shift();
        if (!paint) return;
        paint();
        setTimeout(() => this.paintNext());
    }

    rowOf(name, glyphs) {
        const row = document.createElement('div'), head = document.createElement('span'), strip = document.createElement('div');
        const text = name === UNSURE ? '?' : this.page.textOf(name), title = name === UNSURE ? 'strange or unsure' : name;
        row.className = 'book-row';
        head.innerHTML = '<b></b><small></small>';
        head.querySelector('b').textContent = text;
        head.querySelector('small').textContent = `${title === text ? '' : `${title}, `}${glyphs.length}`;
        Object.assign(strip, { className: 'book-strip', tabIndex: 0 });
        strip.setAttribute('role', 'region');
        strip.setAttribute('aria-label', `Glyphs of ${title}`);
        strip.append(this.stripOf(glyphs.slice(0, MOST), `${glyphs.length === 1 ? '1 glyph' : `${glyphs.length} glyphs`} of ${title}`));
        row.append(head, strip);
        return row;
    }

    stripOf(glyphs, label) {
        const { page } = this, canvas = Object.assign(document.createElement('canvas'), { width: glyphs.length * THUMB, height: THUMB });
        canvas.setAttribute('role', 'img');
        canvas.setAttribute('aria-label', label);
        this.unpainted.push(() => {
            const pen = canvas.getContext('2d');
            glyphs.forEach((k, n) => {
                page.drawGlyph(k, pen, [n * THUMB, 0], THUMB, false);
                if (!(k in page.named || page.strange.has(k))) return;
                pen.strokeStyle = k in page.named ? '#0072b2' : '#d55e00';
                pen.lineWidth = 3;
                pen.strokeRect(n * THUMB + 1.5, 1.5, THUMB - 3, THUMB - 3);
            });
        });
        canvas.addEventListener('click', (event) => {
            const box = canvas.getBoundingClientRect(), k = glyphs[Math.floor((event.clientX - box.left) / box.width * glyphs.length)];
            if (k === undefined) return;
            page.scan.reveal(k);
            page.choose(k);
        });
        return canvas;
    }
}
