// The tour: who has gone through a door of a lesson sees what to notice there, and finds the way back and on.
import { openTab } from '../../parts/opening.js';

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
    }

    async function enter(k) {
        const lesson = (await learn())[k], door = lesson.querySelector('.doors button');
        if (door) { door.click(); return; }
        show(k);  // the static site has no door to what needs a server
        lesson.scrollIntoView({ block: 'center' });
    }

    document.addEventListener('click', (event) => {
        const lesson = event.target.closest?.('.doors button')?.closest('.lesson');
        if (lesson) show(lessons().indexOf(lesson));
        if (event.target.closest?.('[data-do=tour]')) enter(0);
    });
    find('[data-do=next]').addEventListener('click', () => enter(at + 1));
    find('[data-do=back]').addEventListener('click', async () => {
        bar.hidden = true;
        const lesson = (await learn())[at];
        lesson.scrollIntoView({ block: 'center' });
        lesson.querySelector('.doors button')?.focus({ preventScroll: true });
    });
    find('[data-do=close]').addEventListener('click', () => { bar.hidden = true; });
}
