/** Exploring the order of stages: which indexes say so, and how many runs that is. */

/** One stage alone has no order. */
export const isExplored = (chosen: readonly number[]): boolean => chosen.length > 1;

export const orderings = (stages: number): number => (stages < 2 ? 1 : stages * orderings(stages - 1));

/** Of the stages that were ticked those that are still there. */
export const still = (chosen: readonly number[], stages: number): number[] => chosen.filter((index) => index < stages);
