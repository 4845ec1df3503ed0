/**
 * Least effective users of a verdict. With fewer, neither a variance nor a bootstrap over users is an estimate: it is 0 for two users who did
 * the same, and one user with most of the slates draws the mean to their own (decision 0083).
 */
export const LEAST_EFFECTIVE_USERS = 20;

/**
 * Number of users with equally many slates each that would say as much of a mean as these do: (Σ slates)²/Σ slates²; 0 without slates.
 * @param slates Σ over users
 * @param squares Σ of the squares over users
 */
export function effectiveUsersOf(slates: number, squares: number): number {
  return squares === 0 ? 0 : slates ** 2 / squares;
}
