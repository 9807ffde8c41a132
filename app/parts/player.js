// The player. What it is given (`props.value`, see player.py) may repeat frames: they are told apart by their step.
const root = () => element.querySelector('.player');
const find = (selector) => element.querySelector(selector);
const ZOOM = 3, SPARK = 16;  // canvas pixels of a glyph's pixel; height of the curve under a tile, in glyph pixels
let reel = null, frames = [], at = 0, following = true, timer = null;

function colour(name) { return getComputedStyle(root()).getPropertyValue(name).trim(); }

function take(value) {
    if (!value || !value.frames) return;
    if (!reel || reel.run !== value.run) { frames = []; following = true; pause(); }
    const last = frames.length ? frames.at(-1).step : -Infinity;
    if (value.done) {
        const kept = new Map(frames.map((frame) => [frame.step, frame]));
        frames = value.frames.map(([step, uri, energy]) => kept.get(step) ?? decode(step, uri, energy));
    } else {
        for (const [step, uri, energy] of value.frames) if (step > last) frames.push(decode(step, uri, energy));
    }
    reel = value;
    root().dataset.empty = 'false';
    if (following || at >= frames.length) at = frames.length - 1;
    if (value.done && value.at !== null && value.at !== undefined) at = value.at;
    letters();
    draw();
}

function decode(step, uri, energy) {
    const picture = new Image();
    picture.src = uri;
    const frame = { step, energy, picture };
    picture.onload = () => { if (frames[at] === frame) draw(); };
    return frame;
}

function letters() {  // what each glyph of the last frame was read as
    const cell = reel.cell + reel.gap, high = Math.ceil(reel.tiles / reel.wide);
    find('.letters').innerHTML = '';
    reel.letters.forEach(([text, known], k) => {
        const mark = document.createElement('span');
        mark.textContent = text;
        if (known !== null) {  // null: an uncalibrated model calls nothing a stranger
            mark.className = known ? 'known' : 'stranger';
            mark.title = known ? 'its energy is like a known glyph’s' : 'its energy is a stranger’s';
        }
        mark.style.left = `${100 * (k % reel.wide) / reel.wide}%`;
        mark.style.top = `${100 * Math.floor(k / reel.wide) / high}%`;
        find('.letters').append(mark);
    });
}

function draw() {
    const frame = frames[at];
    if (!frame) return;
    const running = !reel.done, mean = frame.energy.reduce((sum, e) => sum + e, 0) / frame.energy.length;
    const range = find('.controls input');
    range.max = frames.length - 1;
    range.value = at;
    const words = frame.step === 0 && reel.x === 'step' ? `start of ${reel.of}` : `${reel.x} ${frame.step} of ${reel.of}`;
    range.setAttribute('aria-valuetext', words);
    find('.controls output').textContent = words + (running && !following ? ' (the run goes on)' : '');
    find('.controls').hidden = frames.length < 2;
    find('.chart').hidden = frames.length < 2;
    find('[data-do=play]').innerHTML = timer || (running && following) ? '&#10074;&#10074;' : '&#9654;';
    find('.letters').hidden = at !== frames.length - 1;
    find('.chart .head b').textContent = mean.toFixed(2).replace('-', '−');
    tiles(frame);
    chart();
    element.dispatchEvent(new CustomEvent('frame', { bubbles: true, detail: { at, step: frame.step } }));
}

function bounds() {
    let low = reel.band ? reel.band[0] : Infinity, high = reel.band ? reel.band[1] : -Infinity;
    for (const { energy } of frames) for (const e of energy) { low = Math.min(low, e); high = Math.max(high, e); }
    const pad = 0.06 * (high - low) || 0.5;
    return [low - pad, high + pad];
}

