// Where the parts of the page find each other: each is put in its place when it is there.
const places = new Map();

function place(name) {
    if (!places.has(name)) {
        const made = {};
        made.part = new Promise((resolve) => { made.is = resolve; });
        places.set(name, made);
    }
    return places.get(name);
}

/** Puts a part in its place. */
export function put(name, part) { place(name).is(part); return part; }

/** A part, as soon as it is there. */
export function partOf(name) { return place(name).part; }
