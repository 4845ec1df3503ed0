/** Plain tables for the terminal. */

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number;
}

/** Formats columns as wide as their widest cell, two spaces apart; numbers are aligned right. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const rendered = columns.map(({ title, value }) => {
    const cells = rows.map(value);
    const right = cells.length > 0 && cells.every((cell) => typeof cell === 'number');
    const texts = [title, ...cells.map((cell) => (typeof cell === 'number' ? groupDigits(cell) : cell))];
    const width = Math.max(...texts.map((text) => [...text].length));
    return texts.map((text) => {
      const padding = ' '.repeat(width - [...text].length);
      return right ? padding + text : text + padding;
    });
  });
  const lines = [undefined, ...rows].map((_, line) =>
    rendered
      .map((column) => column[line]!)
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}

/** Formats 1234567 as 1,234,567. */
export function groupDigits(value: number): string {
  return value.toLocaleString('en-US');
}
