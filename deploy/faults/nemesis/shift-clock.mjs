// Shifts the clock of a process, which imports this file before all others: `--import file:///…/shift-clock.mjs?ms=60000`.

const shiftMs = Number(new URL(import.meta.url).searchParams.get('ms'));
const TrueDate = Date;

globalThis.Date = class extends TrueDate {
  constructor(...given) {
    if (given.length === 0) super(TrueDate.now() + shiftMs);
    else super(...given);
  }

  static now() {
    return TrueDate.now() + shiftMs;
  }
};
