/** The difference between the clock of the gateway and that of the device, as far as answers prove it. */
export interface ClockSkew {
  /**
   * Learns from an answer.
   * @param date its header `date`, whole seconds by the clock of the gateway
   * @param sentAt,receivedAt by the clock of the device, in milliseconds
   * @returns whether the correction changed
   */
  observe(date: string | null, sentAt: number, receivedAt: number): boolean;
  /** Milliseconds to add to a time of the device; 0 while nothing is proved. */
  readonly correction: number;
  readonly isKnown: boolean;
}

/**
 * Each answer bounds the skew: its date lies between the sending and the receipt, and was rounded down to a second. The bounds of
 * all answers together narrow it. If 0 is within them the clock may be right and is left alone, so that a slow network never
 * moves an event; else it is corrected by their middle.
 */
export function createSkew(): ClockSkew {
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return {
    observe(date, sentAt, receivedAt) {
      const at = Date.parse(date ?? '');
      // A clock that was set back meanwhile proves nothing.
      if (Number.isNaN(at) || receivedAt < sentAt) return false;
      const former = this.correction;
      const [least, most] = [at - receivedAt, at + 999 - sentAt];
      low = Math.max(low, least);
      high = Math.min(high, most);
      // The clock of the device was set: what was known before holds no more.
      if (low > high) [low, high] = [least, most];
      return this.correction !== former;
    },
    get correction() {
      return low > 0 || high < 0 ? Math.round((low + high) / 2) : 0;
    },
    get isKnown() {
      return low > Number.NEGATIVE_INFINITY;
    },
  };
}
