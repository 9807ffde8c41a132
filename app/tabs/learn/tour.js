// The tour: who has gone through a door of a lesson sees what to notice there, and finds the way back and on.
import { openTab } from '../../parts/opening.js';

const VIEWS = ['.area-c:has([value=slope]:checked)', '#live', '#reading', '#printed', '#train-view', '#histogram', '#surface-by-engine'];  // what a lesson is about, on its tab

const lessons = () => [...document.querySelectorAll('#lessons .lesson')];

/** The lessons, which are on the page once their tab was opened. */
async function learn() {
    openTab('Learn');
    while (!lessons().length) await new Promise((resolve) => { requestAnimationFrame(resolve); });
    return lessons();
}

/** Makes the tour of its element, which has the template of tour.py. */
export function mount(element) {
    const find = (selector) => element.querySelector(selector), bar = find('.tour');
    let at = 0;

    function show(k) {
        const all = lessons(), title = (lesson) => lesson.querySelector('h2').textContent.replace(/^\d+\. /, '');
        at = k;
        find('.tour-title').textContent = `${k + 1} of ${all.length}: ${title(all[k])}`;
        find('.tour-notice').replaceChildren(...[...all[k].querySelectorAll('.see p:not(.doors)')].map((p) => p.cloneNode(true)));
        find('[data-do=next]').hidden = k + 1 === all.length;
        find('[data-do=next]').textContent = k + 1 < all.length ? `Next: ${title(all[k + 1])}` : '';
        bar.hidden = false;
        document.body.classList.add('touring');
        find(k + 1 < all.length ? '[data-do=next]' : '[data-do=back]').focus({ preventScroll: true });
    }

    /** Brings what the lesson is about into view, as soon as its tab is open. */
    async function lookAt() {
        for (let k = 0; k < 100; k++) {
            await new Promise((resolve) => { setTimeout(resolve, 100); });
            const seen = document.querySelector('#lessons')?.offsetParent ? null : VIEWS.map((view) => document.querySelector(view)).find((view) => view?.offsetParent);
            if (!seen) continue;
            await new Promise((resolve) => { setTimeout(resolve, 600); });  // the page goes to its top when a tab opens
            seen.scrollIntoView({ block: 'start' });
            return;
        }
    }

    async function enter(k) {
        const lesson = (await learn())[k], door = lesson.querySelector('.doors button');
        if (door) { door.click(); return; }
        show(k);  // the static site has no door to what needs a server
        lesson.scrollIntoView({ block: 'center' });
    }

    document.addEventListener('click', (event) => {
        const lesson = event.target.closest?.('.doors button')?.closest('.lesson');
        if (lesson) { show(lessons().indexOf(lesson)); lookAt(); }
        if (event.target.closest?.('[data-do=tour]')) enter(0);
    });
    find('[data-do=next]').addEventListener('click', () => {
        document.querySelector('#train-stop:not([disabled])')?.click();  // a training that a lesson began would slow down the next
        enter(at + 1);
    });
    function close() { bar.hidden = true; document.body.classList.remove('touring'); }
    find('[data-do=back]').addEventListener('click', async () => {
        close();
        const lesson = (await learn())[at];
        lesson.scrollIntoView({ block: 'center' });
        lesson.querySelector('.doors button')?.focus({ preventScroll: true });
    });
    find('[data-do=close]').addEventListener('click', close);
}
