// Enlarging a stage within its view: by the wheel, or by two fingers, around the place where they are.

const LARGEST = 8;  // how far it is enlarged at most

export class Zoom {
    /**
     * @param {HTMLElement} view whose edges are never bared.
     * @param {HTMLElement} stage what is enlarged; its lines find the scale in `--zoom`.
     * @param {function(number): void} changed is called with the scale, 1 = the whole.
     */
    constructor(view, stage, changed) {
        Object.assign(this, { view, stage, changed, scale: 1, x: 0, y: 0 });
        this.fingers = new Map();  // pointers that are down: id -> [x, y] on the screen
        for (const kind of ['pointerup', 'pointercancel']) addEventListener(kind, ({ pointerId }) => this.fingers.delete(pointerId));  // also outside the view
        view.addEventListener('wheel', (event) => {
            if (this.scale === 1 && event.deltaY > 0) return;  // then the page scrolls
            event.preventDefault();
            this.by(Math.exp(-event.deltaY / 400), [event.clientX, event.clientY]);
        }, { passive: false });
    }

    reset() { this.to(1, 0, 0); }

    to(scale, x, y) {
        const least = (side) => Math.min(0, side * (1 - scale)), { clientWidth: wide, clientHeight: tall } = this.view;
        Object.assign(this, { scale, x: Math.max(least(wide), Math.min(0, x)), y: Math.max(least(tall), Math.min(0, y)) });
        this.stage.style.setProperty('--zoom', scale);
        this.stage.style.transform = `translate(${this.x}px, ${this.y}px) scale(${scale})`;
        this.changed(scale);
    }

    /** Enlarges by a factor around a point of the screen, which may have moved there from another. */
    by(factor, [x, y], [fromX, fromY] = [x, y]) {
        const area = this.view.getBoundingClientRect(), scale = Math.max(1, Math.min(LARGEST, this.scale * factor)), k = scale / this.scale;
        this.to(scale, x - area.left - k * (fromX - area.left - this.x), y - area.top - k * (fromY - area.top - this.y));
    }

    /** Notes that a pointer went down; gives how many are down now. */
    press({ pointerId, clientX, clientY }) {
        this.fingers.set(pointerId, [clientX, clientY]);
        return this.fingers.size;
    }

    /** Follows a pointer that moves; whether it is one of two fingers, which enlarge. */
    pinches({ pointerId, clientX, clientY }) {
        if (this.fingers.size < 2) return false;
        if (!this.fingers.has(pointerId)) return true;
        const [a, b] = [...this.fingers.values()];
        this.fingers.set(pointerId, [clientX, clientY]);
        const [c, d] = [...this.fingers.values()];
        this.by(apart(c, d) / Math.max(apart(a, b), 1), middle(c, d), middle(a, b));
        return true;
    }

    /** Where an event is on the stage, as shares of its sides. */
    placeOf({ clientX, clientY }) {
        const { left, top, width, height } = this.stage.getBoundingClientRect(), inside = (share) => Math.max(0, Math.min(1, share));
        return [inside((clientX - left) / width), inside((clientY - top) / height)];
    }
}

const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]), middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