function tiles(frame) {
    const canvas = find('.tiles canvas'), cell = reel.cell + reel.gap;
    const spark = frames.length > 1 ? SPARK : 0, high = Math.ceil(reel.tiles / reel.wide);
    const width = (reel.wide * cell + reel.gap) * ZOOM, height = (high * (cell + spark) + reel.gap) * ZOOM;
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    canvas.style.maxWidth = `${Math.max(reel.wide * 168, 300)}px`;
    canvas.setAttribute('aria-label', `${reel.tiles} glyphs, ${find('.controls output').textContent}`);
    if (!frame.picture.complete || !frame.picture.naturalWidth) return;
    const ink = canvas.getContext('2d'), [low, top] = bounds();
    ink.imageSmoothingEnabled = false;
    ink.fillStyle = colour('--table');
    ink.fillRect(0, 0, width, height);
    for (let k = 0; k < reel.tiles; k++) {
        const x = (k % reel.wide) * cell + reel.gap, row = Math.floor(k / reel.wide);
        const y = row * (cell + spark) + reel.gap;
        ink.drawImage(frame.picture, x, row * cell + reel.gap, reel.cell, reel.cell,
            x * ZOOM, y * ZOOM, reel.cell * ZOOM, reel.cell * ZOOM);
        if (!spark) continue;
        ink.strokeStyle = colour('--accent');
        ink.lineWidth = 2;
        ink.beginPath();
        for (let j = 0; j <= at; j++) {
            const e = frames[j].energy[k];
            const px = (x + reel.cell * frames[j].step / (frames.at(-1).step || 1)) * ZOOM;
            ink.lineTo(px, (y + reel.cell + 2 + (spark - 4) * (1 - (e - low) / (top - low))) * ZOOM);
        }
        ink.stroke();
    }
}

function chart() {
    const canvas = find('.chart canvas'), box = canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
    if (!box.width || frames.length < 2) return;
    canvas.width = box.width * scale;
    canvas.height = box.height * scale;
    const ink = canvas.getContext('2d'), [low, high] = bounds(), end = Math.max(reel.of, frames.at(-1).step) || 1;
    ink.scale(scale, scale);
    const x = (step) => 1 + (box.width - 2) * step / end, y = (e) => (box.height - 16) * (1 - (e - low) / (high - low));
    if (reel.band) {
        ink.globalAlpha = 0.2;
        ink.fillStyle = colour('--known');
        ink.fillRect(0, y(reel.band[1]), box.width, Math.max(2, y(reel.band[0]) - y(reel.band[1])));
        ink.globalAlpha = 1;
    }
    const line = (style, width, value) => {
        ink.strokeStyle = style;
        ink.lineWidth = width;
        ink.beginPath();
        frames.forEach((frame) => ink.lineTo(x(frame.step), y(value(frame))));
        ink.stroke();
    };
    ink.globalAlpha = 0.6;
    for (let k = 0; k < reel.tiles && reel.tiles > 1; k++) line(colour('--chain'), 1, (frame) => frame.energy[k]);
    ink.globalAlpha = 1;
    line(colour('--accent'), 2.5, (frame) => frame.energy.reduce((sum, e) => sum + e, 0) / frame.energy.length);
    ink.strokeStyle = colour('--text');
    ink.lineWidth = 1;
    ink.setLineDash([3, 3]);
    ink.beginPath();
    ink.moveTo(x(frames[at].step), 0);
    ink.lineTo(x(frames[at].step), box.height - 16);
    ink.stroke();
    ink.setLineDash([]);
    ink.font = '11.5px system-ui, sans-serif';
    ink.fillStyle = colour('--soft');
    ink.fillText(high.toFixed(1), 3, 11);
    ink.fillText(low.toFixed(1), 3, box.height - 20);
    ink.fillText(`${reel.x} 0`, 3, box.height - 3);
    ink.textAlign = 'right';
    ink.fillText(String(end), box.width - 3, box.height - 3);
    if (reel.band) {
        ink.fillStyle = colour('--known-text');
        ink.fillText('known glyphs', box.width - 3, Math.max(11, y(reel.band[1]) - 4));
    }
}

function pause() { clearInterval(timer); timer = null; }

function move(by) {
    pause();
    at = Math.max(0, Math.min(frames.length - 1, at + by));
    following = !reel?.done && at === frames.length - 1;
    draw();
}

function play() {
    if (timer || (reel && !reel.done && following)) { following = false; pause(); draw(); return; }
    if (reel && !reel.done) { following = true; at = frames.length - 1; draw(); return; }
    if (at >= frames.length - 1) at = 0;
    timer = setInterval(() => {
        at += 1;
        if (at >= frames.length - 1) { at = frames.length - 1; pause(); }
        draw();
    }, Math.max(40, Math.min(120, 4000 / Math.max(frames.length, 1))));
    draw();
}

find('[data-do=play]').addEventListener('click', play);
element.querySelectorAll('[data-move]').forEach((button) => {
    button.addEventListener('click', () => move(Number(button.dataset.move)));
});
find('.controls input').addEventListener('input', (event) => { move(Number(event.target.value) - at); });
new ResizeObserver(() => draw()).observe(root());
new MutationObserver(() => draw()).observe(document.body, { attributes: true, attributeFilter: ['class'] });  // light, dark
watch('value', () => take(props.value));
take(props.value);
