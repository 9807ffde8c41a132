// The drawing pad: a broad nib held at 42 degrees, as the letters of the pen data are written, or a round pen.
// Every finished stroke sets the component's value to a PNG, which is read at once.
const SIDE = 320, NIB = 30, ANGLE = 42 * Math.PI / 180;
const half = { x: Math.cos(ANGLE) * NIB / 2, y: -Math.sin(ANGLE) * NIB / 2 };
const canvas = element.querySelector('canvas');
const ink = canvas.getContext('2d');
const hint = element.querySelector('.pad-hint');
let strokes = [], current = null;

function wipe() {
    ink.fillStyle = '#ffffff';
    ink.fillRect(0, 0, SIDE, SIDE);
}

function sweep(from, to, round) {
    ink.fillStyle = ink.strokeStyle = '#1c1814';
    ink.lineJoin = ink.lineCap = 'round';
    ink.beginPath();
    if (round) {
        ink.lineWidth = NIB / 2;
        ink.moveTo(from.x, from.y);
        ink.lineTo(to.x, to.y);
    } else {
        ink.lineWidth = 4;
        ink.moveTo(from.x - half.x, from.y - half.y);
        ink.lineTo(from.x + half.x, from.y + half.y);
        ink.lineTo(to.x + half.x, to.y + half.y);
        ink.lineTo(to.x - half.x, to.y - half.y);
        ink.closePath();
        ink.fill();
    }
    ink.stroke();
}

function redraw() {
    wipe();
    for (const { points, round } of strokes) {
        points.forEach((point, k) => sweep(points[Math.max(k - 1, 0)], point, round));
    }
    hint.hidden = strokes.length > 0;
}

function publish() {
    props.value = strokes.length ? canvas.toDataURL('image/png') : '';
}

function place(event) {
    const box = canvas.getBoundingClientRect();
    return { x: (event.clientX - box.left) * SIDE / box.width, y: (event.clientY - box.top) * SIDE / box.height };
}

function extend(event) {
    for (const part of event.getCoalescedEvents?.() ?? [event]) {
        const point = place(part);
        sweep(current.points.at(-1), point, current.round);
        current.points.push(point);
    }
}

canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || current) return;
    canvas.setPointerCapture(event.pointerId);
    const point = place(event);
    current = { points: [point], round: element.querySelector('input[value=round]').checked };
    hint.hidden = true;
    sweep(point, point, current.round);
});
canvas.addEventListener('pointermove', (event) => { if (current) extend(event); });
for (const end of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(end, () => {
        if (!current) return;
        strokes.push(current);
        current = null;
        publish();
    });
}
element.querySelector('[data-do=undo]').addEventListener('click', () => { strokes.pop(); redraw(); publish(); });
element.querySelector('[data-do=clear]').addEventListener('click', () => { strokes = []; redraw(); publish(); });
redraw();
