// The table of the visitor's own pictures: a click on a column's name sorts by it, another one the other way round.

/** Makes the table of own_table.py sortable, whatever is shown in its element later. */
export function mount(element) {
    element.addEventListener('click', ({ target }) => {
        const head = target.closest('th button')?.closest('th');
        if (!head) return;
        const column = [...head.parentNode.children].indexOf(head), body = head.closest('table').tBodies[0];
        const down = head.ariaSort === 'ascending' || (head.ariaSort === 'none' && Number.isFinite(Number(body.rows[0]?.cells[column].dataset.value)));
        for (const other of head.parentNode.children) other.ariaSort = 'none';
        head.ariaSort = down ? 'descending' : 'ascending';
        const value = (row) => row.cells[column].dataset.value;
        const order = (a, b) => value(a).localeCompare(value(b), undefined, { numeric: true }), number = (a, b) => value(a) - value(b);
        const isNumber = [...body.rows].every((row) => Number.isFinite(Number(value(row))));
        body.append(...[...body.rows].sort(isNumber ? number : order));
        if (down) body.append(...[...body.rows].reverse());
    });
}
