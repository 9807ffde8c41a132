// Questions that come faster than they can be answered: of those that wait only the latest is asked.

/** Only the latest of many questions is asked, as soon as the one before is answered. */
export function latest(ask) {
    let busy = false, next = null;
    return async (...given) => {
        next = given;
        if (busy) return;
        busy = true;
        try { while (next) { const now = next; next = null; await ask(...now); } } finally { busy = false; }
    };
}
