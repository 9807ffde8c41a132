// A sentence about a field stands next to the field, where the visitor is looking.

/** What is wrong with one field: its name, and one sentence. */
export class FieldError extends Error {
    constructor(field, message) { super(message); this.field = field; }
}

/** Runs what reads a field; its errors are then about that field. */
export function about(field, read) {
    try { return read(); } catch (error) { throw new FieldError(field, error.message); }
}

function placeOf(field) {  // Gradio's component, or the label of a plain form
    return document.getElementById(field.replace('_', '-')) ?? document.querySelector(`form [name=${field}]`)?.closest('label');
}

/** Says what is wrong next to the field; false where the field is not on the page. */
export function complain({ field, message }) {
    settle();
    const place = field && placeOf(field);
    if (!place) return false;
    const said = Object.assign(document.createElement('div'), { className: 'problem field-said' });
    said.setAttribute('role', 'alert');
    said.append(Object.assign(document.createElement('p'), { textContent: message }));
    place.after(said);
    said.scrollIntoView({ block: 'nearest' });
    return true;
}

/** Takes the sentence away. */
export function settle() { document.querySelectorAll('.field-said').forEach((said) => said.remove()); }
