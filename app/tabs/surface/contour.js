// Contour lines of a grid, by marching squares.

// Which sides of a square (0 bottom, 1 right, 2 top, 3 left) a line joins, for each set of corners above the level; corners
// count 1, 2, 4, 8 from the lower left, anticlockwise.
const JOINS = [[], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], [[3, 0], [1, 2]], [[0, 2]], [[3, 2]], [[2, 3]], [[2, 0]], [[0, 1], [2, 3]], [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], []];

/**
 * The line along which a grid has a value.
 *
 * @param {Float32Array} grid (n * n), its rows from below.
 * @param {number} n points along a side.
 * @param {number} level the value.
 * @returns {[number, number, number, number][]} straight pieces x0, y0, x1, y1 in steps of the grid, from the lower left.
 */
export function contour(grid, n, level) {
    const pieces = [];
    for (let y = 0; y < n - 1; y++) {
        for (let x = 0; x < n - 1; x++) {
            const [a, b, c, d] = [grid[y * n + x], grid[y * n + x + 1], grid[(y + 1) * n + x + 1], grid[(y + 1) * n + x]];
            const part = (from, to) => (level - from) / (to - from);
            const side = [() => [x + part(a, b), y], () => [x + 1, y + part(b, c)], () => [x + part(d, c), y + 1], () => [x, y + part(a, d)]];
            const above = (a > level) + 2 * (b > level) + 4 * (c > level) + 8 * (d > level);
            for (const [from, to] of JOINS[above]) pieces.push([...side[from](), ...side[to]()]);
        }
    }
    return pieces;
}
