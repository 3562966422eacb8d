export const STAGES = ['LEAD', 'QUALIFIED', 'WON', 'LOST'] as const;
export type Stage = (typeof STAGES)[number];

const MOVES: Record<Stage, readonly Stage[]> = {
  LEAD: ['QUALIFIED', 'LOST'],
  QUALIFIED: ['LEAD', 'WON', 'LOST'],
  WON: [],
  LOST: ['LEAD'],
};

/** Whether a deal may go from one stage to another. A deal that is won stays won. */
export function mayMove(from: Stage, to: Stage): boolean {
  return MOVES[from].includes(to);
}
