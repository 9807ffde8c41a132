// The case, one row a sort, and the threshold with its histogram.
const THUMB = 40;
let unpainted = [];  // rows are painted one after the other, so that the page stays quick

function paintRows() {
    const paint = unpainted.shift();
    if (!paint) return;
    paint();
    setTimeout(paintRows);
}

function drawRows() {
    if (!picture) return;
    const rows = new Map();
    const sure = new Set(book.sure);
    book.box.forEach((_, k) => {
        const sort = nameOf(k), known = (sure.has(k) || k in named) && !(strange.has(k) && !(k in named));
        const name = sort === null ? 'all glyphs' : known ? sort : '\u0000';
        if (!rows.has(name)) rows.set(name, []);
        rows.get(name).push(k);
    });
    const own = [...rows.keys()].filter((name) => name !== '\u0000');  // the visitor may have named new sorts
    const order = [...new Set([...book.sorts, ...own, '\u0000'])].filter((name) => rows.has(name));
    unpainted = [];
    find('.desk-rows').replaceChildren(...order.map((name) => rowOf(name, rows.get(name).sort((a, b) => book.energy[a] - book.energy[b]))));
    paintRows();
    const unsure = rows.get('\u0000')?.length ?? 0, taught = Object.keys(named).length;
    find('.desk-case-words').textContent = `The case: ${order.filter((name) => name !== '\u0000').length} sorts, each from the most to the least `
        + `typical glyph. ${unsure} glyphs are strangers or unsure. Named by you or proposed: ${taught}.`;
}

function rowOf(name, glyphs) {
    const row = document.createElement('div'), head = document.createElement('span'), strip = document.createElement('div');
    const canvas = document.createElement('canvas'), shown = glyphs.slice(0, 400);
    row.className = 'desk-row';
    const text = name === '\u0000' ? '?' : textOf(name), title = name === '\u0000' ? 'strange or unsure' : name;
    head.innerHTML = '<b></b><small></small>';
    head.querySelector('b').textContent = text;
    head.querySelector('small').textContent = `${title === text ? '' : `${title}, `}${glyphs.length}`;
    canvas.width = shown.length * THUMB;
    canvas.height = THUMB;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', `${glyphs.length === 1 ? '1 glyph' : `${glyphs.length} glyphs`} of ${title}`);
    unpainted.push(() => {
        const c = canvas.getContext('2d');
        shown.forEach((k, n) => {
            cropOf(k, c, [n * THUMB, 0], THUMB, false);
            if (k in named || strange.has(k)) {
                c.strokeStyle = k in named ? '#0072b2' : '#d55e00';
                c.lineWidth = 3;
                c.strokeRect(n * THUMB + 1.5, 1.5, THUMB - 3, THUMB - 3);
            }
        });
    });
    canvas.addEventListener('click', (event) => {
        const box = canvas.getBoundingClientRect(), k = shown[Math.floor((event.clientX - box.left) / box.width * shown.length)];
        if (k === undefined) return;
        reveal(k);
        choose(k);
    });
    strip.className = 'desk-strip';
    strip.tabIndex = 0;
    strip.setAttribute('role', 'region');
    strip.setAttribute('aria-label', `Glyphs of ${title}`);
    strip.append(canvas);
    row.append(head, strip);
    return row;
}

const cut = find('.desk-cut input'), bars = find('.desk-cut canvas');

function setUpThreshold() {
    const sorted = [...book.energy].sort((a, b) => a - b);
    cut.min = Math.floor(sorted[0] ?? -1);
    cut.max = Math.ceil(Math.max(sorted.at(-1) ?? 1, threshold));
    cut.value = threshold;
    mark();
}

function mark() {
    strange = new Set(book.energy.flatMap((energy, k) => (energy > threshold ? [k] : [])));
    const own = book.threshold !== null && Math.abs(threshold - book.threshold) < 0.006 ? ', the model\u2019s own' : '';
    find('.desk-strangers').textContent = `${number(threshold)}${own}: ${strange.size} of ${book.energy.length} glyphs lie above it.`;
}

function drawHistogram() {
    const [low, high] = [Number(cut.min), Number(cut.max)], n = 70, counts = new Array(n).fill(0), c = bars.getContext('2d');
    for (const energy of book.energy) counts[Math.min(n - 1, Math.max(0, Math.floor((energy - low) / (high - low) * n)))]++;
    const style = getComputedStyle(bars), tall = Math.max(...counts, 1), wide = bars.width / n;
    c.clearRect(0, 0, bars.width, bars.height);
    counts.forEach((count, k) => {
        const height = count ? Math.max(2, bars.height * count / tall) : 0;
        c.fillStyle = style.getPropertyValue(low + (k + 0.5) * (high - low) / n > threshold ? '--bar-over' : '--bar');
        c.fillRect(k * wide, bars.height - height, wide - 0.6, height);
    });
}

cut.addEventListener('input', () => {
    if (!book) return;
    threshold = Number(cut.value);
    mark();
    drawHistogram();
    drawView();
    if (at !== null) point(at);
});
cut.addEventListener('change', () => { if (book) drawRows(); });
watch('value', take);
take();
