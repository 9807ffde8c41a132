// The page's own modules; the state of the page in its address; light or dark: all without a request to Gradio.
window.glyphImport = (name) => {
    const folder = location.href.replace(/[?#].*/, '').replace(/\/?$/, '/');
    return import(new URL(`modules/${name}`, folder));
};

// Gradio's client handles a message of a run a moment later where the page is seen, and at once where it is hidden. So messages
// overtake each other when a visitor turns to another window in mid-run, and the run ends in an error. With one answer they stay
// in order. See gradio_overrides.py; needed until Gradio's `open_stream` keeps the order by itself.
Object.defineProperty(document, 'visibilityState', { get: () => 'visible' });

window.glyphLink = (() => {
    const states = {}, tellers = {};
    const asked = new URLSearchParams(location.search);
    let model = asked.get('model'), isOwn = false, timer = null;
    function tab() {  // a tab's name is its title in small letters
        const chosen = document.querySelector('#tabs button[role=tab][aria-selected=true]');
        return chosen ? chosen.textContent.trim().toLowerCase() : 'read';
    }
    function query() {
        const next = new URLSearchParams();
        for (const [name, value] of asked) if (name.startsWith('__') || ['view', 'lecture'].includes(name)) next.append(name, value);
        if (model) next.set('model', model);
        next.set('tab', tab());
        for (const [name, value] of Object.entries(states[tab()] ?? {})) {
            if (value === null || value === undefined || value === '') continue;
            next.set(name, Array.isArray(value) ? value.join(',') : value);
        }
        return next;
    }
    // Another tab or model is another place, to which the browser's Back returns; other settings are the same place.
    function write() {
        const next = query(), now = new URLSearchParams(location.search);
        if (!location.search && [...next].length === 1 && tab() === 'read') return;
        const moved = next.get('tab') !== (now.get('tab') ?? 'read') || next.get('model') !== now.get('model');
        if (`?${next}` !== location.search) history[moved ? 'pushState' : 'replaceState'](null, '', `?${next}`);
    }
    function later() { clearTimeout(timer); timer = setTimeout(write, 150); }
    addEventListener('popstate', () => {
        clearTimeout(timer);
        const wanted = new URLSearchParams(location.search), to = wanted.get('tab') ?? 'read';
        if (wanted.get('model') !== model) { location.reload(); return; }
        for (const button of document.querySelectorAll('#tabs button[role=tab], #tabs .overflow-dropdown button')) {
            if (button.textContent.trim().toLowerCase() === to) button.click();
        }
    });
    // What the server alone knows of is in no link.
    const LEFT = {
        strangers: () => document.querySelector('#own-said')?.innerText.trim() && 'your own pictures',
        book: () => 'a page of a book and what was taught on it',
        train: () => 'a model that was trained here',
    };
    return {
        set(name, values) { states[name] = values; if (name === tab()) later(); },
        use(name) {  // a visitor's own model has no link
            isOwn = Boolean(name?.includes('~'));
            model = name && !isOwn ? name : null;
            later();
        },
        watch() {
            const observer = new MutationObserver(later);
            observer.observe(document.querySelector('#tabs'), { subtree: true, attributeFilter: ['aria-selected'] });
        },
        lecture(yes) { if (yes) asked.set('lecture', '1'); else asked.delete('lecture'); later(); },
        /** A tab tells what else belongs into its link, and what is not in it: (its link) =>
         *  ({more: {name: text}, left: [words]}). */
        tells(name, teller) { tellers[name] = teller; },
        /** The address of what is seen, and in words what is not in it. */
        async whole() {
            const next = query(), { more = {}, left = [] } = await tellers[tab()]?.(next) ?? {};
            for (const [name, text] of Object.entries(more)) next.set(name, text);
            const missing = [isOwn && 'your own model', LEFT[tab()]?.(), ...left].filter(Boolean);
            return { url: `${location.origin}${location.pathname}?${next}`, missing };
        },
    };
})();

// For a lecture hall: only what is looked at, large. It is in the address, so that such links can be handed out; on a phone
// they show the usual page.
window.glyphLecture = (yes = !document.documentElement.classList.contains('lecture')) => {
    document.documentElement.classList.toggle('lecture', yes);
    window.glyphLink.lecture(yes);
};
if (new URLSearchParams(location.search).get('lecture') === '1' && innerWidth > 760) document.documentElement.classList.add('lecture');

// What is typed into a list's box replaces what was chosen there.
document.addEventListener('focusin', ({ target }) => { if (target.matches?.('input[role=combobox]')) setTimeout(() => target.select()); });

// Gradio lets the focus fall to nowhere when something is chosen from a list: then its box takes it, and Tab goes on there.
document.addEventListener('focusout', ({ target, relatedTarget }) => {
    const box = target.matches?.('input[role=combobox], input[role=listbox]') && !relatedTarget ? target.closest('.block') : null;
    if (box) setTimeout(() => {
        if (document.activeElement !== document.body) return;
        Object.assign(box, { tabIndex: -1, role: 'group', ariaLabel: target.getAttribute('aria-label') });
        box.focus({ preventScroll: true });
    });
});

window.glyphTheme = (choice) => {
    const dark = choice ? choice === 'dark' : !document.body.classList.contains('dark');
    document.body.classList.toggle('dark', dark);
    try { localStorage.setItem('glyph-theme', dark ? 'dark' : 'light'); } catch { /* private windows */ }
};
