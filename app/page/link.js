// The page's own modules; the state of the page in its address; light or dark: all without a request to Gradio.
window.glyphImport = (name) => {
    const folder = location.href.replace(/[?#].*/, '').replace(/\/?$/, '/');
    return import(new URL(`modules/${name}`, folder));
};

window.glyphLink = (() => {
    const states = {};
    const asked = new URLSearchParams(location.search);
    let model = asked.get('model'), timer = null;
    function tab() {  // a tab's name is its title in small letters
        const chosen = document.querySelector('#tabs button[role=tab][aria-selected=true]');
        return chosen ? chosen.textContent.trim().toLowerCase() : 'read';
    }
    function write() {
        const next = new URLSearchParams();
        for (const [name, value] of asked) if (name.startsWith('__') || name === 'view') next.append(name, value);
        if (model) next.set('model', model);
        next.set('tab', tab());
        for (const [name, value] of Object.entries(states[tab()] ?? {})) {
            if (value === null || value === undefined || value === '') continue;
            next.set(name, Array.isArray(value) ? value.join(',') : value);
        }
        if (location.search || [...next].length > 1 || tab() !== 'read') history.replaceState(null, '', `?${next}`);
    }
    function later() { clearTimeout(timer); timer = setTimeout(write, 150); }
    return {
        set(name, values) { states[name] = values; if (name === tab()) later(); },
        use(name) { model = name && !name.includes('~') ? name : null; later(); },  // a visitor's own model has no link
        watch() {
            const observer = new MutationObserver(later);
            observer.observe(document.querySelector('#tabs'), { subtree: true, attributeFilter: ['aria-selected'] });
        },
    };
})();

window.glyphTheme = (choice) => {
    const dark = choice ? choice === 'dark' : !document.body.classList.contains('dark');
    document.body.classList.toggle('dark', dark);
    try { localStorage.setItem('glyph-theme', dark ? 'dark' : 'light'); } catch { /* private windows */ }
};
